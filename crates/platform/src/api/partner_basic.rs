//! Who calls with a user name and a password, as an argument of the handler: the credentials that the platform gave the
//! partner (API v1, test data). It comes before the path and the body, so that it is judged before them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use protocol::id::PartnerId;
use web::client_address::ClientAddress;
use web::credentials::Basic;
use web::error::ApiError;

use crate::api::errors;
use crate::core::Core;
use crate::service::partner_authentication::authenticate;

/// A partner that has shown its user name and password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BasicPartner {
    pub(crate) partner_id: PartnerId,
}

impl FromRequestParts<Core> for BasicPartner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, ApiError> {
        let source = ClientAddress::from_request_parts(parts, core).await?;
        let Basic(presented) = Basic::read(&parts.headers);
        let presented = presented.as_ref().map_err(|error| *error);
        let partner_id = authenticate(core, presented, source).await;
        let partner_id = partner_id.map_err(errors::partner_authentication)?;
        Ok(Self { partner_id })
    }
}
