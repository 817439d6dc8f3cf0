//! What a call to the platform on behalf of a business can fail with, whatever was called.

use std::time::Duration;

use client::{ClientError, KeepError, ReconnectReason, Rejection};
use jiff::Timestamp;
use thiserror::Error;

use super::tokens::{ConnectionTokensError, TokenError};

/// Why the platform did not do what it was asked for a business.
#[derive(Debug, Error)]
pub(crate) enum CallError {
    /// The business was never connected here.
    #[error("the business was never connected")]
    UnknownBusiness,
    /// The business is connected no more.
    #[error("the business is not connected")]
    NotConnected,
    /// Only the pro can help, by connecting again.
    #[error("the pro has to connect again: {0}")]
    ReconnectNeeded(ReconnectReason),
    /// The pro did not grant what the call needs.
    #[error("the connection does not cover the call")]
    ScopeMissing,
    /// The platform refused the call.
    #[error("the platform refused the call")]
    Refused(#[source] Rejection),
    /// The platform was not reached, did not answer properly, or asked to be left alone.
    #[error("the platform cannot be asked now")]
    Unavailable {
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
        /// What stood in the way.
        cause: String,
    },
    /// The tokens.
    #[error("the tokens of the connection cannot be used")]
    Tokens(#[from] ConnectionTokensError),
    /// The database.
    #[error("the database failed")]
    Database(#[from] database::Error),
}

impl From<ClientError> for CallError {
    fn from(error: ClientError) -> Self {
        if error.is_insufficient_scope() {
            return Self::ScopeMissing;
        }
        match error {
            ClientError::Rejected(rejection) if !matches!(rejection.status, 429 | 503) => {
                Self::Refused(rejection)
            }
            error => Self::Unavailable {
                retry_after: error.retry_after(),
                cause: chain(&error),
            },
        }
    }
}

impl CallError {
    /// Why there is no token to call with, at `now`.
    pub(crate) fn without_token(error: TokenError, now: Timestamp) -> Self {
        match error {
            KeepError::UnknownConnection => Self::NotConnected,
            KeepError::ReconnectNeeded(reason) => Self::ReconnectNeeded(reason),
            KeepError::Later { retry_at, reason } => Self::Unavailable {
                retry_after: Some(retry_at.duration_since(now).try_into().unwrap_or_default()),
                cause: reason,
            },
            // An operator has to look at it; the caller can only try later.
            KeepError::Refused(error) => Self::Unavailable {
                retry_after: error.retry_after(),
                cause: chain(&error),
            },
            KeepError::Store(error) => Self::Tokens(error),
        }
    }
}

/// An error with its causes, in one sentence.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
