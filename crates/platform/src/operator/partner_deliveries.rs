//! All deliveries to one partner: how it stands with them, hold, let go, call off.

use axum::Json;
use axum::extract::State;
use protocol::id::{BusinessId, PartnerId};
use serde_json::{Value, json};
use web::body::OptionalJsonBody;
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::delivery_shapes as shapes;
use crate::domain::endpoint_health::Reader;
use crate::operator::access::Operator;
use crate::operator::{errors, reading};
use crate::service::partner_deliveries;

/// `GET /operator/v1/partners/{partner_id}/health`
pub(super) async fn get_partner_health(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    health(&core, path.id("partner_id")?).await
}

/// `POST /operator/v1/partners/{partner_id}/pause`
pub(super) async fn pause_partner(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let paused = partner_deliveries::pause(&core, partner_id).await;
    paused.map_err(errors::partner)?;
    health(&core, partner_id).await
}

/// `POST /operator/v1/partners/{partner_id}/resume`
pub(super) async fn resume_partner(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let resumed = partner_deliveries::resume(&core, partner_id).await;
    resumed.map_err(errors::partner)?;
    health(&core, partner_id).await
}

/// `POST /operator/v1/partners/{partner_id}/cancel-deliveries`, of one business if the body names it.
pub(super) async fn cancel_partner_deliveries(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<OptionalJsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let OptionalJsonBody(body) = body?;
    let body = body.unwrap_or_else(|| json!({}));
    let business_id = reading::members(&body, |members| {
        Some(members.optional_parsed("business_id", BusinessId::parse))
    })?;
    let cancelled = partner_deliveries::cancel_pending(&core, partner_id, business_id).await;
    let cancelled = cancelled.map_err(errors::partner)?;
    Ok(Json(json!({
        "partner_id": partner_id,
        "business_id": business_id,
        "cancelled": cancelled,
    })))
}

async fn health(core: &Core, partner_id: PartnerId) -> Result<Json<Value>, ApiError> {
    let found = partner_deliveries::health(core, partner_id).await;
    let found = found.map_err(errors::partner)?;
    let mut shown = json!({"partner_id": partner_id, "name": found.partner_name});
    if let (Some(members), Value::Object(rest)) = (
        shown.as_object_mut(),
        shapes::health(&found.health, Reader::Operator),
    ) {
        members.extend(rest);
    }
    shown["running_replays"] = json!(found.replays);
    Ok(Json(shown))
}
