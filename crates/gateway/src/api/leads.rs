//! `/api/v1/leads`: what arrived, as it stands.

use axum::extract::{Path, RawQuery, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId};
use protocol::paths::gateway;
use serde::Serialize;
use serde_json::{Map, Value, json};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::parameters::Parameters;

use super::errors;
use super::key::ApiKey;
use crate::core::Core;
use crate::domain::lead_view;
use crate::service::inbox::{self, Conversation, MessageWithRevisions};
use crate::store::lead::{LeadFilter, LeadRow};
use crate::store::lead_update::LeadUpdateRow;
use crate::store::reply::ReplyRow;
use crate::store::revision::RevisionRow;

pub(super) fn routes() -> Router<Core> {
    Router::new()
        .route(gateway::LEADS, get(list_leads))
        .route(gateway::LEAD, get(get_lead))
        .route(gateway::LEAD_READ, post(mark_lead_read))
}

/// A lead in a list: the members of protocol §4.1 as they came, then ours.
#[derive(Serialize)]
struct LeadSummary {
    #[serde(flatten)]
    lead: Map<String, Value>,
    received_at: Timestamp,
    status: String,
    unread: bool,
}

/// One lead: as in the list, with its timeline.
#[derive(Serialize)]
struct LeadWithTimeline {
    #[serde(flatten)]
    summary: LeadSummary,
    timeline: Vec<Value>,
}

async fn list_leads(
    _: ApiKey,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
) -> Result<Json<Listing<LeadSummary>>, ApiError> {
    let query = query.unwrap_or_default();
    let page = PageQuery::parse(&query)?;
    let filter = filter(&Parameters::parse_query(&query, &[])?, page)?;
    let rows = inbox::leads(&core, &filter, page.rows()).await;
    let rows = rows.map_err(|error| errors::database(&error))?;
    Ok(Json(
        page.listing(rows, |row| row.lead_id)
            .map(|row| summary(&row)),
    ))
}

async fn get_lead(
    _: ApiKey,
    State(core): State<Core>,
    Path(lead_id): Path<String>,
) -> Result<Json<LeadWithTimeline>, ApiError> {
    let lead_id = parse_lead_id(&lead_id)?;
    let found = inbox::conversation(&core, lead_id).await;
    let found = found
        .map_err(|error| errors::database(&error))?
        .ok_or_else(unknown_lead)?;
    Ok(Json(LeadWithTimeline {
        summary: summary(&found.lead),
        timeline: timeline(&found),
    }))
}

async fn mark_lead_read(
    _: ApiKey,
    State(core): State<Core>,
    Path(lead_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let lead_id = parse_lead_id(&lead_id)?;
    let known = inbox::mark_read(&core, lead_id)
        .await
        .map_err(|error| errors::database(&error))?;
    if known {
        Ok(Json(json!({"unread": false})))
    } else {
        Err(unknown_lead())
    }
}

/// A lead's id in a path.
pub(super) fn parse_lead_id(text: &str) -> Result<LeadId, ApiError> {
    LeadId::parse(text)
        .map_err(|error| ApiError::bad_request(format!("The leadID in the path {error}.")))
}

/// The answer where no such lead has arrived.
pub(super) fn unknown_lead() -> ApiError {
    ApiError::not_found("No lead with this leadID has arrived.")
}

fn filter(parameters: &Parameters, page: PageQuery) -> Result<LeadFilter, ApiError> {
    let business_id = parameters
        .get("business")
        .map(BusinessId::parse)
        .transpose();
    let business_id = business_id
        .map_err(|error| ApiError::bad_request(format!("The parameter business {error}.")))?;
    let status = match parameters.get("status") {
        None => None,
        Some(status @ ("new" | "answered")) => Some(status.to_owned()),
        Some(_) => {
            return Err(ApiError::bad_request(
                "The parameter status must be `new` or `answered`.",
            ));
        }
    };
    let unread = match parameters.get("unread") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            return Err(ApiError::bad_request(
                "The parameter unread must be `true` or `false`.",
            ));
        }
    };
    Ok(LeadFilter {
        business_id,
        status,
        unread,
        before: page.after.map(|cursor| cursor.0),
    })
}

fn summary(row: &LeadRow) -> LeadSummary {
    LeadSummary {
        lead: lead_view::with_update(&row.body, row.update.as_deref()),
        received_at: row.received_at,
        status: row.status.clone(),
        unread: row.unread,
    }
}

/// Everything that happened: the lead, then the rest in the order in which it happened, and what happened at the same time
/// in the order messages, updates, replies. A message counts from when its customer wrote it, so that the order of arrival
/// changes nothing (protocol §5).
fn timeline(conversation: &Conversation) -> Vec<Value> {
    let lead = &conversation.lead;
    let mut entries = vec![(
        Timestamp::MIN,
        json!({"kind": "lead", "received_at": lead.received_at, "revisions": revisions(&conversation.revisions)}),
    )];
    entries.extend(conversation.messages.iter().map(message_entry));
    entries.extend(conversation.updates.iter().map(update_entry));
    entries.extend(conversation.replies.iter().map(reply_entry));
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn message_entry(entry: &MessageWithRevisions) -> (Timestamp, Value) {
    let message = &entry.message;
    let mut members = lead_view::object(&message.body);
    let content = members.remove("message").unwrap_or_default();
    let shown = json!({
        "kind": "message", "from": "customer", "messageID": message.message_id.to_string(),
        "createTimestamp": message.made_at.as_second().to_string(), "text": content["text"],
        "attachments": content["attachments"], "received_at": message.received_at,
        "revisions": revisions(&entry.revisions),
    });
    (message.made_at, shown)
}

fn update_entry(update: &LeadUpdateRow) -> (Timestamp, Value) {
    let members = lead_view::object(&update.body);
    let member = |name: &str| members.get(name).cloned().unwrap_or_default();
    let shown = json!({
        "kind": "lead_update", "leadPrice": member("leadPrice"), "chargeState": member("chargeState"),
        "received_at": update.received_at,
    });
    (update.received_at, shown)
}

fn reply_entry(reply: &ReplyRow) -> (Timestamp, Value) {
    let shown = json!({
        "kind": "reply", "from": "pro", "reply_id": reply.reply_id.to_string(), "text": reply.text,
        "state": reply.state, "last_error": reply.last_error, "created_at": reply.created_at,
        "finished_at": reply.finished_at,
    });
    (reply.created_at, shown)
}

/// Earlier bodies, the oldest first, as they came.
fn revisions(rows: &[RevisionRow]) -> Vec<Value> {
    let shown = |row: &RevisionRow| {
        json!({
            "revision": row.revision, "received_at": row.received_at,
            "body": Value::Object(lead_view::object(&row.body)),
        })
    };
    rows.iter().map(shown).collect()
}
