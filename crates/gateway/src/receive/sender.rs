//! Proof that a request comes from the platform.

use axum::extract::FromRequestParts;
use http::request::Parts;
use subtle::ConstantTimeEq as _;
use web::credentials::Basic;
use web::error::ApiError;

use crate::core::Core;

/// The platform, which gave the user name and password that we gave it. An extractor; otherwise 401 and nothing stored.
#[derive(Debug)]
pub(super) struct Sender;

impl FromRequestParts<Core> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, ApiError> {
        const REALM: &str = "gateway";
        let basic = Basic::read(&parts.headers);
        let credentials = basic.required(REALM)?;
        let expected = core.settings.receiver_username.as_bytes();
        // Every candidate is compared whole, so that the time tells nothing about which half was wrong.
        let right = credentials
            .candidates()
            .into_iter()
            .fold(false, |right, candidate| {
                let name = candidate.name().as_bytes().ct_eq(expected);
                let password = core.settings.receiver_password.matches(candidate.secret());
                right | (bool::from(name) & password)
            });
        right
            .then_some(Self)
            .ok_or_else(|| ApiError::unauthorized_basic(REALM))
    }
}
