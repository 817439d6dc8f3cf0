//! Fault points: named places where a test lets this process die, to prove that nothing is lost there.
//!
//! Only a build with the feature `faults` has them, and nothing but development dependencies may switch that on
//! (`cargo xtask lint` proves it): in every other build [`pass`] is nothing at all.
//!
//! `CORKBOARD_FAULT=POINT:N` arms one: at its `N`th passage the process dies as by kill -9, without unwinding and
//! without flushing. With `POINT:N:freeze` it is stopped there as by SIGSTOP, whatever locks it holds, until a SIGCONT.
//!
//! A passage is an event of the log, which a layer of the log counts and swallows (`telemetry::start` adds it). So a
//! place deep inside an operation needs no handle, and the count is no static.

#[cfg(feature = "faults")]
mod fuse;

#[cfg(not(feature = "faults"))]
use tracing_subscriber::{EnvFilter, layer::Identity};

#[cfg(feature = "faults")]
pub(crate) use fuse::fuse;
#[cfg(feature = "faults")]
pub use fuse::{pass, while_waiting};

/// Where a process can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Rows of the domain are written, their deliveries are not, and the transaction is open.
    AfterDomainWrite,
    /// A cause and its deliveries are committed; nobody knows of it, neither the engine nor the caller.
    AfterCommitBeforeWake,
    /// A request is on its way, and its answer has not come.
    AfterRequestWritten,
    /// The answer has come, and nothing of it is stored.
    AfterAnswerBeforeOutcome,
    /// Inside a transaction that handles many rows: one row is done, others are not.
    MidBatch,
    /// Shards were taken from another process and that is committed, but nothing was sent for them.
    InTakeOver,
    /// A page of a replay is committed, and others are still to come.
    InReplayPage,
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 7] = [
        Self::AfterDomainWrite,
        Self::AfterCommitBeforeWake,
        Self::AfterRequestWritten,
        Self::AfterAnswerBeforeOutcome,
        Self::MidBatch,
        Self::InTakeOver,
        Self::InReplayPage,
    ];

    /// The word in `CORKBOARD_FAULT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterDomainWrite => "after_domain_write",
            Self::AfterCommitBeforeWake => "after_commit_before_wake",
            Self::AfterRequestWritten => "after_request_written",
            Self::AfterAnswerBeforeOutcome => "after_answer_before_outcome",
            Self::MidBatch => "mid_batch",
            Self::InTakeOver => "in_take_over",
            Self::InReplayPage => "in_replay_page",
        }
    }
}

/// Says that the process is at this point.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn pass(_: Point) {}

/// Does `work`. In a build with fault points the process passes the point if the work is not done at once: so it is
/// under way, and waits for somebody else.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn while_waiting<W: Future>(_: Point, work: W) -> W {
    work
}

/// What counts the passages: nothing does here.
#[cfg(not(feature = "faults"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the other build reads a variable, which may be wrong"
)]
pub(crate) fn fuse(filter: EnvFilter) -> Result<(EnvFilter, Identity), String> {
    Ok((filter, Identity::new()))
}
