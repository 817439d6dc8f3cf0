//! Deliveries on the wire, for the operator and their partner alike: how lists are filtered, and which members deliveries,
//! attempts and the state of an endpoint have. What only one of them may see is added by its face.

use delivery::{AttemptView, DeliveryView, Filter, State};
use jiff::Timestamp;
use protocol::id::{DeliveryId, LeadId, compose};
use serde_json::{Value, json};
use web::cursor::{Cursor, Listing, PageQuery};
use web::error::ApiError;

use crate::domain::endpoint::Kind;
use crate::domain::endpoint_health::{Health, Reader};
use crate::domain::outlook::Outlook;
use crate::operator::reading;

/// The filters that everybody has: `state`, `failed`, `lead`, `kind`, `since` and `until`, and the page.
pub(crate) fn filter(query: &str, page: PageQuery) -> Result<Filter, ApiError> {
    let lead: Option<LeadId> = reading::parameter(query, "lead")?;
    let word = |name, means: &dyn Fn(&str) -> bool, words: &str| match reading::text_parameter(
        query, name,
    ) {
        Some(word) if !means(&word) => Err(ApiError::bad_request(format!(
            "The parameter {name} must be {words}."
        ))),
        word => Ok(word),
    };
    let state = word(
        "state",
        &|word| State::parse(word).is_some(),
        "pending, delivered, dead or cancelled",
    )?;
    let kind = word(
        "kind",
        &|word| Kind::parse(word).is_some(),
        "lead, message, lead_update or review",
    )?;
    let failed = word(
        "failed",
        &|word| matches!(word, "true" | "false"),
        "true or false",
    )?;
    Ok(Filter {
        state: state.as_deref().and_then(State::parse),
        has_failed: failed.as_deref() == Some("true"),
        conversation_id: lead.map(Into::into),
        kind: kind.as_deref().and_then(Kind::parse).map(Kind::as_str),
        since: moment_parameter(query, "since")?.and_then(first_id_since),
        until: moment_parameter(query, "until")?.and_then(first_id_since),
        after: page.after.and_then(|cursor| DeliveryId::from_i64(cursor.0)),
        ..Filter::default()
    })
}

/// A page of deliveries, each with what `show` makes of it.
pub(crate) fn page(
    found: &delivery::Page,
    show: impl Fn(&DeliveryView) -> Value,
) -> Listing<Value> {
    Listing {
        data: found.deliveries.iter().map(show).collect(),
        next: found.next.map(|last| Cursor(last.get())),
    }
}

/// A time of RFC 3339. The message completes the sentence "this member …".
pub(crate) fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "must be a time such as 2026-01-31T09:30:00Z (RFC 3339)")
}

/// The members of a delivery (§8.4).
pub(crate) fn delivery(delivery: &DeliveryView) -> Value {
    // What belongs to no lead is ordered within its business.
    let conversation = delivery.conversation_id.get();
    let lead_id = (conversation != delivery.business_id.get()).then(|| conversation.to_string());
    json!({
        "delivery_id": delivery.delivery_id,
        "kind": delivery.kind,
        "leadID": lead_id,
        "state": delivery.state.as_str(),
        "attempts": delivery.attempts,
        "next_attempt_at": written(delivery.next_attempt_at),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "business_id": delivery.business_id,
        "created_at": delivery.created_at.to_string(),
        "finished_at": written(delivery.finished_at),
    })
}

/// The attempts of a delivery, oldest first.
pub(crate) fn attempts(attempts: &[AttemptView]) -> Value {
    let shown = |attempt: &AttemptView| {
        json!({
            "attempt": attempt.attempt,
            "started_at": attempt.started_at.to_string(),
            "ended_at": attempt.ended_at.to_string(),
            "class": attempt.class,
            "status": attempt.status,
            "error": attempt.error,
            "answer": attempt.answer,
        })
    };
    attempts.iter().map(shown).collect()
}

/// What comes next.
pub(crate) fn outlook(outlook: &Outlook) -> Value {
    json!({
        "waits_for": outlook.word(),
        "at": written(outlook.at()),
        "delivery_id": outlook.forerunner(),
        "explanation": outlook.sentence(),
    })
}

/// How it stands with an endpoint.
pub(crate) fn health(health: &Health, reader: Reader) -> Value {
    let load = &health.load;
    let oldest = load.oldest_pending_at;
    let age = oldest.map(|oldest| health.as_of.duration_since(oldest).as_secs().max(0));
    json!({
        "state": health.word(),
        "explanation": health.sentence(),
        "what_to_do": health.what_to_do(reader),
        "paused": health.endpoint.paused,
        "gone": health.endpoint.gone,
        "kinds_off": health.endpoint.kinds_off,
        "hold": health.endpoint.hold.map(|hold| json!({
            "reason": hold.reason.as_str(),
            "since": hold.since.to_string(),
            "probes": hold.probes,
            "next_probe_at": hold.probe_at.to_string(),
        })),
        "pending": load.pending.number,
        "has_more_pending": load.pending.has_more,
        "oldest_pending_at": written(oldest),
        "oldest_pending_age_seconds": age,
        "dead": load.dead.number,
        "has_more_dead": load.dead.has_more,
        "as_of": health.as_of.to_string(),
    })
}

fn written(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn moment_parameter(query: &str, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let text = reading::text_parameter(query, name);
    text.map(|text| {
        moment(&text)
            .map_err(|reason| ApiError::bad_request(format!("The parameter {name} {reason}.")))
    })
    .transpose()
}

/// The smallest id of what is made at this time, exact to the tick of ids (D1). Nothing is older than the first id.
fn first_id_since(at: Timestamp) -> Option<DeliveryId> {
    let nanoseconds = i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
    DeliveryId::from_i64(compose(nanoseconds, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, ApiError> {
        filter(query, PageQuery::parse(query).unwrap())
    }

    #[test]
    fn every_filter_is_read() {
        let query = "state=dead&failed=true&lead=7&kind=lead_update&since=2026-01-31T09:30:00Z\
                     &until=2026-01-31T10:30:00%2B00:00";
        let read = read(query).unwrap();
        assert_eq!(read.state.map(State::as_str), Some("dead"));
        assert!(read.has_failed);
        assert_eq!(
            read.conversation_id.map(delivery::ConversationId::get),
            Some(7)
        );
        assert_eq!(read.kind, Some("lead_update"));
        let times = [read.since, read.until].map(|id| id.unwrap().created_at().as_second());
        assert_eq!(times, [1_769_851_800, 1_769_855_400]);
    }

    #[test]
    fn a_bad_filter_is_named() {
        for (query, name) in [
            ("state=lost", "state"),
            ("kind=letter", "kind"),
            ("failed=1", "failed"),
            ("lead=x", "lead"),
            ("since=yesterday", "since"),
            ("until=2026-13-01T00:00:00Z", "until"),
        ] {
            let error = read(query).unwrap_err();
            let start = format!("The parameter {name} must be ");
            assert!(error.description().starts_with(&start), "{query}");
        }
    }

    #[test]
    fn a_time_lies_between_the_ids_before_and_after_it() {
        let at: Timestamp = "2026-01-31T09:30:00Z".parse().unwrap();
        let first = first_id_since(at).unwrap();
        let made = |nanoseconds: i128| {
            let unix = i64::try_from(at.as_nanosecond() + nanoseconds).unwrap();
            DeliveryId::from_i64(compose(unix, 1_023)).unwrap()
        };
        assert!(made(-1_024) < first && first <= made(0));
        for early in ["1970-01-01T00:00:00Z", "2008-01-01T00:00:00Z"] {
            assert!(first_id_since(early.parse().unwrap()).is_some_and(|id| id.get() <= 2_048));
        }
    }
}
