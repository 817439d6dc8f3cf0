//! `/api/v1/connections`: which businesses are connected, starting a connection, ending one.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use protocol::id::BusinessId;
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::json;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use super::errors;
use super::key::ApiKey;
use crate::core::Core;
use crate::service::{connect, connections};
use crate::store::connection::ConnectionRow;

/// How long a refresh token lives (protocol §2.2).
const REFRESH_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(720);

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(
            gateway::CONNECTIONS,
            get(list_connections).post(start_connection),
        )
        .route(
            gateway::CONNECTION,
            get(get_connection).delete(end_connection),
        )
}

/// A connection as callers see it. Secrets are not among its members.
#[derive(Debug, Serialize)]
struct ConnectionView {
    business_id: String,
    business_name: String,
    /// `connected`, `reconnect_needed` or `disconnected`.
    state: String,
    /// Why it is not connected: a name for programs.
    reason: Option<String>,
    /// Why the pro has to connect again, in words for people.
    reconnect_reason: Option<String>,
    scope: Vec<String>,
    since: Timestamp,
    access_token_expires_at: Option<Timestamp>,
    refresh_token_expires_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// When the customers' data of the business will have been destroyed.
    purge_due_at: Option<Timestamp>,
}

async fn list_connections(
    _: ApiKey,
    State(core): State<Core>,
    page: PageQuery,
) -> Result<Json<Listing<ConnectionView>>, ApiError> {
    let before = page.after.map(|cursor| cursor.0);
    let rows = connections::list(&core, before, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    Ok(Json(page.listing(rows, |row| row.connection_id).map(view)))
}

async fn start_connection(
    _: ApiKey,
    State(core): State<Core>,
) -> Result<impl IntoResponse, ApiError> {
    let url = connect::start(&core).await;
    let url = url.map_err(|error| errors::database(&error))?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"connect_url": url.as_str()})),
    ))
}

async fn get_connection(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ConnectionView>, ApiError> {
    let business_id: BusinessId = path.id("business_id")?;
    let found = connections::find(&core, business_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let unknown = || ApiError::not_found("No business with this id was ever connected.");
    found.map(view).map(Json).ok_or_else(unknown)
}

async fn end_connection(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ConnectionView>, ApiError> {
    let business_id: BusinessId = path.id("business_id")?;
    let ended = connections::disconnect(&core, business_id).await;
    ended
        .map(view)
        .map(Json)
        .map_err(|error| errors::call(&error))
}

fn view(row: ConnectionRow) -> ConnectionView {
    let reconnect_reason = connections::reconnect_reason(&row);
    let refresh_ends = |issued: Timestamp| issued.saturating_add(REFRESH_TOKEN_LIFETIME).ok();
    ConnectionView {
        business_id: row.business_id.to_string(),
        reconnect_reason: reconnect_reason.map(|reason| reason.to_string()),
        scope: row.scopes.split_whitespace().map(str::to_owned).collect(),
        since: row.created_at,
        access_token_expires_at: row.access_expires_at,
        refresh_token_expires_at: row.refresh_issued_at.and_then(refresh_ends),
        business_name: row.business_name,
        state: row.state,
        reason: row.reason,
        ended_at: row.ended_at,
        purge_due_at: row.purge_due_at,
    }
}
