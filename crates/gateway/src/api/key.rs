//! Proof that a request comes from the partner's own programs.

use axum::extract::FromRequestParts;
use http::request::Parts;
use web::credentials::Bearer;
use web::error::ApiError;

use crate::core::Core;

/// The holder of the gateway API's key. An extractor; otherwise 401.
#[derive(Debug)]
pub(crate) struct ApiKey;

impl FromRequestParts<Core> for ApiKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, ApiError> {
        let Bearer(key) = Bearer::read(&parts.headers)?;
        if core.settings.api_key.matches(key.expose()) {
            Ok(Self)
        } else {
            Err(ApiError::invalid_token(
                "The key in the Authorization header is not the gateway API's.",
            ))
        }
    }
}
