//! What an attempt to send a reply came to, read from what the connection, the token keeper or the platform said.

use client::{ClientError, KeepError};
use jiff::{SignedDuration, Timestamp};

use super::call::{CallError, chain};
use super::tokens::TokenError;
use crate::domain::reply::Outcome;

/// There is no connection to send with.
pub(super) fn without_connection(error: &CallError) -> Outcome {
    let reason = error.to_string();
    match error {
        // The pro may connect again while the reply is still worth sending.
        CallError::ReconnectNeeded(_) => Outcome::NotYet {
            reason,
            not_before: None,
        },
        _ => Outcome::NotAsked { reason },
    }
}

/// There is no token to send with.
pub(super) fn without_token(error: &TokenError) -> Outcome {
    let reason = chain(error);
    match error {
        KeepError::UnknownConnection => Outcome::NotAsked {
            reason: "the business is not connected".to_owned(),
        },
        KeepError::Later { retry_at, .. } => Outcome::NotYet {
            reason,
            not_before: Some(*retry_at),
        },
        KeepError::ReconnectNeeded(_) | KeepError::Refused(_) | KeepError::Store(_) => {
            Outcome::NotYet {
                reason,
                not_before: None,
            }
        }
    }
}

/// What the platform's answer to a message means.
pub(super) fn of_answer(answer: Result<(), ClientError>, now: Timestamp) -> Outcome {
    let error = match answer {
        Ok(()) => return Outcome::Delivered,
        Err(error) => error,
    };
    if error.may_have_had_effect() {
        return Outcome::Unknown {
            reason: chain(&error),
        };
    }
    let reason = match error.rejection() {
        Some(rejection) if !rejection.description.is_empty() => {
            format!("{rejection}: {}", rejection.description)
        }
        _ => chain(&error),
    };
    let is_final = error.rejection().is_some() && !error.is_retryable() && !error.is_unauthorized();
    if is_final {
        return Outcome::Refused { reason };
    }
    let pause = error
        .retry_after()
        .and_then(|pause| SignedDuration::try_from(pause).ok());
    Outcome::NotYet {
        reason,
        not_before: pause.map(|pause| now.saturating_add(pause).unwrap_or(Timestamp::MAX)),
    }
}
