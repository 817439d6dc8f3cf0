//! Switching a business's targeting, or that of one of its categories.

use axum::extract::State;
use axum::routing::put;
use axum::{Json, Router};
use protocol::json::sentence;
use protocol::paths::gateway;
use protocol::targeting::TargetingChange;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::error::ApiError;
use web::path::PathSegments;

use super::errors;
use super::key::ApiKey;
use crate::core::Core;
use crate::service::targeting::{self, Target};

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::TARGETING, put(switch_targeting))
        .route(gateway::CATEGORY_TARGETING, put(switch_category_targeting))
}

async fn switch_targeting(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let target = Target::Business(path.id("business_id")?);
    switch(&core, target, &body).await
}

async fn switch_category_targeting(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let target = Target::Category(path.id("business_id")?, path.id("category_id")?);
    switch(&core, target, &body).await
}

async fn switch(core: &Core, target: Target, body: &Value) -> Result<Json<Value>, ApiError> {
    let change = TargetingChange::parse(body);
    let change = change.map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let done = targeting::switch(core, target, change).await;
    done.map_err(|error| errors::call(&error))?;
    Ok(Json(json!({"enabled": change.enabled})))
}
