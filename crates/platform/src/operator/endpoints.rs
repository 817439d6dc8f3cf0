//! Where a partner receives: read, replace.

use axum::Json;
use axum::extract::State;
use base::outgoing::AddressPolicy;
use protocol::id::PartnerId;
use serde_json::{Map, Value, json};
use web::body::JsonBody;
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::endpoint::{Endpoint, EndpointSettings, Kind};
use crate::operator::access::Operator;
use crate::operator::{errors, reading};
use crate::service;

/// `GET /operator/v1/partners/{partner_id}/endpoints`
pub(super) async fn get_partner_endpoints(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let profile = service::partner::find(&core, partner_id).await;
    let profile = profile.map_err(|error| errors::database(&error))?;
    let endpoint = profile.and_then(|profile| profile.endpoint);
    let endpoint = endpoint.ok_or_else(|| errors::unknown("partner that receives anything"))?;
    Ok(Json(shown(&endpoint)))
}

/// `PUT /operator/v1/partners/{partner_id}/endpoints`
pub(super) async fn set_partner_endpoints(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let JsonBody(body) = body?;
    let settings = reading::members(&body, |members| {
        EndpointSettings::read(members, policy(&core))
    })?;
    let endpoint = service::partner::set_endpoint(&core, partner_id, settings).await;
    let endpoint = endpoint.map_err(errors::partner)?;
    Ok(Json(shown(&endpoint)))
}

/// What may be delivered to: loopback only where the sandbox's setting allows it.
pub(super) fn policy(core: &Core) -> AddressPolicy {
    if core.settings.allow_insecure_endpoints {
        AddressPolicy::PublicAndLoopback
    } else {
        AddressPolicy::PublicOnly
    }
}

/// The members of an endpoint but for its secrets; whether there is a signing secret is told.
pub(super) fn shown(endpoint: &Endpoint) -> Value {
    let mut members = Map::new();
    for kind in Kind::ALL {
        let target = endpoint.targets.get(kind);
        let url = target.map(|target| target.url.as_str());
        let method = target.map_or(kind.usual_method(), |target| target.method);
        members.insert(kind.url_member().to_owned(), url.into());
        members.insert(kind.method_member().to_owned(), method.as_str().into());
    }
    members.insert("username".to_owned(), endpoint.username.as_str().into());
    members.insert("fields".to_owned(), json!(endpoint.fields));
    let signs = endpoint.signing_secret_sealed.is_some();
    members.insert("has_signing_secret".to_owned(), signs.into());
    Value::Object(members)
}
