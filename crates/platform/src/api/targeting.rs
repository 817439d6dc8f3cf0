//! Switching a business, or one of its categories, on and off for customers (protocol §3.2).

use axum::Json;
use axum::extract::State;
use protocol::id::{BusinessId, CategoryId};
use protocol::json::sentence;
use protocol::paths::partner::OWN_ACCOUNT;
use protocol::targeting::TargetingChange;
use web::body::JsonBody;
use web::error::ApiError;
use web::path::PathSegments;

use crate::api::bearer::{Bearer, Targeting};
use crate::api::errors;
use crate::api::success::{Success, success};
use crate::core::Core;
use crate::service::targeting::{self, Switch, SwitchedBy};

/// `PATCH /v3/accounts/{accountID}/services/{serviceID}/preferences/targeting`
pub(super) async fn set_targeting(
    bearer: Bearer<Targeting>,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Success>, ApiError> {
    switch(&core, bearer, &path, None, body).await
}

/// `PATCH /v3/accounts/{accountID}/services/{serviceID}/categories/{categoryID}/preferences/targeting`
pub(super) async fn set_category_targeting(
    bearer: Bearer<Targeting>,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Success>, ApiError> {
    // The service is named before the category in the path, so its problem is told first.
    let _: BusinessId = path.id("serviceID")?;
    let category_id: CategoryId = path.id("categoryID")?;
    switch(&core, bearer, &path, Some(category_id), body).await
}

async fn switch(
    core: &Core,
    bearer: Bearer<Targeting>,
    path: &PathSegments,
    category_id: Option<CategoryId>,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Success>, ApiError> {
    let business_id = path.id("serviceID")?;
    check_account(&bearer, path.text("accountID")?)?;
    bearer.check_owns(business_id)?;
    let JsonBody(body) = body?;
    let change = TargetingChange::parse(&body);
    let change = change.map_err(|problems| ApiError::bad_request(sentence(&problems)))?;
    let switch = Switch {
        business_id,
        category_id,
        change,
    };
    let switched = targeting::set(core, SwitchedBy::Client(bearer.access), switch).await;
    switched.map_err(errors::targeting)?;
    Ok(success())
}

/// Refuses, with 401, an account that is neither `~` nor the token's own.
fn check_account(bearer: &Bearer<Targeting>, account: &str) -> Result<(), ApiError> {
    if account == OWN_ACCOUNT || account == bearer.access.account_id.to_string() {
        Ok(())
    } else {
        Err(ApiError::invalid_token(
            "The access token is for another account.",
        ))
    }
}
