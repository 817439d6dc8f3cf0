//! Impairments of partners' endpoints (protocol §4.5): list, one, and the leads that were charged meanwhile and came late.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use protocol::id::ImpairmentId;
use serde_json::{Value, json};
use web::cursor::{Cursor, Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::domain::impairment::{Impairment, ImpairmentState, Reason};
use crate::operator::access::Operator;
use crate::operator::{answers, csv, errors, reading};
use crate::service::charged_leads::{self, ChargedLeads};
use crate::service::impairment;
use crate::store::charged_lead::ChargedLead;
use crate::store::impairment::ImpairmentFilter;

/// So many leads are read at once for a table, and so many times at most: the caller goes on after the last.
const TABLE_ROWS: i64 = 500;
const TABLE_PARTS: usize = 20;

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

/// `GET /operator/v1/impairments/{impairment_id}/charged-leads`, oldest first; as a table with `Accept: text/csv`.
pub(super) async fn list_charged_leads(
    _: Operator,
    State(core): State<Core>,
    headers: HeaderMap,
    path: PathSegments,
    page: PageQuery,
) -> Result<Response, ApiError> {
    let impairment_id: ImpairmentId = path.id("impairment_id")?;
    if csv::is_wanted(&headers) {
        return table(&core, impairment_id, answers::after(page)).await;
    }
    let found = part(&core, impairment_id, answers::after(page), page.rows()).await?;
    let listing = page.listing(found.leads, |lead| lead.lead_id.get());
    let data: Vec<Value> = listing.data.iter().map(shown_lead).collect();
    let body = json!({"data": data, "next": listing.next, "complete": found.is_complete});
    Ok(Json(body).into_response())
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

async fn part(
    core: &Core,
    impairment_id: ImpairmentId,
    after: i64,
    limit: i64,
) -> Result<ChargedLeads, ApiError> {
    let found = charged_leads::list(core, impairment_id, after, limit).await;
    let found = found.map_err(|error| errors::database(&error))?;
    found.ok_or_else(|| errors::unknown("impairment"))
}

/// All leads after this one, or as many as one table holds; then a link leads to the rest (RFC 8288).
async fn table(
    core: &Core,
    impairment_id: ImpairmentId,
    mut after: i64,
) -> Result<Response, ApiError> {
    let mut table = csv::line(&COLUMNS);
    for _ in 0..TABLE_PARTS {
        let leads = part(core, impairment_id, after, TABLE_ROWS).await?.leads;
        table.extend(leads.iter().map(table_line));
        let full = i64::try_from(leads.len()).unwrap_or(i64::MAX) == TABLE_ROWS;
        match leads.last() {
            Some(last) if full => after = last.lead_id.get(),
            _ => return Ok(csv::answer(table)),
        }
    }
    let next = Cursor(after).encode();
    let link = [("link", format!("<?after={next}>; rel=\"next\""))];
    Ok((link, csv::answer(table)).into_response())
}

const COLUMNS: [&str; 8] = [
    "leadID",
    "business_id",
    "created_at",
    "leadPrice",
    "chargeState",
    "delivery_id",
    "state",
    "delivered_at",
];

fn table_line(lead: &ChargedLead) -> String {
    let delivered_at = lead.delivered_at.map(|at| at.to_string());
    csv::line(&[
        &lead.lead_id.to_string(),
        &lead.business_id.to_string(),
        &lead.created_at.to_string(),
        lead.price.as_deref().unwrap_or_default(),
        "Charged",
        &lead.delivery_id.to_string(),
        &lead.state,
        delivered_at.as_deref().unwrap_or_default(),
    ])
}

fn shown_lead(lead: &ChargedLead) -> Value {
    json!({
        "leadID": lead.lead_id,
        "business_id": lead.business_id,
        "created_at": lead.created_at.to_string(),
        "leadPrice": lead.price,
        "chargeState": "Charged",
        "delivery_id": lead.delivery_id,
        "state": lead.state,
        "delivered_at": lead.delivered_at.map(|at| at.to_string()),
    })
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
