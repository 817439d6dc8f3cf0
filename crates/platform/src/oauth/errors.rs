//! Which error of a service is which answer of this face. Codes are the source's (protocol §2.2); the style of the
//! endpoint makes them upper or lower case, and 400 or 401.

use http::StatusCode;
use protocol::basic_credentials::BasicError;
use protocol::error_code::ErrorCode;
use web::credentials::Basic;
use web::error::{ApiError, ErrorStyle};

use crate::domain::grant::CodeRefusal;
use crate::domain::redirect_uri::RedirectMismatch;
use crate::domain::refresh::RefreshRefusal;
use crate::service::client_authentication::ClientAuthenticationError;
use crate::service::token_pair::IssueError;

/// Seconds after which a caller may try again when the store could not be reached.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The client did not prove itself. A failed Basic is 401 in the RFC's style; credentials among the parameters are 400,
/// since some clients hide the body of an answer with `WWW-Authenticate` (RFC 6749 §5.2 allows both).
pub(super) fn client_refused(error: &ClientAuthenticationError, basic: &Basic) -> ApiError {
    match error {
        ClientAuthenticationError::Refused => {
            let refused = ApiError::new(
                ErrorCode::InvalidClient,
                "The client credentials are missing or wrong.",
            );
            match basic.0 {
                Err(BasicError::Missing) => refused,
                _ => refused
                    .with_status(StatusCode::UNAUTHORIZED)
                    .with_www_authenticate("Basic realm=\"oauth\""),
            }
        }
        ClientAuthenticationError::TooManyFailures(wait)
        | ClientAuthenticationError::TooManyRequests(wait) => ApiError::from(*wait),
        ClientAuthenticationError::Database(error) => database_failed(error),
    }
}

/// A code gave nothing.
pub(super) fn code_refused(refusal: &CodeRefusal) -> ApiError {
    let code = match refusal {
        CodeRefusal::Redirect(RedirectMismatch::Missing) | CodeRefusal::VerifierMissing => {
            ErrorCode::InvalidRequest
        }
        CodeRefusal::Unknown
        | CodeRefusal::Expired
        | CodeRefusal::Revoked
        | CodeRefusal::Repeated
        | CodeRefusal::Replayed
        | CodeRefusal::Redirect(RedirectMismatch::Different | RedirectMismatch::EncodedTwice)
        | CodeRefusal::VerifierUnasked
        | CodeRefusal::Verifier(_) => ErrorCode::InvalidGrant,
    };
    ApiError::new(code, sentence(refusal))
}

/// A refresh token gave nothing.
pub(super) fn refresh_refused(refusal: RefreshRefusal, style: ErrorStyle) -> ApiError {
    let code = match refusal {
        RefreshRefusal::Unknown
        | RefreshRefusal::Revoked
        | RefreshRefusal::Expired
        | RefreshRefusal::Reused
        | RefreshRefusal::ReusedFatally => ErrorCode::InvalidGrant,
        // RFC 6749 §5.2 has a code of its own for it.
        RefreshRefusal::InsufficientScope if style == ErrorStyle::RfcToken => {
            ErrorCode::InvalidScope
        }
        RefreshRefusal::InsufficientScope => ErrorCode::InsufficientScope,
    };
    ApiError::new(code, sentence(&refusal))
}

/// A pair could not be made for reasons of ours.
pub(super) fn issue_failed(error: &IssueError) -> ApiError {
    match error {
        IssueError::Database(error) => database_failed(error),
        IssueError::KeyGone(_) | IssueError::Successor(_) => ApiError::internal(error),
    }
}

/// The store could not be reached, which is temporary and never 4xx (clients take that for "reconnect"), or it failed.
pub(super) fn database_failed(error: &database::Error) -> ApiError {
    if error.is_busy() || error.is_unavailable() {
        return ApiError::unavailable(RETRY_AFTER_SECONDS);
    }
    ApiError::internal(error)
}

/// An error's words as a sentence.
fn sentence(error: &impl ToString) -> String {
    let words = error.to_string();
    let mut characters = words.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}
