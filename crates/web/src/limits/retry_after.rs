//! How long to wait when a limit was exceeded.

use crate::error::ApiError;

/// A limit was exceeded: how many whole seconds to wait, at least one. As an error it is 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RetryAfter(pub u32);

impl RetryAfter {
    pub(super) fn from_seconds(seconds: f64) -> Self {
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
