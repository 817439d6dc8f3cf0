//! The revocation endpoint (RFC 7009), at the source's path and at the RFC's.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base::Secret;
use serde_json::{Value, json};
use web::client_address::ClientAddress;
use web::credentials::Basic;
use web::error::{ApiError, ErrorStyle};
use web::parameters::Parameters;

use crate::core::Core;
use crate::oauth::caller::{Caller, answer, authenticated};
use crate::oauth::errors;
use crate::service::revocation;

/// `POST /v2/tokens/revoke`.
pub(super) async fn revoke_token_in_source_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::SourceToken;
    let revoked = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        revoke_token(&core, caller).await
    };
    answer(revoked.await, style)
}

/// `POST /oauth2/revoke`.
pub(super) async fn revoke_token_in_rfc_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::RfcToken;
    let revoked = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        revoke_token(&core, caller).await
    };
    answer(revoked.await, style)
}

/// 200 whatever the token was (RFC 7009 §2.2). `token_type_hint` is not needed: the two kinds look different.
async fn revoke_token(core: &Core, caller: Caller) -> Result<Json<Value>, ApiError> {
    let token = Secret::new(caller.parameters.required("token")?);
    revocation::revoke(core, caller.client, &token)
        .await
        .map_err(|error| errors::database_failed(&error))?;
    Ok(Json(json!({})))
}
