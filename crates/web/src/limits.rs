//! How often someone may ask, and how often someone may be wrong (protocol §3.4).
//!
//! Counted in memory, by each process for itself: what is lost at a restart is a few seconds of counting.

mod failures;
mod keyed;
mod rate;

pub use failures::FailureLimiter;
pub use rate::{Rate, RateLimiter};

use crate::error::ApiError;

/// A limit was exceeded: how many whole seconds to wait, at least one. As an error it is 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RetryAfter(pub u32);

impl RetryAfter {
    fn from_seconds(seconds: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the range of the type just before"
        )]
        Self(seconds.ceil().clamp(1.0, 86_400.0) as u32)
    }
}

impl From<RetryAfter> for ApiError {
    fn from(wait: RetryAfter) -> Self {
        Self::too_many_requests(wait.0)
    }
}
