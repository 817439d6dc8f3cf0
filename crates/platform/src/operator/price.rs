//! A lead's price: set, take back.

use axum::extract::State;
use axum::response::Response;
use protocol::id::LeadId;
use protocol::json::sentence;
use protocol::lead_update::PriceChange;
use protocol::paths;
use serde_json::json;
use web::body::JsonBody;
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service;
use crate::service::idempotency::Answer;

/// `PUT /operator/v1/leads/{leadID}/price`
pub(super) async fn set_lead_price(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    key: IdempotencyKey,
    body: Result<JsonBody, ApiError>,
) -> Result<Response, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let JsonBody(body) = body?;
    let change =
        PriceChange::parse(&body).map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let request = reading::keyed(key, &paths::operator::lead_price(lead_id), &body);
    let told = |update: &_| Answer::json(200, &json!(update));
    let answer = service::price::set(&core, lead_id, change, request, told).await;
    let answer = answer.map_err(|error| errors::once(error, errors::lead))?;
    Ok(answers::stored(answer))
}
