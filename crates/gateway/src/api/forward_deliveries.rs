//! `/api/v1/forwards/{forward_id}/deliveries`: what was sent, what waits, what died, and trying it again.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use delivery::replay::ReplayView;
use delivery::{AttemptView, DeliveryView, Filter, Retried};
use jiff::Timestamp;
use protocol::id::{DeliveryId, LeadId};
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Cursor, Listing, PageQuery};
use web::error::ApiError;
use web::parameters::Parameters;
use web::path::PathSegments;

use super::errors;
use super::key::ApiKey;
use super::reading::{members, own_id, parameter};
use crate::core::Core;
use crate::service::forward_deliveries;

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::FORWARD_DELIVERIES, get(list_forward_deliveries))
        .route(gateway::FORWARD_DELIVERY, get(get_forward_delivery))
        .route(
            gateway::FORWARD_DELIVERY_RETRY,
            post(retry_forward_delivery),
        )
        .route(
            gateway::FORWARD_REPLAY,
            get(list_forward_replays).post(replay_forward),
        )
}

/// A delivery in a list.
#[derive(Debug, Serialize)]
pub(super) struct DeliverySummary {
    /// The `webhook-id` of its requests.
    delivery_id: DeliveryId,
    r#type: String,
    #[serde(rename = "leadID")]
    lead_id: Option<String>,
    #[serde(rename = "businessID")]
    business_id: Option<String>,
    state: &'static str,
    attempts: u32,
    next_attempt_at: Option<Timestamp>,
    last_status: Option<u32>,
    last_error: Option<String>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

/// One delivery: as in the list, with its attempts.
#[derive(Debug, Serialize)]
struct DeliveryWithAttempts {
    #[serde(flatten)]
    summary: DeliverySummary,
    attempt_log: Vec<Value>,
}

/// `?state=…&lead=…`, newest first.
async fn list_forward_deliveries(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<DeliverySummary>>, ApiError> {
    let forward_id = own_id(&path, "forward_id")?;
    let filter = filter(&query.unwrap_or_default(), page)?;
    let found = forward_deliveries::list(&core, forward_id, filter, page.limit.into()).await;
    let found = found.map_err(|error| errors::forward(&error))?;
    Ok(Json(Listing {
        data: found.deliveries.iter().map(summary).collect(),
        next: found.next.map(|last| Cursor(last.get())),
    }))
}

async fn get_forward_delivery(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let (forward_id, delivery_id) = (own_id(&path, "forward_id")?, path.id("delivery_id")?);
    details(&core, forward_id, delivery_id).await
}

async fn retry_forward_delivery(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let (forward_id, delivery_id) = (own_id(&path, "forward_id")?, path.id("delivery_id")?);
    let retried = forward_deliveries::retry(&core, forward_id, delivery_id).await;
    match retried.map_err(|error| errors::forward(&error))? {
        Retried::Hastened | Retried::Revived => details(&core, forward_id, delivery_id).await,
        Retried::Delivered => Err(ApiError::conflict("The delivery has been delivered.")),
        Retried::Unknown => Err(unknown()),
    }
}

/// `{"since": "2026-01-31T09:30:00Z"}`: what died since then is sent again, by a job that goes on by itself.
async fn replay_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (forward_id, JsonBody(body)) = (own_id(&path, "forward_id")?, body?);
    let since = members(&body, |members| members.required_parsed("since", moment))?;
    let replay = forward_deliveries::replay(&core, forward_id, since).await;
    let replay = replay.map_err(|error| errors::forward(&error))?;
    Ok((StatusCode::ACCEPTED, Json(shown_replay(&replay))))
}

/// The newest replays, and how far each has come.
async fn list_forward_replays(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let forward_id = own_id(&path, "forward_id")?;
    let replays = forward_deliveries::replays(&core, forward_id).await;
    let replays = replays.map_err(|error| errors::forward(&error))?;
    let shown: Vec<Value> = replays.iter().map(shown_replay).collect();
    Ok(Json(json!({"data": shown, "next": null})))
}

fn shown_replay(replay: &ReplayView) -> Value {
    json!({
        "replay_id": replay.replay_id,
        "state": replay.state.as_str(),
        "since": replay.span.since.to_string(),
        "until": replay.span.until.to_string(),
        "total": replay.total,
        "replayed": replay.replayed,
        "created_at": replay.created_at.to_string(),
        "finished_at": replay.state.finished_at().map(|at| at.to_string()),
    })
}

/// What is shown of a delivery.
pub(super) fn summary(delivery: &DeliveryView) -> DeliverySummary {
    // A test is about no business and no lead, a connection's event about no lead: they are ordered within what they are
    // about, and that is what stands in the lead's place.
    let business_id = delivery.business_id.get();
    let conversation = delivery.conversation_id.get();
    let has_business = business_id != delivery.endpoint_id.get();
    let has_lead = conversation != business_id;
    DeliverySummary {
        delivery_id: delivery.delivery_id,
        r#type: delivery.kind.clone(),
        lead_id: has_lead.then(|| conversation.to_string()),
        business_id: has_business.then(|| business_id.to_string()),
        state: delivery.state.as_str(),
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_at,
        last_status: delivery.last_status,
        last_error: delivery.last_error.clone(),
        created_at: delivery.created_at,
        finished_at: delivery.finished_at,
    }
}

async fn details(
    core: &Core,
    forward_id: i64,
    delivery_id: DeliveryId,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let found = forward_deliveries::find(core, forward_id, delivery_id).await;
    let found = found.map_err(|error| errors::forward(&error))?;
    let found = found.ok_or_else(unknown)?;
    Ok(Json(DeliveryWithAttempts {
        summary: summary(&found.delivery),
        attempt_log: found.attempts.iter().map(shown_attempt).collect(),
    }))
}

fn shown_attempt(attempt: &AttemptView) -> Value {
    json!({
        "attempt": attempt.attempt,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "class": attempt.class,
        "status": attempt.status,
        "error": attempt.error,
        "answer": attempt.answer,
    })
}

fn filter(query: &str, page: PageQuery) -> Result<Filter, ApiError> {
    let parameters = Parameters::parse_query(query, &[])?;
    let state = match parameters.get("state") {
        None => None,
        Some(word) => Some(delivery::State::parse(word).ok_or_else(|| {
            ApiError::bad_request(
                "The parameter state must be `pending`, `delivered`, `dead` or `cancelled`.",
            )
        })?),
    };
    let lead: Option<LeadId> = parameter(&parameters, "lead")?;
    Ok(Filter {
        state,
        conversation_id: lead.map(Into::into),
        endpoint_id: None,
        after: page.after.and_then(|cursor| DeliveryId::from_i64(cursor.0)),
        ..Filter::default()
    })
}

fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "must be a time such as 2026-01-31T09:30:00Z (RFC 3339)")
}

fn unknown() -> ApiError {
    ApiError::not_found("This forward has no such delivery.")
}
