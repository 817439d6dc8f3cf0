//! What the operator is told when a use case refuses.

use web::error::ApiError;

use crate::domain::lead::TargetingOff;
use crate::service::business::RegisterBusinessError;
use crate::service::client_registration::RegisterClientError;
use crate::service::disconnect::DisconnectError;
use crate::service::enablement::EnablementError;
use crate::service::idempotency::{IdempotencyError, OnceError};
use crate::service::lead::{CreateLeadError, LeadError};
use crate::service::partner::PartnerError;
use crate::service::pro::RegisterProError;
use crate::service::targeting::TargetingError;

/// How soon an operator may try again when the store is busy or away, in seconds.
const SOON: u32 = 1;

/// The answer to an error of the database.
pub(crate) fn database(error: &database::Error) -> ApiError {
    match error {
        database::Error::Busy | database::Error::Unavailable(_) => ApiError::unavailable(SOON),
        database::Error::Nul(_) => ApiError::bad_request("A text holds a NUL character."),
        _ => ApiError::internal(error),
    }
}

/// The answer to an error of a create: `refused` tells what its own reasons mean.
pub(crate) fn once<E>(error: OnceError<E>, refused: impl FnOnce(E) -> ApiError) -> ApiError {
    match error {
        OnceError::Refused(error) => refused(error),
        OnceError::Idempotency(error) => idempotency(&error),
    }
}

fn idempotency(error: &IdempotencyError) -> ApiError {
    match error {
        IdempotencyError::OtherRequest => {
            ApiError::conflict("The Idempotency-Key was used before, with another body.")
        }
        IdempotencyError::Damaged(_) => ApiError::internal(error),
        IdempotencyError::Database(error) => database(error),
    }
}

pub(super) fn partner(error: PartnerError) -> ApiError {
    match error {
        PartnerError::UnknownPartner => unknown("partner"),
        PartnerError::Database(error) => database(&error),
    }
}

pub(super) fn enablement(error: EnablementError) -> ApiError {
    match error {
        EnablementError::UnknownPartner => unknown("partner"),
        EnablementError::UnknownBusiness => unknown("business"),
        EnablementError::Database(error) => database(&error),
    }
}

pub(super) fn disconnect(error: DisconnectError) -> ApiError {
    match error {
        DisconnectError::UnknownBusiness => unknown("business"),
        DisconnectError::Database(error) => database(&error),
    }
}

pub(super) fn client(error: RegisterClientError) -> ApiError {
    match error {
        RegisterClientError::UnknownPartner => {
            ApiError::not_found("/partner_id is the id of no partner.")
        }
        RegisterClientError::Database(error) => database(&error),
    }
}

pub(super) fn pro(error: RegisterProError) -> ApiError {
    use base::password::PasswordError;
    match error {
        RegisterProError::EmailTaken => ApiError::conflict("/email is the address of another pro."),
        RegisterProError::Password(PasswordError::Busy) => ApiError::unavailable(SOON),
        RegisterProError::Password(PasswordError::TooLong) => {
            ApiError::bad_request("/password is too long.")
        }
        RegisterProError::Password(PasswordError::Damaged) => ApiError::internal(&error),
        RegisterProError::Database(error) => database(&error),
    }
}

pub(super) fn business(error: RegisterBusinessError) -> ApiError {
    match error {
        RegisterBusinessError::UnknownAccount => {
            ApiError::not_found("/account_id is the account of no pro.")
        }
        RegisterBusinessError::Database(error) => database(&error),
    }
}

pub(super) fn create_lead(error: CreateLeadError) -> ApiError {
    match error {
        CreateLeadError::UnknownBusiness => {
            ApiError::not_found("/businessID is the id of no business.")
        }
        CreateLeadError::Category(error) => {
            ApiError::bad_request(format!("{} {error}.", error.pointer))
        }
        CreateLeadError::TargetingOff(TargetingOff::Business) => {
            ApiError::conflict("The targeting of the business is off: it takes no leads.")
        }
        CreateLeadError::TargetingOff(TargetingOff::Paused) => ApiError::conflict(
            "The targeting of the business is paused, because what is sent to its partner does not arrive: it takes no leads.",
        ),
        CreateLeadError::TargetingOff(TargetingOff::Category) => ApiError::conflict(
            "The targeting of the business is off for this category: it takes no such leads.",
        ),
        CreateLeadError::Database(error) => database(&error),
    }
}

pub(super) fn lead(error: LeadError) -> ApiError {
    match error {
        LeadError::UnknownLead => unknown("lead"),
        LeadError::Database(error) => database(&error),
    }
}

pub(super) fn targeting(error: TargetingError) -> ApiError {
    match error {
        // Only a token can be refused, and the operator has none.
        TargetingError::Access(_) => ApiError::internal(&error),
        TargetingError::UnknownBusiness => unknown("business"),
        TargetingError::UnknownCategory => {
            ApiError::not_found("The business has no category with this id.")
        }
        TargetingError::Database(error) => database(&error),
    }
}

/// 404 for an id that nothing of this kind has.
pub(crate) fn unknown(kind: &str) -> ApiError {
    ApiError::not_found(format!("There is no {kind} with this id."))
}
