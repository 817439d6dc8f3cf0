//! Partners: set up, list, one with its endpoint.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use protocol::id::PartnerId;
use protocol::json::Members;
use protocol::paths;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::endpoint::EndpointSettings;
use crate::domain::partner::Partner;
use crate::domain::text::Name;
use crate::operator::access::Operator;
use crate::operator::{answers, endpoints, errors, reading};
use crate::service;
use crate::service::idempotency::Answer;
use crate::service::partner::{CreatedPartner, NewPartner};

/// `POST /operator/v1/partners`
pub(super) async fn create_partner(
    _: Operator,
    State(core): State<Core>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let new = reading::members(&body, |members| new_partner(members, &core))?;
    let request = reading::keyed(key, paths::operator::PARTNERS, &body);
    let answer = service::partner::create(&core, new, request, created).await;
    let answer = answer.map_err(|error| errors::once(error, errors::partner))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/partners`
pub(super) async fn list_partners(
    _: Operator,
    State(core): State<Core>,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let rows = service::partner::list(&core, answers::after(page), page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |partner: &Partner| partner.partner_id.get();
    Ok(answers::page(page, rows, key, |partner| shown(&partner)))
}

/// `GET /operator/v1/partners/{partner_id}`
pub(super) async fn get_partner(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let profile = service::partner::find(&core, partner_id).await;
    let profile = profile.map_err(|error| errors::database(&error))?;
    let profile = profile.ok_or_else(|| errors::unknown("partner"))?;
    let mut partner = shown(&profile.partner);
    partner["endpoints"] = profile.endpoint.as_ref().map(endpoints::shown).into();
    Ok(Json(partner))
}

fn new_partner(members: &Members<'_>, core: &Core) -> Option<NewPartner> {
    let name = members.required_parsed("name", Name::parse);
    let endpoint = EndpointSettings::is_in(members)
        .then(|| EndpointSettings::read(members, endpoints::policy(core)));
    Some(NewPartner {
        name: name?,
        endpoint: match endpoint {
            Some(settings) => Some(settings?),
            None => None,
        },
    })
}

fn created(created: &CreatedPartner) -> Answer {
    let partner = &created.partner;
    let body = json!({
        "partner_id": partner.partner_id,
        "username": partner.username,
        "password": created.password.expose(),
        "name": partner.name,
        "created_at": partner.created_at.to_string(),
    });
    Answer::json(201, &body)
}

fn shown(partner: &Partner) -> Value {
    json!({
        "partner_id": partner.partner_id,
        "name": partner.name,
        "username": partner.username,
        "created_at": partner.created_at.to_string(),
    })
}
