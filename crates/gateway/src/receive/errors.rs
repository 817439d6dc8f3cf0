//! What the platform is told when something is wrong with what it sent.

use protocol::json::{Problem, sentence};
use web::error::ApiError;

/// A body that is not what its kind must be: every problem by name. It is in quarantine by now.
pub(super) fn problems(problems: &[Problem]) -> ApiError {
    ApiError::bad_request(format!(
        "The body was kept for a person to look at, but: {}",
        sentence(problems)
    ))
}

/// The store failed: try again later, or our mistake.
pub(super) fn database(error: &database::Error) -> ApiError {
    if error.is_busy() || error.is_unavailable() {
        ApiError::unavailable(1)
    } else {
        ApiError::internal(error)
    }
}
