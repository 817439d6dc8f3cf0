//! Leads: feed in, list, read, close; and the routes of all that happens to a lead.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use protocol::id::{BusinessId, LeadId};
use protocol::json::sentence;
use protocol::lead::Lead;
use protocol::new_lead::NewLead;
use protocol::paths::operator as paths;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::lead::{LeadState, StoredLead};
use crate::operator::access::Operator;
use crate::operator::{answers, errors, messages, price, reading, review, targeting};
use crate::service;
use crate::service::idempotency::Answer;

/// Leads and what follows them.
pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(paths::LEADS, get(list_leads).post(create_lead))
        .route(paths::LEAD, get(get_lead))
        .route(
            paths::LEAD_MESSAGES,
            get(messages::list_lead_messages).post(messages::create_lead_message),
        )
        .route(paths::LEAD_PRICE, put(price::set_lead_price))
        .route(paths::LEAD_REVIEW, post(review::create_lead_review))
        .route(paths::LEAD_CLOSE, post(close_lead))
        .route(
            paths::BUSINESS_TARGETING,
            put(targeting::set_business_targeting),
        )
        .route(
            paths::BUSINESS_CATEGORY_TARGETING,
            put(targeting::set_business_category_targeting),
        )
}

/// `POST /operator/v1/leads`
pub(super) async fn create_lead(
    _: Operator,
    State(core): State<Core>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let new =
        NewLead::parse(&body).map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let request = reading::keyed(key, paths::LEADS, &body);
    let answer = service::lead::create(&core, new, request, created).await;
    let answer = answer.map_err(|error| errors::once(error, errors::create_lead))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/leads`, of one business with the parameter `business`
pub(super) async fn list_leads(
    _: Operator,
    State(core): State<Core>,
    page: PageQuery,
    RawQuery(query): RawQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let business_id: Option<BusinessId> =
        reading::parameter(&query.unwrap_or_default(), "business")?;
    let rows = service::lead::list(&core, business_id, answers::after(page), page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |stored: &StoredLead| stored.lead.lead_id.get();
    Ok(answers::page(page, rows, key, |stored| shown(&stored)))
}

/// `GET /operator/v1/leads/{leadID}`
pub(super) async fn get_lead(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let stored = service::lead::find(&core, lead_id).await;
    Ok(Json(shown(&stored.map_err(errors::lead)?)))
}

/// `POST /operator/v1/leads/{leadID}/close`
pub(super) async fn close_lead(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let lead_id: LeadId = path.id("leadID")?;
    let stored = service::lead::close(&core, lead_id).await;
    Ok(Json(shown(&stored.map_err(errors::lead)?)))
}

fn created(lead: &Lead) -> Answer {
    Answer::json(201, &json!(lead))
}

/// The lead in the shape of §4.1 with every member that is stored, and whether it is closed.
fn shown(stored: &StoredLead) -> Value {
    let mut shown = json!(stored.lead);
    shown["closedAt"] = match stored.state {
        LeadState::Open => Value::Null,
        LeadState::Closed { at } => json!(at.to_string()),
    };
    shown
}

#[cfg(test)]
mod tests;
