//! A customer's review of a lead's business: feed in.

use axum::extract::State;
use axum::response::Response;
use protocol::id::LeadId;
use protocol::json::sentence;
use protocol::paths;
use protocol::review::{NewReview, ReviewEvent};
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

/// `POST /operator/v1/leads/{leadID}/review`
pub(super) async fn create_lead_review(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    key: IdempotencyKey,
    body: Result<JsonBody, ApiError>,
) -> Result<Response, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let JsonBody(body) = body?;
    let new =
        NewReview::parse(&body).map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let request = reading::keyed(key, &paths::operator::lead_review(lead_id), &body);
    let answer = service::review::create(&core, lead_id, new, request, created).await;
    let answer = answer.map_err(|error| errors::once(error, errors::lead))?;
    Ok(answers::stored(answer))
}

/// The review in the shape of §4.4, with its id in front.
fn created(event: &ReviewEvent) -> Answer {
    let body = json!({
        "reviewID": event.review.review_id,
        "review": event.review,
        "reviewEventType": event.event_type,
    });
    Answer::json(201, &body)
}
