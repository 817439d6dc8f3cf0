//! The heads of an endpoint's lanes that are remembered: a bounded number, however many wait.

use std::collections::VecDeque;

use jiff::Timestamp;

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

/// Heads of one endpoint, as they were read.
#[derive(Debug)]
pub(crate) struct Found {
    /// In the order in which they fall due, the backlog before the fresh ones.
    pub(crate) heads: Vec<Head>,
    /// What fell due after this is [fresh](Class::Fresh).
    pub(crate) fresh_after: Timestamp,
    pub(crate) has_more_fresh: bool,
    pub(crate) has_more_backlog: bool,
}
