//! The introspection endpoint (RFC 7662), at the source's path and at the RFC's.

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
use crate::service::introspection::{self, ActiveToken, TokenKind};

/// `POST /v2/tokens/introspect`.
pub(super) async fn introspect_token_in_source_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::SourceToken;
    let found = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        introspect_token(&core, caller).await
    };
    answer(found.await, style)
}

/// `POST /oauth2/introspect`.
pub(super) async fn introspect_token_in_rfc_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::RfcToken;
    let found = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        introspect_token(&core, caller).await
    };
    answer(found.await, style)
}

async fn introspect_token(core: &Core, caller: Caller) -> Result<Json<Value>, ApiError> {
    let token = Secret::new(caller.parameters.required("token")?);
    let found = introspection::introspect(core, &caller.client, &token)
        .await
        .map_err(|error| errors::database_failed(&error))?;
    let body = match found {
        Some(token) => describe(&token, core.settings.base_url.as_str()),
        None => json!({"active": false}),
    };
    Ok(Json(body))
}

/// The members of RFC 7662 §2.2; `token_type` is of access tokens only.
fn describe(token: &ActiveToken, issuer: &str) -> Value {
    let grant = &token.grant;
    let mut body = json!({
        "active": true,
        "scope": grant.scopes.to_string(),
        "client_id": grant.client_id,
        "exp": token.expires_at.as_second(),
        "iat": token.issued_at.as_second(),
        "sub": grant.account_id,
        "iss": issuer,
        "business_pk": grant.business_id,
    });
    if token.kind == TokenKind::Access {
        body["token_type"] = "bearer".into();
    }
    body
}
