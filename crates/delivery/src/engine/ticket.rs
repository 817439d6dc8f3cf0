//! What is passed between the parts of the engine: an attempt that may begin, and how it ended.

use jiff::Timestamp;

use crate::directory::Addressee;
use crate::policy::classify::OutcomeClass;
use crate::policy::decide::Role;
use crate::policy::recent::Tally;
use crate::store::endpoint::Endpoint;
use crate::store::pending::Head;

/// Which places an attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It has just fallen due: minutes decide.
    Fresh,
    /// It has waited for long already.
    Backlog,
    /// It finds out whether an endpoint is well again.
    Probe,
}

/// An attempt that may begin: a lane's head, as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) addressee: Addressee,
    /// Attempts made before this one.
    pub(crate) attempts: u32,
    pub(crate) role: Role,
    pub(crate) class: Class,
    /// The epoch in which the endpoint's shard was ours.
    pub(crate) epoch: i64,
    /// The endpoint's version.
    pub(crate) version: i64,
    /// How the endpoint fared in the last minute.
    pub(crate) recent: Tally,
    /// When the delivery was recorded.
    pub(crate) created_at: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) enum Finish {
    /// It is stored.
    Stored(Box<Stored>),
    /// Something is not as it was found: it was cancelled, stopped or taken over meanwhile. Nothing was sent, or what
    /// was sent changed nothing.
    Changed,
    /// It could not be made now. The endpoint is left alone until then, unless its version changes.
    RestUntil(Timestamp),
}

/// What stands in the database after an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// What came of the request, if one was made.
    pub(crate) outcome: Option<OutcomeClass>,
    pub(crate) endpoint: Option<Endpoint>,
    /// The head of the lane as it is now.
    pub(crate) head: Option<Head>,
}
