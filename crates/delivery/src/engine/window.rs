//! The heads of an endpoint's lanes that are remembered: a bounded number, however many wait.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::id::ConversationId;
use crate::store::pending::Head;

/// So many heads of each class are remembered at most.
pub(crate) const WINDOW: usize = 64;

/// Heads of one class that are due and not on their way.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) heads: VecDeque<Head>,
    /// There are more of them in the database.
    pub(crate) has_more: bool,
}

impl Window {
    /// The first head whose lane has nothing on its way: two reads of a window may have seen two heads of one lane.
    pub(crate) fn take(&mut self, is_busy: impl Fn(ConversationId) -> bool) -> Option<Head> {
        while let Some(head) = self.heads.pop_front() {
            if !is_busy(head.conversation_id) {
                return Some(head);
            }
        }
        None
    }
}

/// Heads of one endpoint, as they were read.
#[derive(Debug)]
pub(crate) struct Found {
    /// In the order in which they fall due, the backlog before the fresh ones.
    pub(crate) heads: Vec<Head>,
    /// What fell due after this is [fresh](crate::engine::ticket::Class::Fresh).
    pub(crate) fresh_after: Timestamp,
    pub(crate) has_more_fresh: bool,
    pub(crate) has_more_backlog: bool,
}
