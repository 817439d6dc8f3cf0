//! `/api/v1/events`: everything that happened, letter by letter as it is pushed: by cursor, waiting if asked to, or as
//! server-sent events.
//!
//! The cursor is the `id` of an event. Ids have no gaps and come in the order of commits, so whoever goes on after the last
//! one that it saw misses nothing.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};
use protocol::event::EventType;
use protocol::paths::gateway;
use web::cursor::PageQuery;
use web::error::ApiError;
use web::parameters::Parameters;
use web::sent_events::{STILL_HERE, event_text, sent_events};

use super::errors;
use super::key::ApiKey;
use super::reading::parameter;
use crate::core::Core;
use crate::service::event_feed::{self, Batch, LONGEST_WAIT, wait_after};
use crate::store::event::{EventFilter, EventRow};

/// Where a browser's event source goes on after its connection broke.
const LAST_EVENT_ID: &str = "last-event-id";

/// In place of an id: whatever happens from now on.
const LATEST: &str = "latest";

/// How many events are sent at once.
const BATCH: i64 = 50;

/// After how many quiet seconds a stream says that it is still there.
const QUIET_SECONDS: u32 = 15;

pub(super) fn routes() -> Router<Core> {
    Router::new().route(gateway::EVENTS, get(list_events))
}

/// `?after=…&type=…&business=…&limit=…&wait=…`
async fn list_events(
    _: ApiKey,
    State(core): State<Core>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = query.unwrap_or_default();
    let parameters = Parameters::parse_query(&query, &["type"])?;
    let filter = filter(&parameters)?;
    if wants_stream(&headers) {
        let last = headers.get(LAST_EVENT_ID);
        let last = last.map(|value| value.to_str().unwrap_or_default());
        // The browser sends the address with its old `after` again.
        let (text, what) = match last {
            Some(last) => (Some(last), "The header Last-Event-ID"),
            None => (parameters.get("after"), "The parameter after"),
        };
        let after = start(&core, text, what).await?;
        return Ok(stream(core, after, filter));
    }
    let after = start(&core, parameters.get("after"), "The parameter after").await?;
    let (limit, wait) = (limit(&parameters)?, wait_seconds(&parameters)?);
    let batch = wait_after(&core, after, (&filter, limit), wait).await;
    Ok(page(&batch.map_err(|error| errors::database(&error))?))
}

/// `{"data": […], "next": where to go on}`, also where there was nothing. Events are JSON and stay as they are, letter by
/// letter.
fn page(batch: &Batch) -> Response {
    let events: Vec<&str> = batch
        .events
        .iter()
        .map(|event| event.payload.as_str())
        .collect();
    let text = format!(
        r#"{{"data":[{}],"next":"{}"}}"#,
        events.join(","),
        batch.next
    );
    let mut response = text.into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.contains("text/event-stream")
    })
}

/// The number after which to begin: the whole log, unless it is said.
async fn start(core: &Core, text: Option<&str>, what: &str) -> Result<i64, ApiError> {
    let Some(text) = text else {
        return Ok(0);
    };
    if text == LATEST {
        let end = event_feed::end(core).await;
        return end.map_err(|error| errors::database(&error));
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| {
        ApiError::bad_request(format!(
            "{what} must be the id of an event, 0 for the beginning, or `{LATEST}`."
        ))
    })
}

fn filter(parameters: &Parameters) -> Result<EventFilter, ApiError> {
    let mut kinds = None;
    if let Some(names) = parameters.get("type") {
        let mut list = Vec::new();
        for name in names.split([' ', ',']).filter(|name| !name.is_empty()) {
            let kind = EventType::parse(name)
                .map_err(|error| ApiError::bad_request(format!("The parameter type {error}.")))?;
            list.push(format!(" {kind} "));
        }
        kinds = Some(list.concat());
    }
    Ok(EventFilter {
        kinds,
        business_id: parameter(parameters, "business")?,
    })
}

fn limit(parameters: &Parameters) -> Result<i64, ApiError> {
    let limit = parameters
        .get("limit")
        .map(|limit| format!("limit={limit}"));
    let page = PageQuery::parse(&limit.unwrap_or_default())?;
    Ok(page.limit.into())
}

fn wait_seconds(parameters: &Parameters) -> Result<u32, ApiError> {
    let Some(text) = parameters.get("wait") else {
        return Ok(0);
    };
    let seconds = text.parse().ok().filter(|wait| *wait <= LONGEST_WAIT);
    seconds.ok_or_else(|| {
        ApiError::bad_request(format!(
            "The parameter wait must be a number of seconds from 0 to {LONGEST_WAIT}."
        ))
    })
}

/// Ends when the gateway stops; the reader comes back to another process, or later, and goes on where it was.
fn stream(core: Core, after: i64, filter: EventFilter) -> Response {
    sent_events((core, after, filter), |(core, after, filter)| async move {
        if core.tasks.stopping().is_cancelled() {
            return None;
        }
        match wait_after(&core, after, (&filter, BATCH), QUIET_SECONDS).await {
            Ok(batch) => Some((text(&batch), (core, batch.next, filter))),
            Err(error) => {
                tracing::warn!(%error, "an event stream ends; its reader comes back");
                None
            }
        }
    })
}

/// The events, and, where the log went on without any that pass the filter, how far it went.
fn text(batch: &Batch) -> String {
    let mut text: String = batch.events.iter().map(sent).collect();
    let last = batch.events.last().map(|event| event.event_id);
    if last != Some(batch.next) {
        // An id without data moves the reader's cursor and is no event.
        text = [&text, "id: ", &batch.next.to_string(), "\n", STILL_HERE].concat();
    }
    text
}

fn sent(event: &EventRow) -> String {
    event_text(&event.event_id.to_string(), &event.kind, &event.payload)
}
