//! Pros: register, list, one.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base::Secret;
use base::password::LONGEST_PASSWORD;
use protocol::id::AccountId;
use protocol::json::Members;
use protocol::paths;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::pro::{Email, Pro};
use crate::domain::text::Name;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service;
use crate::service::idempotency::Answer;
use crate::service::pro::NewPro;

/// `POST /operator/v1/pros`
pub(super) async fn create_pro(
    _: Operator,
    State(core): State<Core>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let new = reading::members(&body, new_pro)?;
    let request = reading::keyed(key, paths::operator::PROS, &body);
    let answer =
        service::pro::register(&core, new, request, |pro| Answer::json(201, &shown(pro))).await;
    let answer = answer.map_err(|error| errors::once(error, errors::pro))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/pros`
pub(super) async fn list_pros(
    _: Operator,
    State(core): State<Core>,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let rows = service::pro::list(&core, answers::after(page), page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |pro: &Pro| pro.account_id.get();
    Ok(answers::page(page, rows, key, |pro| shown(&pro)))
}

/// `GET /operator/v1/pros/{account_id}`
pub(super) async fn get_pro(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let account_id: AccountId = path.id("account_id")?;
    let pro = service::pro::find(&core, account_id).await;
    let pro = pro.map_err(|error| errors::database(&error))?;
    let pro = pro.ok_or_else(|| errors::unknown("pro"))?;
    Ok(Json(shown(&pro)))
}

fn new_pro(members: &Members<'_>) -> Option<NewPro> {
    let email = members.required_parsed("email", Email::parse);
    let name = members.required_parsed("name", Name::parse);
    let password = members.required_parsed("password", password);
    Some(NewPro {
        email: email?,
        name: name?,
        password: password?,
    })
}

fn password(text: &str) -> Result<Secret, String> {
    if (1..=LONGEST_PASSWORD).contains(&text.len()) {
        Ok(Secret::new(text))
    } else {
        Err(format!("must have 1 to {LONGEST_PASSWORD} bytes"))
    }
}

fn shown(pro: &Pro) -> Value {
    json!({
        "account_id": pro.account_id,
        "email": pro.email,
        "name": pro.name,
        "created_at": pro.created_at.to_string(),
    })
}
