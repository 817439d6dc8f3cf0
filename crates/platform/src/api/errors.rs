//! What partners are told when a use case refuses.

use web::error::ApiError;

use crate::api::bearer;
use crate::service::idempotency::{IdempotencyError, OnceError};
use crate::service::partner::PartnerError;
use crate::service::partner_authentication::PartnerAuthenticationError;
use crate::service::pro_message::ProMessageError;
use crate::service::targeting::TargetingError;
use crate::service::test_lead::TestLeadError;

/// How soon a partner may try again when the store is busy or away, in seconds.
const SOON: u32 = 1;

/// What the user names and passwords of partners are for, as browsers and programs show it.
const REALM: &str = "partner API";

pub(super) fn partner_authentication(error: PartnerAuthenticationError) -> ApiError {
    match error {
        PartnerAuthenticationError::Refused => ApiError::unauthorized_basic(REALM),
        PartnerAuthenticationError::TooMany(wait) => wait.into(),
        PartnerAuthenticationError::Database(error) => database(&error),
    }
}

pub(super) fn pro_message(error: OnceError<ProMessageError>) -> ApiError {
    match error {
        OnceError::Idempotency(error) => idempotency(&error),
        OnceError::Refused(error) => match error {
            ProMessageError::Access(error) => bearer::refused(&error),
            ProMessageError::UnknownLead => {
                ApiError::not_found("There is no such lead of this business.")
            }
            ProMessageError::Disconnected => {
                ApiError::conflict("The business is not connected any more.")
            }
            ProMessageError::Closed => ApiError::conflict("The lead is closed."),
            ProMessageError::Database(error) => database(&error),
        },
    }
}

pub(super) fn targeting(error: TargetingError) -> ApiError {
    match error {
        TargetingError::Access(error) => bearer::refused(&error),
        TargetingError::UnknownBusiness => {
            ApiError::not_found("There is no service with this serviceID.")
        }
        TargetingError::UnknownCategory => {
            ApiError::not_found("The service has no category with this categoryID.")
        }
        TargetingError::Database(error) => database(&error),
    }
}

pub(super) fn test_lead(error: TestLeadError) -> ApiError {
    match error {
        TestLeadError::UnknownBusiness => {
            ApiError::not_found("/businessID is the id of no business.")
        }
        TestLeadError::Database(error) => database(&error),
    }
}

/// Whoever asks has shown its password, so it exists.
pub(super) fn own_endpoint(error: PartnerError) -> ApiError {
    match error {
        PartnerError::UnknownPartner => ApiError::internal(&error),
        PartnerError::Database(error) => database(&error),
    }
}

fn idempotency(error: &IdempotencyError) -> ApiError {
    match error {
        IdempotencyError::OtherRequest => {
            ApiError::conflict("The Idempotency-Key was used before, with another body or path.")
        }
        IdempotencyError::Damaged(_) => ApiError::internal(error),
        IdempotencyError::Database(error) => database(error),
    }
}

pub(super) fn database(error: &database::Error) -> ApiError {
    match error {
        database::Error::Busy | database::Error::Unavailable(_) => ApiError::unavailable(SOON),
        _ => ApiError::internal(error),
    }
}
