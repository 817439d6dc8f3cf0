//! Who may use the operator API: whoever shows the operator key.

use axum::extract::FromRequestParts;
use http::request::Parts;
use web::credentials::Bearer;
use web::error::ApiError;

use crate::core::Core;

/// The operator. Only the right key makes one, so a handler that takes it is closed to everybody else.
#[derive(Debug)]
pub(crate) struct Operator(());

impl FromRequestParts<Core> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, ApiError> {
        let Bearer(key) = Bearer::read(&parts.headers)?;
        if core.settings.operator_key.matches(key.expose()) {
            Ok(Self(()))
        } else {
            Err(ApiError::invalid_token("The operator key is wrong."))
        }
    }
}
