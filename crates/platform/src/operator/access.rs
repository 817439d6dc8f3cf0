//! Who may use the operator API: whoever shows the operator key.

use axum::extract::FromRequestParts;
use http::request::Parts;
use web::client_address::ClientAddress;
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
            return Ok(Self(()));
        }
        let address = ClientAddress::from_request_parts(parts, core).await?;
        let source = format!("source:{}", address.limit_key());
        // The right key passes always; this slows down who guesses (§3.4).
        match core.failures.record_failure(&[&source, "operator"]) {
            Ok(()) => Err(ApiError::invalid_token("The operator key is wrong.")),
            Err(wait) => Err(ApiError::too_many_requests(wait.0)),
        }
    }
}
