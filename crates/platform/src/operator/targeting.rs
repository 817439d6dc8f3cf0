//! Switching a business, or one of its categories, on and off for customers by hand.

use axum::Json;
use axum::extract::State;
use protocol::id::{BusinessId, CategoryId};
use protocol::json::sentence;
use protocol::targeting::TargetingChange;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::errors;
use crate::service::targeting::{self, Switch, SwitchedBy};

/// `PUT /operator/v1/businesses/{business_id}/targeting`
pub(super) async fn set_business_targeting(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let business_id: BusinessId = path.id("business_id")?;
    let change = change(body?)?;
    set(
        &core,
        Switch {
            business_id,
            category_id: None,
            change,
        },
    )
    .await
}

/// `PUT /operator/v1/businesses/{business_id}/categories/{category_id}/targeting`
pub(super) async fn set_business_category_targeting(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let business_id: BusinessId = path.id("business_id")?;
    let category_id: CategoryId = path.id("category_id")?;
    let change = change(body?)?;
    set(
        &core,
        Switch {
            business_id,
            category_id: Some(category_id),
            change,
        },
    )
    .await
}

async fn set(core: &Core, switch: Switch) -> Result<Json<Value>, ApiError> {
    let switched = targeting::set(core, SwitchedBy::Operator, switch).await;
    switched.map_err(errors::targeting)?;
    Ok(Json(json!({
        "business_id": switch.business_id,
        "category_id": switch.category_id,
        "enabled": switch.change.enabled,
    })))
}

fn change(JsonBody(body): JsonBody) -> Result<TargetingChange, ApiError> {
    TargetingChange::parse(&body).map_err(|problems| ApiError::bad_request(sentence(&problems)))
}
