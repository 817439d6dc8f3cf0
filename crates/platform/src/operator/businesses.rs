//! Businesses: register, list, one with its categories and targeting.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use protocol::id::{AccountId, BusinessId};
use protocol::json::Members;
use protocol::paths;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing as Page, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::business::{Business, BusinessCategory};
use crate::domain::text::Name;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service;
use crate::service::business::{Listing, NewBusiness};
use crate::service::idempotency::Answer;

/// The most kinds of work that a business can be registered with.
const MOST_CATEGORIES: usize = 100;

/// `POST /operator/v1/businesses`
pub(super) async fn create_business(
    _: Operator,
    State(core): State<Core>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let new = reading::members(&body, new_business)?;
    let request = reading::keyed(key, paths::operator::BUSINESSES, &body);
    let answer = service::business::register(&core, new, request, created).await;
    let answer = answer.map_err(|error| errors::once(error, errors::business))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/businesses`
pub(super) async fn list_businesses(
    _: Operator,
    State(core): State<Core>,
    page: PageQuery,
) -> Result<Json<Page<Value>>, ApiError> {
    let rows = service::business::list(&core, answers::after(page), page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |business: &Business| business.business_id.get();
    Ok(answers::page(page, rows, key, |business| shown(&business)))
}

/// `GET /operator/v1/businesses/{business_id}`
pub(super) async fn get_business(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let business_id: BusinessId = path.id("business_id")?;
    let listing = service::business::find(&core, business_id).await;
    let listing = listing.map_err(|error| errors::database(&error))?;
    let listing = listing.ok_or_else(|| errors::unknown("business"))?;
    let mut business = shown(&listing.business);
    business["categories"] = shown_categories(&listing.categories);
    Ok(Json(business))
}

fn new_business(members: &Members<'_>) -> Option<NewBusiness> {
    let account_id = members.required_parsed("account_id", AccountId::parse);
    let name = members.required_parsed("name", Name::parse);
    let categories = categories(members);
    Some(NewBusiness {
        account_id: account_id?,
        name: name?,
        categories: categories?,
    })
}

/// The names of the categories, each once.
fn categories(members: &Members<'_>) -> Option<Vec<Name>> {
    let items = members.required_array("categories")?;
    if items.len() > MOST_CATEGORIES {
        members.report(
            "categories",
            format!("must have at most {MOST_CATEGORIES} items"),
        );
        return None;
    }
    let mut names: Vec<Name> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.as_str().map(Name::parse) {
            Some(Ok(name)) if names.contains(&name) => {}
            Some(Ok(name)) => names.push(name),
            Some(Err(error)) => members.report("categories", format!("item {index} {error}")),
            None => members.report("categories", format!("item {index} must be a string")),
        }
    }
    Some(names)
}

fn created(listing: &Listing) -> Answer {
    let business = &listing.business;
    let body = json!({
        "business_id": business.business_id,
        "categories": shown_categories(&listing.categories),
        "account_id": business.account_id,
        "name": business.name,
        "targeting": business.targeting,
    });
    Answer::json(201, &body)
}

fn shown(business: &Business) -> Value {
    json!({
        "business_id": business.business_id,
        "account_id": business.account_id,
        "name": business.name,
        "targeting": business.is_offered(),
        "targeting_paused": business.targeting_paused,
        "created_at": business.created_at.to_string(),
    })
}

fn shown_categories(categories: &[BusinessCategory]) -> Value {
    let shown = |category: &BusinessCategory| {
        json!({
            "category_id": category.category_id,
            "name": category.name,
            "targeting": category.targeting,
        })
    };
    categories.iter().map(shown).collect()
}
