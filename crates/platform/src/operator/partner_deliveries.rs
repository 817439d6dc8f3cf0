//! All deliveries to one partner: how it stands with them, hold, let go, limit, call off.

use axum::Json;
use axum::extract::State;
use delivery::Limits;
use protocol::id::{BusinessId, PartnerId};
use protocol::json::Members;
use serde_json::{Value, json};
use web::body::{JsonBody, OptionalJsonBody};
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

/// `PUT /operator/v1/partners/{partner_id}/limits`; what the body leaves out is as the platform's settings say.
pub(super) async fn put_partner_limits(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let JsonBody(body) = body?;
    let limits = reading::members(&body, |members| {
        let number = |name, most| optional_number(members, name, most);
        Some(Limits {
            weight: number("weight", 100).unwrap_or(1),
            max_in_flight: number("max_in_flight", 64),
            backlog_per_second: number("backlog_per_second", 10_000),
        })
    })?;
    let limited = partner_deliveries::limit(&core, partner_id, limits).await;
    limited.map_err(errors::partner)?;
    health(&core, partner_id).await
}

/// A number from 1 to `most`, if the member is there and not null.
fn optional_number(members: &Members<'_>, name: &str, most: u32) -> Option<u32> {
    let number = members.optional(name)?.as_u64();
    let number = number.and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| (1..=most).contains(number));
    if number.is_none() {
        members.report(name, format!("must be a number from 1 to {most}, or null"));
    }
    number
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
    shown["limits"] = json!({
        "weight": found.limits.weight,
        "max_in_flight": found.limits.max_in_flight,
        "backlog_per_second": found.limits.backlog_per_second,
    });
    Ok(Json(shown))
}
