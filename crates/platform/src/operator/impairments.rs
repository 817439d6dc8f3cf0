//! Impairments of partners' endpoints (protocol §4.5): list, one.

use axum::Json;
use axum::extract::{RawQuery, State};
use protocol::id::ImpairmentId;
use serde_json::{Value, json};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::impairment::{Impairment, ImpairmentState, Reason};
use crate::operator::access::Operator;
use crate::operator::{answers, errors, reading};
use crate::service::impairment;
use crate::store::impairment::ImpairmentFilter;

/// `GET /operator/v1/impairments?partner=…&open=…`, newest first.
pub(super) async fn list_impairments(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let query = query.unwrap_or_default();
    let filter = ImpairmentFilter {
        partner_id: reading::parameter(&query, "partner")?,
        is_open: is_open(&query)?,
        before: page.after.map(|cursor| cursor.0),
    };
    let rows = impairment::list(&core, &filter, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    let key = |impairment: &Impairment| impairment.impairment_id.get();
    Ok(answers::page(page, rows, key, |impairment| {
        shown(&impairment)
    }))
}

/// `GET /operator/v1/impairments/{impairment_id}`
pub(super) async fn get_impairment(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let impairment_id: ImpairmentId = path.id("impairment_id")?;
    let found = impairment::find(&core, impairment_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let found = found.ok_or_else(|| errors::unknown("impairment"))?;
    let mut impairment = shown(&found.impairment);
    impairment["businesses_paused"] = found.businesses.paused.into();
    impairment["businesses_still_paused"] = found.businesses.standing.into();
    Ok(Json(impairment))
}

fn is_open(query: &str) -> Result<Option<bool>, ApiError> {
    match reading::text_parameter(query, "open").as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(ApiError::bad_request(
            "The parameter open must be true or false.",
        )),
    }
}

fn shown(impairment: &Impairment) -> Value {
    let (until, by) = match impairment.state {
        ImpairmentState::Open => (None, None),
        ImpairmentState::Over { until, by } => (Some(until.to_string()), Some(by.as_str())),
    };
    let reasons: Vec<&str> = impairment
        .told
        .iter()
        .map(|told| Reason::as_str(*told))
        .collect();
    let targeting = impairment.targeting;
    let resumed_at = targeting.and_then(|targeting| targeting.resumed_at);
    json!({
        "impairment_id": impairment.impairment_id,
        "partner_id": impairment.partner_id,
        "reason": impairment.reason.as_str(),
        "reasons": reasons,
        "since": impairment.since.to_string(),
        "until": until,
        "ended_by": by,
        "targeting_paused_at": targeting.map(|targeting| targeting.paused_at.to_string()),
        "targeting_resumed_at": resumed_at.map(|at| at.to_string()),
    })
}
