//! What a call can come to if not to its answer. One variant per thing that a caller does differently.

use std::time::Duration;

use base::outgoing::OutgoingError;
use protocol::error_code::ErrorCode;
use thiserror::Error;

use crate::rejection::Rejection;

/// Why a call has no usable answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The platform answered that it did not do it.
    #[error("the platform refused the call")]
    Rejected(#[source] Rejection),
    /// The platform never saw the request: it is safe to send it again.
    #[error("the platform was not reached")]
    NotSent(#[source] OutgoingError),
    /// Nobody knows whether the platform did it. Send it again only where that cannot do it twice (§6).
    #[error("it is uncertain whether the platform did what it was asked")]
    Uncertain(#[source] Uncertainty),
    /// Success with no object in the body, such as `null`. At the token endpoint: ask again with the same refresh token
    /// inside the grace period (§2.2 D5).
    #[error("the platform answered success without an object")]
    Empty,
    /// Success with a body that is not what the protocol promises. The call had its effect, most likely.
    #[error("the platform's answer is not as documented: {0}")]
    Malformed(String),
}

/// Why nobody knows.
#[derive(Debug, Error)]
pub enum Uncertainty {
    /// No answer came in time, or the connection broke after the request was sent.
    #[error("no answer came")]
    Unanswered(#[source] OutgoingError),
    /// A 5xx other than 503: the platform failed at some point while working on it.
    #[error("the platform failed with status {status}")]
    ServerFailed {
        /// The status, 500 to 599.
        status: u16,
        /// The platform's name for the request, for a question to its operator.
        request_id: Option<String>,
    },
}

impl ClientError {
    /// The platform's refusal, if that is what it is.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// 401: the token or the credentials are not accepted. With a token: refresh it and send again (§6).
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(401)
    }

    /// The code or refresh token is unknown, used, expired or somebody else's (§2.2).
    pub fn is_invalid_grant(&self) -> bool {
        self.has_code(ErrorCode::InvalidGrant)
    }

    /// The connection's scopes do not cover the call: the pro has to connect again with more.
    pub fn is_insufficient_scope(&self) -> bool {
        self.has_code(ErrorCode::InsufficientScope)
    }

    /// 404: there is no such thing, or it is another business's.
    pub fn is_not_found(&self) -> bool {
        self.has_status(404)
    }

    /// 409: the thing is in a state that does not allow the call.
    pub fn is_conflict(&self) -> bool {
        self.has_status(409)
    }

    /// Whether the platform certainly did nothing and the same call may succeed later: 429, 503, no connection.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Rejected(rejection) => matches!(rejection.status, 429 | 503),
            Self::NotSent(error) => !matches!(error, OutgoingError::Refused(_)),
            Self::Uncertain(_) | Self::Empty | Self::Malformed(_) => false,
        }
    }

    /// Whether the platform may have done what it was asked, although it did not say so properly.
    pub fn may_have_had_effect(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::NotSent(_) => false,
            Self::Uncertain(_) | Self::Empty | Self::Malformed(_) => true,
        }
    }

    /// How long the platform asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.rejection()?.retry_after
    }

    fn has_status(&self, status: u16) -> bool {
        self.rejection()
            .is_some_and(|rejection| rejection.status == status)
    }

    fn has_code(&self, code: ErrorCode) -> bool {
        self.rejection()
            .is_some_and(|rejection| rejection.code == Some(code))
    }
}

impl From<OutgoingError> for ClientError {
    fn from(error: OutgoingError) -> Self {
        if error.was_not_sent() {
            Self::NotSent(error)
        } else {
            Self::Uncertain(Uncertainty::Unanswered(error))
        }
    }
}
