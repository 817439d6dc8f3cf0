//! What comes of a request: an answer, or the reason why there is none.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use thiserror::Error;

use super::address::RefusedTarget;

/// The most of an answer's body that is read, in bytes (protocol §4.5).
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// At most [`LONGEST_ANSWER`] bytes of the body.
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug, Error)]
pub enum OutgoingError {
    /// The target is not one that we send to. Nothing was sent.
    #[error("the target is refused: {0}")]
    Refused(String),
    /// No connection was made, in time or at all. Nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// The deadline passed after the request may have been sent.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The connection broke, or what came was no answer, after the request may have been sent.
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl OutgoingError {
    /// Whether it is certain that the other side never saw the request.
    pub fn was_not_sent(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Connect(_))
    }
}

impl From<RefusedTarget> for OutgoingError {
    fn from(refused: RefusedTarget) -> Self {
        Self::Refused(refused.to_string())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
