//! Deliveries: list, one with its attempts, try again, replay.

use axum::Json;
use axum::extract::{RawQuery, State};
use delivery::{AttemptView, DeliveryView, Filter, Retried};
use jiff::Timestamp;
use protocol::id::{DeliveryId, LeadId, PartnerId};
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Cursor, Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{errors, reading};
use crate::service;

/// `GET /operator/v1/deliveries?state=…&lead=…&partner=…`, newest first.
pub(super) async fn list_deliveries(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let filter = filter(&query.unwrap_or_default(), page)?;
    let found = service::deliveries::list(&core, &filter, page.limit.into()).await;
    let found = found.map_err(|error| errors::database(&error))?;
    Ok(Json(Listing {
        data: found.deliveries.iter().map(shown).collect(),
        next: found.next.map(|last| Cursor(last.get())),
    }))
}

/// `GET /operator/v1/deliveries/{delivery_id}`
pub(super) async fn get_delivery(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let delivery_id: DeliveryId = path.id("delivery_id")?;
    details(&core, delivery_id).await.map(Json)
}

/// `POST /operator/v1/deliveries/{delivery_id}/retry`
pub(super) async fn retry_delivery(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let delivery_id: DeliveryId = path.id("delivery_id")?;
    let retried = service::deliveries::retry(&core, delivery_id).await;
    match retried.map_err(|error| errors::database(&error))? {
        Retried::Hastened | Retried::Revived => details(&core, delivery_id).await.map(Json),
        Retried::Delivered => Err(ApiError::conflict("The delivery has been delivered.")),
        Retried::Unknown => Err(errors::unknown("delivery")),
    }
}

/// `POST /operator/v1/partners/{partner_id}/replay`
pub(super) async fn replay_partner(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let JsonBody(body) = body?;
    let since = reading::members(&body, |members| members.required_parsed("since", moment))?;
    let replayed = service::partner::replay(&core, partner_id, since).await;
    let replayed = replayed.map_err(errors::partner)?;
    Ok(Json(json!({"replayed": replayed})))
}

fn filter(query: &str, page: PageQuery) -> Result<Filter, ApiError> {
    let state = match reading::text_parameter(query, "state") {
        None => None,
        Some(word) => Some(delivery::State::parse(&word).ok_or_else(|| {
            ApiError::bad_request(
                "The parameter state must be pending, delivered, dead or cancelled.",
            )
        })?),
    };
    let lead: Option<LeadId> = reading::parameter(query, "lead")?;
    let partner: Option<PartnerId> = reading::parameter(query, "partner")?;
    Ok(Filter {
        state,
        conversation_id: lead.map(Into::into),
        endpoint_id: partner.map(Into::into),
        after: page.after.and_then(|cursor| DeliveryId::from_i64(cursor.0)),
    })
}

async fn details(core: &Core, delivery_id: DeliveryId) -> Result<Value, ApiError> {
    let found = service::deliveries::find(core, delivery_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let found = found.ok_or_else(|| errors::unknown("delivery"))?;
    let mut delivery = shown(&found.delivery);
    delivery["attempt_log"] = found.attempts.iter().map(shown_attempt).collect();
    Ok(delivery)
}

fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "must be a time such as 2026-01-31T09:30:00Z (RFC 3339)")
}

fn shown(delivery: &DeliveryView) -> Value {
    // What belongs to no lead is ordered within its business.
    let conversation = delivery.conversation_id.get();
    let lead_id = (conversation != delivery.business_id.get()).then(|| conversation.to_string());
    json!({
        "delivery_id": delivery.delivery_id,
        "kind": delivery.kind,
        "leadID": lead_id,
        "state": delivery.state.as_str(),
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at.map(|at| at.to_string()),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "partner_id": delivery.endpoint_id.to_string(),
        "business_id": delivery.business_id,
        "created_at": delivery.created_at.to_string(),
        "finished_at": delivery.finished_at.map(|at| at.to_string()),
    })
}

fn shown_attempt(attempt: &AttemptView) -> Value {
    json!({
        "attempt": attempt.attempt,
        "started_at": attempt.started_at.to_string(),
        "ended_at": attempt.ended_at.to_string(),
        "class": attempt.class,
        "status": attempt.status,
        "error": attempt.error,
        "answer": attempt.answer,
    })
}
