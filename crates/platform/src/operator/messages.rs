//! Messages about a lead: the customer writes, and both sides are read.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use protocol::id::LeadId;
use protocol::json::sentence;
use protocol::message::{CustomerMessage, NewMessage};
use protocol::paths;
use protocol::timestamp::UnixSeconds;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service::customer_message;
use crate::service::idempotency::Answer;
use crate::store::message::Line;

/// `POST /operator/v1/leads/{leadID}/messages`
pub(super) async fn create_lead_message(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    key: IdempotencyKey,
    body: Result<JsonBody, ApiError>,
) -> Result<Response, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let JsonBody(body) = body?;
    let new =
        NewMessage::parse(&body).map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let request = reading::keyed(key, &paths::operator::lead_messages(lead_id), &body);
    let answer = customer_message::create(&core, lead_id, new, request, created).await;
    let answer = answer.map_err(|error| errors::once(error, errors::lead))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/leads/{leadID}/messages`
pub(super) async fn list_lead_messages(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let rows = customer_message::list(&core, lead_id, answers::after(page), page.rows()).await;
    let rows = rows.map_err(errors::lead)?;
    let key = |line: &Line| line.message_id.get();
    Ok(answers::page(page, rows, key, |line| shown(&line)))
}

/// The message in the shape of §4.2, with its id in front.
fn created(message: &CustomerMessage) -> Answer {
    let body = json!({
        "messageID": message.message.message_id,
        "leadID": message.lead_id,
        "customerID": message.customer_id,
        "businessID": message.business_id,
        "message": message.message,
    });
    Answer::json(201, &body)
}

fn shown(line: &Line) -> Value {
    let mut shown = json!({
        "messageID": line.message_id,
        "from": line.side,
        "text": line.text,
        "createTimestamp": UnixSeconds::from_timestamp(line.created_at),
    });
    if let Some(attachments) = &line.attachments {
        shown["attachments"] = attachments.clone();
    }
    shown
}
