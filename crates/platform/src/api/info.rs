//! `GET /v2/get-thumbtack-info` (protocol §2.3): what a token is for.

use axum::Json;
use axum::extract::State;
use protocol::id::BusinessId;
use protocol::scope::Scopes;
use serde::Serialize;
use web::error::ApiError;

use crate::api::bearer::{AnyScope, Bearer, refused};
use crate::core::Core;
use crate::service::access::AccessError;
use crate::service::info;

/// The answer; its members come in the documented order.
#[derive(Serialize)]
pub(crate) struct InfoAnswer {
    business_pk: BusinessId,
    client_id: String,
    scope: Scopes,
    business_name: String,
}

/// Tells what the token is for.
pub(crate) async fn show_info(
    bearer: Bearer<AnyScope>,
    State(core): State<Core>,
) -> Result<Json<InfoAnswer>, ApiError> {
    let access = bearer.access;
    let business_name = info::business_name(&core, &access)
        .await
        .map_err(|error| refused(&AccessError::Database(error)))?;
    Ok(Json(InfoAnswer {
        business_pk: access.business_id,
        client_id: access.client_id,
        scope: access.scopes,
        business_name,
    }))
}
