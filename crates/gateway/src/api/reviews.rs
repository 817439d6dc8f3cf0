//! `/api/v1/reviews`: what customers said of a business.

use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use protocol::id::BusinessId;
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Map, Value};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::parameters::Parameters;

use super::errors;
use super::key::ApiKey;
use crate::core::Core;
use crate::domain::lead_view;
use crate::service::inbox;

pub(super) fn routes() -> Router<Core> {
    Router::new().route(gateway::REVIEWS, get(list_reviews))
}

/// A review: the members of protocol §4.4 as they came, then ours.
#[derive(Serialize)]
struct ReviewView {
    #[serde(flatten)]
    event: Map<String, Value>,
    received_at: Timestamp,
}

async fn list_reviews(
    _: ApiKey,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
) -> Result<Json<Listing<ReviewView>>, ApiError> {
    let query = query.unwrap_or_default();
    let page = PageQuery::parse(&query)?;
    let parameters = Parameters::parse_query(&query, &[])?;
    let business_id = parameters
        .get("business")
        .map(BusinessId::parse)
        .transpose();
    let business_id = business_id
        .map_err(|error| ApiError::bad_request(format!("The parameter business {error}.")))?;
    let before = page.after.map(|cursor| cursor.0);
    let rows = inbox::reviews(&core, business_id, before, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let view = |row: crate::store::review::ReviewRow| ReviewView {
        event: lead_view::object(&row.body),
        received_at: row.received_at,
    };
    Ok(Json(page.listing(rows, |row| row.review_id).map(view)))
}
