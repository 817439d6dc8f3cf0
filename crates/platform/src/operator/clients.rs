//! OAuth clients: register, list, one.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use protocol::id::PartnerId;
use protocol::json::Members;
use protocol::paths;
use protocol::scope::Scopes;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::PageQuery;
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::client::{
    Client, ClientKind, ClientLimit, ClientProfile, ReusePolicy, check_new_client_id,
};
use crate::domain::redirect_uri::RedirectUri;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service;
use crate::service::client_registration::{NewClient, RegisteredClient};
use crate::service::idempotency::Answer;

/// The most redirect URIs that a client can have.
const MOST_REDIRECT_URIS: usize = 50;

/// A client that has a rate of its own may ask for so many seconds' worth at once, unless told otherwise (§3.4).
const BURST_SECONDS: u32 = 3;

/// `POST /operator/v1/clients`
pub(super) async fn create_client(
    _: Operator,
    State(core): State<Core>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let new = reading::members(&body, new_client)?;
    let request = reading::keyed(key, paths::operator::CLIENTS, &body);
    let answer = service::client_registration::register(&core, new, request, registered).await;
    let answer = answer.map_err(|error| errors::once(error, errors::client))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/clients`. Their ids are text, and so is the cursor: the last id of the page.
pub(super) async fn list_clients(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = query.unwrap_or_default();
    let after = reading::text_parameter(&query, "after").unwrap_or_default();
    if !after.is_empty() && check_new_client_id(&after).is_err() {
        return Err(ApiError::bad_request(
            "The parameter after must be the `next` of an earlier page.",
        ));
    }
    let limit = reading::text_parameter(&query, "limit").map(|limit| format!("limit={limit}"));
    let page = PageQuery::parse(&limit.unwrap_or_default())?;
    let rows = service::client_registration::list(&core, &after, page.rows()).await;
    let mut rows = rows.map_err(|error| errors::database(&error))?;
    let has_more = rows.len() > usize::from(page.limit);
    rows.truncate(page.limit.into());
    let next = rows.last().filter(|_| has_more);
    let next = next.map(|client| client.client_id.as_str());
    let data: Vec<Value> = rows.iter().map(shown).collect();
    Ok(Json(json!({"data": data, "next": next})))
}

/// `GET /operator/v1/clients/{client_id}`
pub(super) async fn get_client(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let client_id = path.text("client_id")?;
    let client = service::client_registration::find(&core, client_id).await;
    let client = client.map_err(|error| errors::database(&error))?;
    let client = client.ok_or_else(|| errors::unknown("client"))?;
    Ok(Json(shown(&client)))
}

fn new_client(members: &Members<'_>) -> Option<NewClient> {
    let partner_id = members.required_parsed("partner_id", PartnerId::parse);
    let kind = members.required_parsed("kind", ClientKind::parse);
    let redirect_uris = redirect_uris(members, kind);
    let scopes = scopes(members);
    let profile = members.optional_parsed("profile", ClientProfile::parse);
    let reuse_policy = members.optional_parsed("reuse_policy", ReusePolicy::parse);
    let reconnect_replaces = members
        .optional("reconnect_replaces")
        .and_then(|_| members.required_bool("reconnect_replaces"));
    let limit = limit(members);
    Some(NewClient {
        partner_id: partner_id?,
        kind: kind?,
        redirect_uris: redirect_uris?,
        scopes: scopes?,
        profile: profile.unwrap_or(ClientProfile::Strict),
        reuse_policy: reuse_policy.unwrap_or(ReusePolicy::Deny),
        reconnect_replaces: reconnect_replaces.unwrap_or(false),
        limit,
    })
}

/// The redirect URIs, each once. Where the kind is missing they are judged as a production client's.
fn redirect_uris(members: &Members<'_>, kind: Option<ClientKind>) -> Option<Vec<RedirectUri>> {
    let items = members.required_array("redirect_uris")?;
    if items.len() > MOST_REDIRECT_URIS {
        let reason = format!("must have at most {MOST_REDIRECT_URIS} items");
        members.report("redirect_uris", reason);
        return None;
    }
    let kind = kind.unwrap_or(ClientKind::Production);
    let mut uris = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.as_str().map(|text| RedirectUri::parse(text, kind)) {
            Some(Ok(uri)) if uris.contains(&uri) => {}
            Some(Ok(uri)) => uris.push(uri),
            Some(Err(error)) => members.report("redirect_uris", format!("item {index} {error}")),
            None => members.report("redirect_uris", format!("item {index} must be a string")),
        }
    }
    Some(uris)
}

fn scopes(members: &Members<'_>) -> Option<Scopes> {
    let items = members.required_array("scopes")?;
    let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let Some(names) = names else {
        members.report("scopes", "must be an array of strings");
        return None;
    };
    match Scopes::parse(names) {
        Ok(scopes) => Some(scopes),
        Err(error) => {
            members.report("scopes", format!("cannot be granted: {error}"));
            None
        }
    }
}

fn limit(members: &Members<'_>) -> Option<ClientLimit> {
    let number = |name: &str| {
        members.optional(name)?;
        let count = members.required_count(name)?;
        let number = u32::try_from(count).ok().filter(|number| *number > 0);
        if number.is_none() {
            members.report(name, format!("must be a number from 1 to {}", u32::MAX));
        }
        number
    };
    let (per_second, burst) = (number("requests_per_second"), number("burst"));
    if members.optional("burst").is_some() && members.optional("requests_per_second").is_none() {
        members.report("burst", "needs requests_per_second beside it");
    }
    let per_second = per_second?;
    Some(ClientLimit {
        per_second,
        burst: burst.unwrap_or(per_second.saturating_mul(BURST_SECONDS)),
    })
}

fn registered(registered: &RegisteredClient) -> Answer {
    let client = &registered.client;
    let mut body = json!({
        "client_id": client.client_id,
        "client_secret": registered.secret.expose(),
    });
    if let (Value::Object(body), Value::Object(rest)) = (&mut body, shown(client)) {
        body.extend(rest);
    }
    Answer::json(201, &body)
}

fn shown(client: &Client) -> Value {
    let uris: Vec<&str> = client
        .redirect_uris
        .iter()
        .map(RedirectUri::as_str)
        .collect();
    json!({
        "client_id": client.client_id,
        "partner_id": client.partner_id,
        "kind": client.kind.as_str(),
        "redirect_uris": uris,
        "scopes": client.scopes,
        "profile": client.profile.as_str(),
        "reuse_policy": client.reuse_policy.as_str(),
        "reconnect_replaces": client.reconnect_replaces,
        "requests_per_second": client.limit.map(|limit| limit.per_second),
        "burst": client.limit.map(|limit| limit.burst),
        "created_at": client.created_at.to_string(),
    })
}
