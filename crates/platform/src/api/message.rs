//! A pro's message to a customer, through a partner (protocol §3.1): with a bearer token (v2), or with the partner's user
//! name and password (v1).

use axum::Json;
use axum::extract::State;
use protocol::id::{BusinessId, LeadId};
use protocol::json::sentence;
use protocol::message::SendMessage;
use protocol::paths;
use serde_json::Value;
use web::body::JsonBody;
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::api::bearer::{Bearer, Messages};
use crate::api::errors;
use crate::api::partner_basic::BasicPartner;
use crate::api::success::{Success, success};
use crate::core::Core;
use crate::service::idempotency::KeyedRequest;
use crate::service::pro_message::{self, NewProMessage, Sender};

/// `POST /v2/business/{businessID}/lead/{leadID}/message`
pub(super) async fn send_message(
    bearer: Bearer<Messages>,
    State(core): State<Core>,
    path: PathSegments,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Success>, ApiError> {
    let (business_id, lead_id) = ids(&path)?;
    bearer.check_owns(business_id)?;
    let (new, body) = message(business_id, lead_id, body?)?;
    let path = paths::partner::message(business_id, lead_id);
    let owner = format!("client:{}", bearer.access.client_id);
    let request = keyed(owner, key?, &path, &body);
    let sent = pro_message::send(&core, Sender::Client(bearer.access), new, request).await;
    sent.map_err(errors::pro_message)?;
    Ok(success())
}

/// `POST /v1/business/{businessID}/lead/{leadID}/message`
pub(super) async fn send_message_v1(
    partner: BasicPartner,
    State(core): State<Core>,
    path: PathSegments,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Success>, ApiError> {
    let (business_id, lead_id) = ids(&path)?;
    let (new, body) = message(business_id, lead_id, body?)?;
    let path = paths::partner::message_v1(business_id, lead_id);
    let owner = format!("partner:{}", partner.partner_id);
    let request = keyed(owner, key?, &path, &body);
    let sender = Sender::Partner(partner.partner_id);
    let sent = pro_message::send(&core, sender, new, request).await;
    sent.map_err(errors::pro_message)?;
    Ok(success())
}

fn ids(path: &PathSegments) -> Result<(BusinessId, LeadId), ApiError> {
    Ok((path.id("businessID")?, path.id("leadID")?))
}

/// The message, and the body that it was read from.
fn message(
    business_id: BusinessId,
    lead_id: LeadId,
    body: JsonBody,
) -> Result<(NewProMessage, Value), ApiError> {
    let JsonBody(body) = body;
    let read = SendMessage::parse(&body);
    let SendMessage { text } =
        read.map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let new = NewProMessage {
        business_id,
        lead_id,
        text,
    };
    Ok((new, body))
}

/// The request under its key, told from others by path and body.
fn keyed(owner: String, key: IdempotencyKey, path: &str, body: &Value) -> Option<KeyedRequest> {
    let key = key.0?;
    Some(KeyedRequest::new(
        owner,
        &key,
        &format!("POST {path}\n{body}"),
    ))
}
