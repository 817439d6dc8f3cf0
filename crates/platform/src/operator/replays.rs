//! Replays: sending a partner again what died. Begin, list, one, stop.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use delivery::replay::{Rate, ReplayView, Span, Stopped};
use protocol::id::{PartnerId, ReplayId};
use protocol::json::Members;
use protocol::paths;
use serde_json::{Value, json};
use web::body::JsonBody;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;
use web::path::PathSegments;

use crate::core::Core;
use crate::delivery_shapes::moment;
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service::idempotency::Answer;
use crate::service::replays::{self, Wanted};

/// `POST /operator/v1/partners/{partner_id}/replay`: a job, or with `dry_run` how much it would be.
pub(super) async fn replay_partner(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    key: IdempotencyKey,
    body: Result<JsonBody, ApiError>,
) -> Result<Response, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let JsonBody(body) = body?;
    let (wanted, is_dry) = reading::members(&body, |members| wanted(members, partner_id))?;
    if is_dry {
        let surveyed = replays::survey(&core, &wanted).await;
        let (span, survey) = surveyed.map_err(errors::partner)?;
        return Ok(Json(surveyed_shape(&wanted, &span, survey.total)).into_response());
    }
    let request = reading::keyed(key, &paths::operator::partner_replay(partner_id), &body);
    let answer = replays::start(&core, &wanted, request, started).await;
    let answer = answer.map_err(|error| errors::once(error, errors::partner))?;
    Ok(answers::stored(answer))
}

/// `GET /operator/v1/replays?partner=…`, newest first.
pub(super) async fn list_replays(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let partner_id = reading::parameter(&query.unwrap_or_default(), "partner")?;
    let after = page.after.and_then(|cursor| ReplayId::from_i64(cursor.0));
    let limit = usize::from(page.limit) + 1;
    let rows = replays::list(&core, partner_id, after, limit).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |replay: &ReplayView| replay.replay_id.get();
    Ok(answers::page(page, rows, key, |replay| shown(&replay)))
}

/// `GET /operator/v1/replays/{replay_id}`
pub(super) async fn get_replay(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let replay_id: ReplayId = path.id("replay_id")?;
    let found = replays::find(&core, replay_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let found = found.ok_or_else(|| errors::unknown("replay"))?;
    Ok(Json(shown(&found)))
}

/// `POST /operator/v1/replays/{replay_id}/cancel`. Stopping it again changes nothing.
pub(super) async fn cancel_replay(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let replay_id: ReplayId = path.id("replay_id")?;
    let stopped = replays::cancel(&core, replay_id).await;
    match stopped.map_err(|error| errors::database(&error))? {
        Stopped::Now(replay) => Ok(Json(shown(&replay))),
        Stopped::Before(replay) if replay.state.as_str() == "cancelled" => Ok(Json(shown(&replay))),
        Stopped::Before(_) => Err(ApiError::conflict("The replay is done.")),
        Stopped::Unknown => Err(errors::unknown("replay")),
    }
}

/// What is to be replayed, and whether only to look.
fn wanted(members: &Members<'_>, partner_id: PartnerId) -> Option<(Wanted, bool)> {
    let since = members.required_parsed("since", moment);
    let until = members.optional_parsed("until", moment);
    if since.zip(until).is_some_and(|(since, until)| until < since) {
        members.report("until", "must not be before /since");
    }
    let rate = match members.optional("rate_per_second") {
        None => Some(Rate::default()),
        Some(value) => {
            let rate = value.as_u64().map(Rate::new).and_then(Result::ok);
            if rate.is_none() {
                members.report("rate_per_second", delivery::replay::RateError.to_string());
            }
            rate
        }
    };
    let is_dry = match members.optional("dry_run") {
        None => Some(false),
        Some(_) => members.required_bool("dry_run"),
    };
    let wanted = Wanted {
        partner_id,
        since: since?,
        until,
        rate: rate?,
    };
    Some((wanted, is_dry?))
}

fn surveyed_shape(wanted: &Wanted, span: &Span, total: u64) -> Value {
    json!({
        "dry_run": true,
        "partner_id": wanted.partner_id,
        "since": span.since.to_string(),
        "until": span.until.to_string(),
        "rate_per_second": wanted.rate.per_second(),
        "total": total,
    })
}

fn started(replay: &ReplayView) -> Answer {
    Answer::json(202, &shown(replay))
}

fn shown(replay: &ReplayView) -> Value {
    json!({
        "replay_id": replay.replay_id,
        "partner_id": replay.span.endpoint_id.to_string(),
        "state": replay.state.as_str(),
        "since": replay.span.since.to_string(),
        "until": replay.span.until.to_string(),
        "rate_per_second": replay.rate.per_second(),
        "total": replay.total,
        "replayed": replay.replayed,
        "created_at": replay.created_at.to_string(),
        "finished_at": replay.state.finished_at().map(|at| at.to_string()),
    })
}
