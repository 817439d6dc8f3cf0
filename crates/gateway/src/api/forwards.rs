//! `/api/v1/forwards`: where events are pushed to. Deliveries are [`super::forward_deliveries`].

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::outgoing::AddressPolicy;
use delivery::EndpointView;
use http::StatusCode;
use jiff::Timestamp;
use protocol::event::{EventType, TEST_PING};
use protocol::id::BusinessId;
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Value, json};
use web::body::{JsonBody, OptionalJsonBody};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use super::errors;
use super::forward_deliveries::{DeliverySummary, summary};
use super::key::ApiKey;
use super::reading::{members, own_id};
use crate::core::Core;
use crate::domain::forward::{ForwardSettings, read_overlap};
use crate::service::forwards::{Profile, WithSecret};
use crate::service::{forward_control, forwards};
use crate::store::forward_secret::SecretRow;

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::FORWARDS, get(list_forwards).post(create_forward))
        .route(
            gateway::FORWARD,
            get(get_forward).put(replace_forward).delete(remove_forward),
        )
        .route(gateway::FORWARD_ROTATE, post(rotate_forward_secret))
        .route(gateway::FORWARD_PAUSE, post(pause_forward))
        .route(gateway::FORWARD_RESUME, post(resume_forward))
        .route(gateway::FORWARD_TEST, post(test_forward))
}

/// A forward as callers see it. Its secret is shown once, when it is made.
#[derive(Debug, Serialize)]
struct ForwardView {
    forward_id: String,
    url: String,
    description: String,
    /// `null` for all.
    event_types: Option<Vec<EventType>>,
    /// `null` for all.
    business_ids: Option<Vec<BusinessId>>,
    created_at: Timestamp,
    updated_at: Timestamp,
    secrets: Vec<SecretView>,
    health: Health,
}

/// A secret in force, without itself.
#[derive(Debug, Serialize)]
struct SecretView {
    created_at: Timestamp,
    /// Of one that was replaced.
    ends_at: Option<Timestamp>,
}

/// How the deliveries of a forward are doing.
#[derive(Debug, Serialize)]
struct Health {
    /// `ok`, `paused`, `held` or `gone`: the strongest of those that are true.
    state: &'static str,
    paused: bool,
    /// The URL answered 410; everything waits until somebody changes or resumes the forward.
    gone: bool,
    held_since: Option<Timestamp>,
    /// `failing`, `credentials` or `busy`.
    held_because: Option<&'static str>,
    next_probe_at: Option<Timestamp>,
    pending: u64,
    /// The newest, whatever became of it.
    last_delivery: Option<DeliverySummary>,
}

/// A forward with the secret that is shown this once.
#[derive(Debug, Serialize)]
struct ForwardWithSecret {
    #[serde(flatten)]
    forward: ForwardView,
    signing_secret: String,
}

async fn list_forwards(
    _: ApiKey,
    State(core): State<Core>,
    page: PageQuery,
) -> Result<Json<Listing<ForwardView>>, ApiError> {
    let before = page.after.map(|cursor| cursor.0);
    let profiles = forwards::list(&core, before, page.rows()).await;
    let profiles = profiles.map_err(|error| errors::database(&error))?;
    let listing = page.listing(profiles, |profile| profile.forward.forward_id);
    Ok(Json(listing.map(|profile| view(&profile))))
}

async fn create_forward(
    _: ApiKey,
    State(core): State<Core>,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let settings = settings(&core, &body)?;
    let made = forwards::create(&core, settings, key.as_deref()).await;
    let made = made.map_err(|error| errors::forward(&error))?;
    Ok((StatusCode::CREATED, Json(with_secret(&made))))
}

async fn get_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ForwardView>, ApiError> {
    let found = forwards::find(&core, own_id(&path, "forward_id")?).await;
    shown(found)
}

async fn replace_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    body: Result<JsonBody, ApiError>,
) -> Result<Json<ForwardView>, ApiError> {
    let (forward_id, JsonBody(body)) = (own_id(&path, "forward_id")?, body?);
    let settings = settings(&core, &body)?;
    shown(forwards::replace(&core, forward_id, settings).await)
}

async fn remove_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let forward_id = own_id(&path, "forward_id")?;
    let removed = forwards::remove(&core, forward_id).await;
    removed.map_err(|error| errors::forward(&error))?;
    Ok(Json(
        json!({"forward_id": forward_id.to_string(), "state": "removed"}),
    ))
}

/// The body may say how long the old secret is still used: `{"overlap_seconds": 86400}`.
async fn rotate_forward_secret(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Json<ForwardWithSecret>, ApiError> {
    let forward_id = own_id(&path, "forward_id")?;
    let overlap = members(&body.unwrap_or_else(|| json!({})), read_overlap)?;
    let rotated = forward_control::rotate_secret(&core, forward_id, overlap).await;
    let rotated = rotated.map_err(|error| errors::forward(&error))?;
    Ok(Json(with_secret(&rotated)))
}

async fn pause_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ForwardView>, ApiError> {
    shown(forward_control::pause(&core, own_id(&path, "forward_id")?).await)
}

async fn resume_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<ForwardView>, ApiError> {
    shown(forward_control::resume(&core, own_id(&path, "forward_id")?).await)
}

/// 202: it is on disk, and will be sent. What became of it is in the deliveries.
async fn test_forward(
    _: ApiKey,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<impl IntoResponse, ApiError> {
    let sent = forward_control::test(&core, own_id(&path, "forward_id")?).await;
    let delivery_id = sent.map_err(|error| errors::forward(&error))?;
    let answer = json!({"delivery_id": delivery_id, "type": TEST_PING});
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

fn settings(core: &Core, body: &Value) -> Result<ForwardSettings, ApiError> {
    let policy = if core.settings.allow_insecure_forwards {
        AddressPolicy::PublicAndLoopback
    } else {
        AddressPolicy::PublicOnly
    };
    members(body, |members| ForwardSettings::read(members, policy))
}

fn shown(found: Result<Profile, forwards::ForwardError>) -> Result<Json<ForwardView>, ApiError> {
    let found = found.map_err(|error| errors::forward(&error))?;
    Ok(Json(view(&found)))
}

fn with_secret(made: &WithSecret) -> ForwardWithSecret {
    ForwardWithSecret {
        forward: view(&made.profile),
        signing_secret: made.secret.expose().to_owned(),
    }
}

fn view(profile: &Profile) -> ForwardView {
    let (forward, settings) = (&profile.forward, &profile.forward.settings);
    let secret = |row: &SecretRow| SecretView {
        created_at: row.created_at,
        ends_at: row.ends_at,
    };
    ForwardView {
        forward_id: forward.forward_id.to_string(),
        url: settings.url.as_str().to_owned(),
        description: settings.description.clone(),
        event_types: settings.wanted.kinds().map(<[EventType]>::to_vec),
        business_ids: settings.wanted.businesses().map(<[BusinessId]>::to_vec),
        created_at: forward.created_at,
        updated_at: forward.updated_at,
        secrets: profile.secrets.iter().map(secret).collect(),
        health: health(profile),
    }
}

fn health(profile: &Profile) -> Health {
    let EndpointView {
        paused, gone, hold, ..
    } = &profile.endpoint;
    let state = match (paused, gone, hold) {
        (true, _, _) => "paused",
        (_, true, _) => "gone",
        (_, _, Some(_)) => "held",
        _ => "ok",
    };
    Health {
        state,
        paused: *paused,
        gone: *gone,
        held_since: hold.map(|hold| hold.since),
        held_because: hold.map(|hold| hold.reason.as_str()),
        next_probe_at: hold.map(|hold| hold.probe_at),
        pending: profile.pending,
        last_delivery: profile.last_delivery.as_ref().map(summary),
    }
}
