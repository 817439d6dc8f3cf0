//! Connections that stand: list, end.

use axum::Json;
use axum::extract::{RawQuery, State};
use protocol::id::BusinessId;
use serde_json::{Value, json};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service;
use crate::service::disconnect::Disconnector;
use crate::store::connection::{Connection, ConnectionFilter};

/// `GET /operator/v1/connections?business=…&client=…`
pub(super) async fn list_connections(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let query = query.unwrap_or_default();
    let filter = ConnectionFilter {
        business_id: reading::parameter(&query, "business")?,
        client_id: reading::text_parameter(&query, "client"),
    };
    let after = answers::after(page);
    let rows = service::connections::list(&core, &filter, after, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |connection: &Connection| connection.grant_id;
    Ok(answers::page(page, rows, key, |connection| {
        shown(&connection)
    }))
}

/// `DELETE /operator/v1/connections/{client_id}/{business_id}`: as the client's own disconnect (§2.4).
pub(super) async fn delete_connection(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let client_id = path.text("client_id")?;
    let business_id: BusinessId = path.id("business_id")?;
    let client = service::client_registration::find(&core, client_id).await;
    let client = client.map_err(|error| errors::database(&error))?;
    let client = client.ok_or_else(|| errors::unknown("client"))?;
    let by = Disconnector::Operator;
    let ended = service::disconnect::disconnect(&core, by, &client.client_id, business_id).await;
    ended.map_err(errors::disconnect)?;
    Ok(Json(
        json!({"client_id": client.client_id, "business_id": business_id}),
    ))
}

fn shown(connection: &Connection) -> Value {
    json!({
        "client_id": connection.client_id,
        "partner_id": connection.partner_id,
        "kind": connection.kind,
        "business_id": connection.business_id,
        "account_id": connection.account_id,
        "scopes": connection.scopes,
        "connected_at": connection.connected_at.to_string(),
    })
}
