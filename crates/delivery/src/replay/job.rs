//! A replay as callers make it and see it.

use jiff::Timestamp;
use protocol::id::{DeliveryId, ReplayId};

use crate::id::EndpointId;
use crate::replay::pace::{Pace, Rate};

/// What is meant: everything that died on its way to an endpoint in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where to.
    pub endpoint_id: EndpointId,
    /// When it died, at the earliest.
    pub since: Timestamp,
    /// When it died, at the latest.
    pub until: Timestamp,
}

impl Span {
    /// Whether a time lies in it.
    pub(crate) fn contains(&self, at: Timestamp) -> bool {
        (self.since..=self.until).contains(&at)
    }
}

/// How much a span means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// How many deliveries.
    pub total: u64,
    /// The smallest and the largest of their ids, if there are any.
    pub(crate) ids: Option<(DeliveryId, DeliveryId)>,
}

/// A replay to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReplay {
    /// A new id.
    pub replay_id: ReplayId,
    /// What is meant.
    pub span: Span,
    /// How much that was a moment ago ([`survey`](crate::replay::survey)).
    pub survey: Survey,
    /// How fast.
    pub rate: Rate,
    /// Now.
    pub created_at: Timestamp,
}

/// Where a replay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    /// It goes on by itself.
    Running,
    /// Everything that was meant was put back, or had been by somebody else.
    Done {
        /// When.
        at: Timestamp,
    },
    /// It was stopped by hand; what had been put back by then stays so.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl ReplayState {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done { .. } => "done",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// When it was over.
    pub const fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Running => None,
            Self::Done { at } | Self::Cancelled { at } => Some(at),
        }
    }
}

/// A replay as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayView {
    /// Its id.
    pub replay_id: ReplayId,
    /// What is meant.
    pub span: Span,
    /// How fast.
    pub rate: Rate,
    /// Where it stands.
    pub state: ReplayState,
    /// How many deliveries were meant when it was made.
    pub total: u64,
    /// How many of them were put back so far. In the end fewer than meant, where somebody else was faster.
    pub replayed: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What stopping a replay found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was running, and is not any more.
    Now(ReplayView),
    /// It was over before.
    Before(ReplayView),
    /// There is no such replay.
    Unknown,
}

/// What one advance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// How many deliveries were put back: the engine has work.
    pub revived: u64,
    /// When there is something to do again, of what this owner does.
    pub next_due: Option<Timestamp>,
}

/// A replay with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) view: ReplayView,
    /// What has a larger id is still to be looked at.
    pub(crate) cursor: i64,
    /// What has a larger id is not meant.
    pub(crate) last: i64,
    pub(crate) pace: Pace,
}
