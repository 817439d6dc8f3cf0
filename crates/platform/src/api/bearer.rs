//! Who calls with an access token, as an argument of the handler (protocol §3): a handler that takes
//! `Bearer<Messages>` cannot run without a live token that has the scope `messages`.
//!
//! It is the first argument, so that the token and its scope are judged before the path and the body. A write checks
//! once more inside its transaction: `service::access::check_live`.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use protocol::id::BusinessId;
use protocol::scope::Scope;
use web::credentials;
use web::error::ApiError;

use crate::core::Core;
use crate::service::access::{self, Access, AccessError};

/// Seconds after which a caller may try again when the store could not be reached.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The scope that an endpoint needs.
pub(crate) trait RequiredScope: Send + Sync {
    /// `None`: any scope will do.
    const SCOPE: Option<Scope>;
}

/// Any token will do.
pub(crate) struct AnyScope;
/// The scope `messages`.
pub(crate) struct Messages;
/// The scope `targeting`.
pub(crate) struct Targeting;

impl RequiredScope for AnyScope {
    const SCOPE: Option<Scope> = None;
}

impl RequiredScope for Messages {
    const SCOPE: Option<Scope> = Some(Scope::Messages);
}

impl RequiredScope for Targeting {
    const SCOPE: Option<Scope> = Some(Scope::Targeting);
}

/// A live access token with the scope `S`.
pub(crate) struct Bearer<S> {
    /// What it gives.
    pub(crate) access: Access,
    scope: PhantomData<S>,
}

impl<S> Bearer<S> {
    /// Refuses, with 401, to act for another business than the token's (protocol §3).
    pub(crate) fn check_owns(&self, business_id: BusinessId) -> Result<(), ApiError> {
        if self.access.business_id == business_id {
            Ok(())
        } else {
            Err(ApiError::invalid_token(
                "The access token is for another business.",
            ))
        }
    }
}

impl<S> fmt::Debug for Bearer<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Bearer")
            .field(&self.access.grant_id)
            .finish()
    }
}

impl<S: RequiredScope> FromRequestParts<Core> for Bearer<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, ApiError> {
        let credentials::Bearer(token) = credentials::Bearer::read(&parts.headers)?;
        let access = access::check(core, &token)
            .await
            .map_err(|error| refused(&error))?;
        match S::SCOPE {
            Some(scope) if !access.scopes.contains(scope) => {
                Err(ApiError::insufficient_scope(scope.as_str()))
            }
            _ => Ok(Self {
                access,
                scope: PhantomData,
            }),
        }
    }
}

/// The answer to a token that gives nothing; also for [`access::check_live`].
pub(crate) fn refused(error: &AccessError) -> ApiError {
    match error {
        AccessError::NotBelieved(_) => ApiError::invalid_token("The access token is not valid."),
        AccessError::Expired => ApiError::invalid_token("The access token has expired."),
        AccessError::Ended => {
            ApiError::invalid_token("The access token was revoked, or its connection has ended.")
        }
        AccessError::TooManyRequests(wait) => ApiError::from(*wait),
        AccessError::Database(error) if error.is_busy() || error.is_unavailable() => {
            ApiError::unavailable(RETRY_AFTER_SECONDS)
        }
        AccessError::Database(error) => ApiError::internal(error),
    }
}
