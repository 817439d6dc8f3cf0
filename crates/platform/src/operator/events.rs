//! The event feed: by cursor, waiting if asked to, or as server-sent events.
//!
//! The cursor is the number of an event. Numbers have no gaps and come in the order of commits, so whoever goes on after
//! the last number that it saw misses nothing.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use web::cursor::PageQuery;
use web::error::ApiError;
use web::sent_events::{STILL_HERE, event_text, sent_events};

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{errors, reading};
use crate::service::event_feed::{LONGEST_WAIT, wait_after};
use crate::store::event::Event;

/// Where a browser's event source goes on after its connection broke.
const LAST_EVENT_ID: &str = "last-event-id";

/// How many events are sent at once.
const BATCH: i64 = 100;

/// After how many quiet seconds a stream says that it is still there.
const QUIET_SECONDS: u32 = 15;

/// `GET /operator/v1/events?after=…&limit=…&wait=…`
pub(super) async fn list_events(
    _: Operator,
    State(core): State<Core>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = query.unwrap_or_default();
    let after = number(
        reading::text_parameter(&query, "after"),
        "The parameter after",
    )?;
    if wants_stream(&headers) {
        let last = headers.get(LAST_EVENT_ID);
        let last = last.map(|value| value.to_str().unwrap_or_default().to_owned());
        let last = number(last, "The header Last-Event-ID")?;
        return Ok(stream(core, last.or(after).unwrap_or(0)));
    }
    let limit = reading::text_parameter(&query, "limit").map(|limit| format!("limit={limit}"));
    let limit = PageQuery::parse(&limit.unwrap_or_default())?.limit;
    let wait = wait_seconds(&query)?;
    let events = wait_after(&core, after.unwrap_or(0), limit.into(), wait).await;
    let events = events.map_err(|error| errors::database(&error))?;
    // Not only on a full page: there is always a next event some day, and it comes after this one.
    let next = events.last().map(|event| event.event_id.to_string());
    let data: Vec<Value> = events.iter().map(shown).collect();
    Ok(Json(json!({"data": data, "next": next})).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.contains("text/event-stream")
    })
}

/// The number of an event: zero or more.
fn number(text: Option<String>, what: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.map(Some).ok_or_else(|| {
        ApiError::bad_request(format!(
            "{what} must be the number of an event, 0 to begin."
        ))
    })
}

fn wait_seconds(query: &str) -> Result<u32, ApiError> {
    let Some(text) = reading::text_parameter(query, "wait") else {
        return Ok(0);
    };
    let seconds = text.parse().ok().filter(|wait| *wait <= LONGEST_WAIT);
    seconds.ok_or_else(|| {
        ApiError::bad_request(format!(
            "The parameter wait must be a number of seconds from 0 to {LONGEST_WAIT}."
        ))
    })
}

fn stream(core: Core, after: i64) -> Response {
    sent_events((core, after), |(core, after)| async move {
        match wait_after(&core, after, BATCH, QUIET_SECONDS).await {
            Ok(events) => {
                let last = events.last().map_or(after, |event| event.event_id);
                let text: String = events.iter().map(sent).collect();
                let quiet = text.is_empty();
                let text = if quiet { STILL_HERE.to_owned() } else { text };
                Some((text, (core, last)))
            }
            Err(error) => {
                tracing::warn!(%error, "an event stream ends; its reader comes back");
                None
            }
        }
    })
}

fn sent(event: &Event) -> String {
    let id = event.event_id.to_string();
    event_text(&id, &event.kind, &shown(event).to_string())
}

fn shown(event: &Event) -> Value {
    // Only JSON was stored; what is not would be shown as the text that it is.
    let content: Value = serde_json::from_str(&event.content)
        .unwrap_or_else(|_| Value::String(event.content.clone()));
    json!({
        "event_id": event.event_id.to_string(),
        "kind": event.kind,
        "business_id": event.business_id,
        "created_at": event.created_at.to_string(),
        "content": content,
    })
}
