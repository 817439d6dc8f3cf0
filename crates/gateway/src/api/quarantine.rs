//! `/api/v1/quarantine`: bodies that could not be read, for a person to look at and to read again.

use axum::extract::{Path, RawQuery, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Value, json};
use web::body::OptionalJsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::parameters::Parameters;

use super::errors;
use super::key::ApiKey;
use crate::core::Core;
use crate::service::quarantine;
use crate::store::quarantine::QuarantineRow;

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::QUARANTINE, get(list_quarantine))
        .route(gateway::QUARANTINE_ENTRY, get(get_quarantine_entry))
        .route(
            gateway::QUARANTINE_REPROCESS,
            post(reprocess_quarantine_entry),
        )
}

#[derive(Serialize)]
struct Entry {
    quarantine_id: String,
    kind: String,
    state: String,
    problems: Value,
    /// The body's text as it came.
    body: String,
    received_at: Timestamp,
    processed_at: Option<Timestamp>,
}

async fn list_quarantine(
    _: ApiKey,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
) -> Result<Json<Listing<Entry>>, ApiError> {
    let query = query.unwrap_or_default();
    let page = PageQuery::parse(&query)?;
    let parameters = Parameters::parse_query(&query, &[])?;
    let state = parameters.get("state").unwrap_or("open");
    if !matches!(state, "open" | "processed") {
        return Err(ApiError::bad_request(
            "The parameter state must be `open` or `processed`.",
        ));
    }
    let before = page.after.map(|cursor| cursor.0);
    let rows = quarantine::list(&core, state, before, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    Ok(Json(page.listing(rows, |row| row.quarantine_id).map(entry)))
}

async fn get_quarantine_entry(
    _: ApiKey,
    State(core): State<Core>,
    Path(entry_id): Path<String>,
) -> Result<Json<Entry>, ApiError> {
    let found = quarantine::find(&core, parse_id(&entry_id)?).await;
    let found = found.map_err(|error| errors::database(&error))?;
    found
        .map(entry)
        .map(Json)
        .ok_or_else(|| ApiError::not_found("There is no such body in quarantine."))
}

/// With `{"body": {…}}` the corrected body is read in place of the one that came.
async fn reprocess_quarantine_entry(
    _: ApiKey,
    State(core): State<Core>,
    Path(entry_id): Path<String>,
    OptionalJsonBody(request): OptionalJsonBody,
) -> Result<Json<Value>, ApiError> {
    let corrected = request.and_then(|mut request| request.get_mut("body").map(Value::take));
    let done = quarantine::reprocess(&core, parse_id(&entry_id)?, corrected).await;
    done.map_err(|error| errors::reprocess(&error))?;
    Ok(Json(json!({"state": "processed"})))
}

fn parse_id(text: &str) -> Result<i64, ApiError> {
    let number = text.parse().ok().filter(|number: &i64| *number > 0);
    number.ok_or_else(|| {
        ApiError::bad_request("The quarantine id in the path must be decimal digits.")
    })
}

fn entry(row: QuarantineRow) -> Entry {
    Entry {
        quarantine_id: row.quarantine_id.to_string(),
        kind: row.kind,
        state: row.state,
        problems: serde_json::from_str(&row.problems).unwrap_or_default(),
        body: row.body,
        received_at: row.received_at,
        processed_at: row.processed_at,
    }
}
