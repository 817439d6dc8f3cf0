//! How often someone may ask, and how often someone may be wrong (protocol §3.4).
//!
//! Counted in memory, by each process for itself: what is lost at a restart is a few seconds of counting.

mod failures;
mod keyed;
mod rate;
mod retry_after;

pub use failures::FailureLimiter;
pub use rate::{Rate, RateLimiter};
pub use retry_after::RetryAfter;
