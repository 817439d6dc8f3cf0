//! Replies to leads: queueing one, following it, deciding about an uncertain one.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use jiff::Timestamp;
use protocol::json::sentence;
use protocol::message::SendMessage;
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use super::errors;
use super::key::ApiKey;
use super::reading::own_id;
use crate::core::Core;
use crate::service::replies::{self, Resolution};
use crate::store::reply::ReplyRow;

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::LEAD_MESSAGES, post(create_reply))
        .route(gateway::REPLY, get(get_reply))
        .route(gateway::REPLY_RESOLVE, post(resolve_reply))
}

#[derive(Debug, Serialize)]
struct ReplyView {
    reply_id: String,
    state: String,
    #[serde(rename = "leadID")]
    lead_id: String,
    text: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: Timestamp,
    next_attempt_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// 202: it is on disk, and will be sent.
async fn create_reply(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let lead_id = path.id("leadID")?;
    let message = SendMessage::parse(&body);
    let message = message.map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let reply = replies::queue(&core, lead_id, message.text, key.as_deref()).await;
    let reply = reply.map_err(|error| errors::queue(&error))?;
    let answer = json!({"reply_id": reply.reply_id.to_string(), "state": reply.state});
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

async fn get_reply(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ReplyView>, ApiError> {
    let found = replies::find(&core, own_id(&path, "reply_id")?).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let unknown = || ApiError::not_found("There is no such reply.");
    found.map(view).map(Json).ok_or_else(unknown)
}

async fn resolve_reply(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    JsonBody(body): JsonBody,
) -> Result<Json<ReplyView>, ApiError> {
    let (reply_id, resolution) = (own_id(&path, "reply_id")?, resolution(&body)?);
    let resolved = replies::resolve(&core, reply_id, resolution).await;
    resolved
        .map(view)
        .map(Json)
        .map_err(|error| errors::resolve(&error))
}

fn resolution(body: &Value) -> Result<Resolution, ApiError> {
    match body.get("action").and_then(Value::as_str) {
        Some("send_again") => Ok(Resolution::SendAgain),
        Some("sent") => Ok(Resolution::Sent),
        Some("failed") => Ok(Resolution::Failed),
        _ => Err(ApiError::bad_request(
            "/action must be \"send_again\", \"sent\" or \"failed\".",
        )),
    }
}

fn view(row: ReplyRow) -> ReplyView {
    ReplyView {
        reply_id: row.reply_id.to_string(),
        lead_id: row.lead_id.to_string(),
        state: row.state,
        text: row.text,
        attempts: row.attempts,
        last_error: row.last_error,
        created_at: row.created_at,
        next_attempt_at: row.next_attempt_at,
        finished_at: row.finished_at,
    }
}
