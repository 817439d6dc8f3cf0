//! Whether and why a partner's deliveries wait, for the partner itself (protocol §8.7).

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use web::error::ApiError;

use crate::api::errors;
use crate::api::partner_basic::BasicPartner;
use crate::core::Core;
use crate::delivery_shapes as shapes;
use crate::domain::endpoint_health::Reader;
use crate::service::partner_deliveries;

/// `GET /v1/endpoint`
pub(super) async fn get_own_endpoint(
    partner: BasicPartner,
    State(core): State<Core>,
) -> Result<Json<Value>, ApiError> {
    let found = partner_deliveries::health(&core, partner.partner_id).await;
    let found = found.map_err(errors::own_endpoint)?;
    Ok(Json(shapes::health(&found.health, Reader::Partner)))
}
