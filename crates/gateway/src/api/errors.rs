//! What callers of the gateway API are told when something is wrong.

use client::{ReconnectReason, Rejection};
use protocol::json::sentence;
use web::error::ApiError;

use crate::domain::forward::MOST_FORWARDS;
use crate::service::call::CallError;
use crate::service::forwards::ForwardError;
use crate::service::quarantine::ReprocessError;
use crate::service::replies::{QueueError, ResolveError};
use crate::service::tokens::ConnectionTokensError;

/// When to try again where the platform does not say.
const PLATFORM_PAUSE_SECONDS: u64 = 5;

/// The store failed: try again later, or our mistake.
pub(super) fn database(error: &database::Error) -> ApiError {
    if error.is_busy() || error.is_unavailable() {
        ApiError::unavailable(1)
    } else {
        ApiError::internal(error)
    }
}

/// A body in quarantine was not read again.
pub(super) fn reprocess(error: &ReprocessError) -> ApiError {
    match error {
        ReprocessError::Unknown => ApiError::not_found("There is no such body in quarantine."),
        ReprocessError::Processed => ApiError::conflict("The body was processed already."),
        ReprocessError::Problems(problems) => {
            ApiError::bad_request(format!("The body cannot be filed: {}", sentence(problems)))
        }
        ReprocessError::Database(error) => database(error),
    }
}

/// The platform did not do what was asked for a business.
pub(super) fn call(error: &CallError) -> ApiError {
    match error {
        CallError::UnknownBusiness => {
            ApiError::not_found("No business with this id was ever connected.")
        }
        CallError::NotConnected => {
            ApiError::conflict("The business is not connected; start a new connection.")
        }
        CallError::ReconnectNeeded(reason) => reconnect_needed(*reason),
        CallError::ScopeMissing => ApiError::conflict(
            "The pro did not grant this; start a new connection that asks for it.",
        ),
        CallError::Refused(rejection) => refused(rejection),
        CallError::Unavailable { retry_after, cause } => {
            tracing::warn!(%cause, "the platform could not be asked");
            let seconds =
                retry_after.map_or(PLATFORM_PAUSE_SECONDS, |pause| pause.as_secs().max(1));
            ApiError::unavailable(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        CallError::Tokens(ConnectionTokensError::Database(error)) | CallError::Database(error) => {
            database(error)
        }
        CallError::Tokens(error @ ConnectionTokensError::Damaged(_)) => ApiError::internal(error),
    }
}

/// A forward was not made or changed.
pub(super) fn forward(error: &ForwardError) -> ApiError {
    match error {
        ForwardError::Unknown => ApiError::not_found("There is no such forward."),
        ForwardError::TooMany => ApiError::conflict(format!(
            "There are {MOST_FORWARDS} forwards already; remove one that is not needed."
        )),
        ForwardError::TooManySecrets { until } => ApiError::conflict(format!(
            "Too many secrets of this forward are in force, the first of them until {until}. To end all old ones at once, \
             send overlap_seconds 0."
        )),
        ForwardError::OtherForward => ApiError::conflict(
            "The Idempotency-Key was used for another forward, or for one that was changed or removed since.",
        ),
        ForwardError::Damaged(error) => ApiError::internal(error),
        ForwardError::Database(error) => database(error),
    }
}

/// A reply was not queued.
pub(super) fn queue(error: &QueueError) -> ApiError {
    match error {
        QueueError::UnknownLead => ApiError::not_found("No lead with this leadID has arrived."),
        QueueError::NotConnected => ApiError::conflict(
            "The business of this lead is not connected; start a new connection.",
        ),
        QueueError::ReconnectNeeded(reason) => reconnect_needed(*reason),
        QueueError::OtherReply => {
            ApiError::conflict("The Idempotency-Key was used for another reply.")
        }
        QueueError::Database(error) => database(error),
    }
}

/// A reply was not resolved.
pub(super) fn resolve(error: &ResolveError) -> ApiError {
    match error {
        ResolveError::Unknown => ApiError::not_found("There is no such reply."),
        ResolveError::NotUncertain { state } => ApiError::conflict(format!(
            "The reply is {state}; only one that is uncertain can be resolved."
        )),
        ResolveError::Database(error) => database(error),
    }
}

fn reconnect_needed(reason: ReconnectReason) -> ApiError {
    ApiError::conflict(format!(
        "The pro has to connect the business again: {reason}."
    ))
}

fn refused(rejection: &Rejection) -> ApiError {
    let said = if rejection.description.is_empty() {
        format!("The platform refused with {rejection}.")
    } else {
        format!(
            "The platform refused with {rejection}: {}",
            rejection.description
        )
    };
    if rejection.status == 404 {
        ApiError::not_found(said)
    } else {
        ApiError::conflict(said)
    }
}
