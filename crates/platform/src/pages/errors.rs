//! What a browser gets instead of the page it asked for: every refusal of a use case as a page or a redirect.

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use web::error::ApiError;
use web::pages::PageError;

use crate::domain::connect::Refusal;
use crate::service::code_issue::IssueError;
use crate::service::connect::{AnswerError, RequestError};
use crate::service::disconnect::DisconnectError;
use crate::service::targeting::TargetingError;

/// Seconds after which it is worth trying again when the database could not be used.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a handler does not show its page.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error page in words of its own.
    Page(PageError),
    /// An error page in the words that fit the error.
    Error(ApiError),
    /// A redirect: to one of our pages, or to an address that a client registered.
    Elsewhere(String),
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => page.into_response(),
            Self::Error(error) => error.into_response(),
            Self::Elsewhere(location) => Redirect::to(&location).into_response(),
        }
    }
}

impl Stop {
    /// 400, with a heading and sentences for the person at the browser.
    pub(super) fn bad_request(title: &str, message: impl Into<String>) -> Self {
        Self::Page(PageError::new(StatusCode::BAD_REQUEST, title, message))
    }

    fn not_theirs() -> Self {
        let message = "There is nothing like that among your businesses.";
        Self::Error(ApiError::not_found(message))
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl From<database::Error> for Stop {
    fn from(error: database::Error) -> Self {
        Self::Error(if error.is_busy() || error.is_unavailable() {
            tracing::warn!(%error, "the database could not be used");
            ApiError::unavailable(RETRY_AFTER_SECONDS)
        } else {
            ApiError::internal(&error)
        })
    }
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Refused(Refusal::Redirect(location)) => Self::Elsewhere(location),
            RequestError::Refused(Refusal::Page(fault)) => Self::bad_request(
                "This link does not work",
                format!("{fault} Nothing was connected. Please tell the partner about it."),
            ),
            RequestError::Database(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Stop {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Handle => Self::bad_request(
                "This page is no longer good",
                "It was answered already, or it was open for too long. \
                 Go back to the partner's site and start connecting again.",
            ),
            AnswerError::Issue(IssueError::Withdrawn) => Self::bad_request(
                "This request is no longer good",
                "The partner's registration with us changed while this page was open. Nothing was connected. \
                 Go back to the partner's site and start connecting again.",
            ),
            AnswerError::Issue(IssueError::NotTheirs) => Self::not_theirs(),
            AnswerError::Issue(IssueError::AlreadyConnected(_)) => {
                Self::Error(ApiError::conflict("This business is connected already."))
            }
            AnswerError::Issue(IssueError::Database(error)) => error.into(),
        }
    }
}

impl From<TargetingError> for Stop {
    fn from(error: TargetingError) -> Self {
        match error {
            TargetingError::UnknownBusiness
            | TargetingError::UnknownCategory
            // A pro has no token that could be refused.
            | TargetingError::Access(_) => Self::not_theirs(),
            TargetingError::Database(error) => error.into(),
        }
    }
}

impl From<DisconnectError> for Stop {
    fn from(error: DisconnectError) -> Self {
        match error {
            DisconnectError::UnknownBusiness => Self::not_theirs(),
            DisconnectError::Database(error) => error.into(),
        }
    }
}
