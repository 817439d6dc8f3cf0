//! Every event letter by letter, as the reference shows it, and no body that makes reading panic.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::fixtures;
use crate::id::{BusinessId, LeadId};

const NOW: &str = "2026-09-21T14:13:20Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn members(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

fn first() -> Arrived {
    Arrived {
        at: now(),
        revision: 1,
    }
}

/// The payload with its members each on a line of their own.
fn shown(payload: &str) -> String {
    let value: Value = serde_json::from_str(payload).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

fn lead(text: &str) -> String {
    let lead = members(text);
    let event = LeadEvent::read(&lead, first());
    shown(&payload(17, EventType::LeadReceived, now(), &event))
}

fn reply(number: i64, kind: EventType, reason: Option<&str>) -> String {
    let state = kind.as_str().split('.').next_back().unwrap();
    let event = ReplyEvent {
        reply_id: 590_400_112_233_445_521,
        lead_id: LeadId::parse("299700112233445501").unwrap(),
        business_id: BusinessId::parse("286900112233445504").unwrap(),
        state,
        text: "It is part of it. Does Tuesday suit you?",
        attempts: 1,
        reason,
        created_at: now(),
        finished_at: (kind != EventType::ReplyUncertain).then(now),
    };
    shown(&payload(number, kind, now(), &event))
}

fn connection(number: i64, kind: EventType, reason: Option<&str>) -> String {
    let has_ended = kind == EventType::ConnectionEnded;
    let state = match kind {
        EventType::ConnectionMade => "connected",
        EventType::ConnectionEnded => "disconnected",
        _ => "reconnect_needed",
    };
    let event = ConnectionEvent {
        business_id: BusinessId::parse("286900112233445504").unwrap(),
        business_name: "Example Painting",
        state,
        reason,
        scope: vec!["messages", "targeting"],
        since: now(),
        replaces_another: false,
        ended_at: has_ended.then(now),
        purge_due_at: has_ended.then(|| "2026-09-28T14:13:20Z".parse().unwrap()),
    };
    shown(&payload(number, kind, now(), &event))
}

/// One event of each type, as the reference shows it.
fn samples() -> Vec<String> {
    let text = fixtures::LEAD
        .replace("5550100123", "(415) 555-0132")
        .replace("\"leadPrice\": null", "\"leadPrice\": \"$26.00\"")
        .replace("\"chargeState\": null", "\"chargeState\": \"Charged\"");
    let (lead_members, message) = (members(&text), members(fixtures::MESSAGE));
    let update = fixtures::LEAD_UPDATE.replace("465400112233445519", "299700112233445501");
    let (update, review) = (members(&update), members(fixtures::REVIEW));
    let second = Arrived {
        revision: 2,
        ..first()
    };
    let charge = ChargeEvent::read(&update, &lead_members, now());
    let written = MessageEvent::read(&message, first(), true);
    let rewritten = MessageEvent::read(&message, second, true);
    let revised = LeadEvent::read(&lead_members, second);
    let judged = ReviewedEvent::read(&review, first());
    let rejudged = ReviewedEvent::read(&review, second);
    let failed = "The platform answered 409 CONFLICT: The lead is closed.";
    let lost = "the platform did not answer within 15 s";
    let expired = "refresh_token_expired";
    vec![
        lead(&text),
        shown(&payload(18, EventType::LeadRevised, now(), &revised)),
        shown(&payload(19, EventType::LeadUpdated, now(), &charge)),
        shown(&payload(20, EventType::MessageReceived, now(), &written)),
        shown(&payload(21, EventType::MessageRevised, now(), &rewritten)),
        shown(&payload(22, EventType::ReviewReceived, now(), &judged)),
        shown(&payload(23, EventType::ReviewRevised, now(), &rejudged)),
        reply(24, EventType::ReplySent, None),
        reply(25, EventType::ReplyFailed, Some(failed)),
        reply(26, EventType::ReplyUncertain, Some(lost)),
        connection(27, EventType::ConnectionMade, None),
        connection(28, EventType::ConnectionReconnectNeeded, Some(expired)),
        connection(29, EventType::ConnectionEnded, Some("disconnected")),
        shown(&test_ping(590_400_112_233_445_530, now())),
    ]
}

#[test]
fn there_is_a_sample_of_every_type() {
    let kinds: Vec<Value> = samples()
        .iter()
        .map(|sample| serde_json::from_str::<Value>(sample).unwrap()["type"].take())
        .collect();
    let names = EventType::ALL.iter().map(|kind| kind.as_str());
    let expected: Vec<Value> = names.chain([TEST_PING]).map(Value::from).collect();
    assert_eq!(kinds, expected);
}

#[test]
fn the_samples() {
    assert_snapshot!(samples().join("\n"));
}

#[test]
fn a_real_lead_and_one_with_everything_and_one_with_little() {
    let leads = [
        fixtures::REAL_LEAD,
        fixtures::LEAD_WITH_EVERYTHING,
        fixtures::CREATED_LEAD,
    ];
    assert_snapshot!(leads.map(lead).join("\n"));
}

/// The reference must show what is sent: change the samples and the page together. Revised bodies look as the first.
#[test]
fn the_reference_shows_the_samples() {
    let page = include_str!("../../../../docs/reference/events.md");
    let is_revised = |sample: &String| sample.contains(".revised\"");
    for sample in samples().into_iter().filter(|sample| !is_revised(sample)) {
        let block = format!("```json\n{sample}\n```\n");
        assert!(page.contains(&block), "this is not in the page:\n{block}");
    }
    for kind in EventType::ALL {
        assert!(page.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

#[test]
fn a_type_is_found_by_its_name_and_no_other() {
    for kind in EventType::ALL {
        assert_eq!(EventType::parse(kind.as_str()), Ok(*kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    for name in ["", "lead", "LEAD.RECEIVED", "lead.received ", TEST_PING] {
        assert_eq!(EventType::parse(name), Err(UnknownEventType), "{name}");
    }
    let sentence = UnknownEventType.to_string();
    assert!(sentence.starts_with("must be one of lead.received, lead.revised,"));
}

#[test]
fn times_are_as_exact_as_they_are_stored() {
    let exact: Timestamp = "2026-09-21T14:13:20.123456789Z".parse().unwrap();
    assert_eq!(value::moment(exact), "2026-09-21T14:13:20.123456Z");
}

#[test]
fn blank_texts_are_as_good_as_none() {
    let body = json!({"request": {"schedule": " \n"}, "customer": {"phone": ""}});
    let lead = body.as_object().unwrap();
    let event = serde_json::to_value(LeadEvent::read(lead, first())).unwrap();
    assert_eq!(
        (&event["schedule"], &event["phone"]),
        (&Value::Null, &Value::Null)
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[0-9]{1,22}".prop_map(Value::from),
        "Dates?: [A-Z][a-z]{2} [0-9]{1,2}\nTime: [0-9]{1,2}(am|pm)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let names = prop_oneof![
            Just("request"),
            Just("customer"),
            Just("business"),
            Just("message"),
            Just("review"),
            Just("schedule"),
            Just("phone"),
            Just("price"),
            Just("leadPrice"),
            Just("chargeState"),
            Just("createTimestamp"),
            Just("createTime"),
            Just("rating"),
            Just("text"),
        ];
        let names = names.prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((names, inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_makes_reading_panic_and_every_event_is_json(body in any_json()) {
        let empty = Map::new();
        let members = body.as_object().unwrap_or(&empty);
        for payload in [
            payload(1, EventType::LeadReceived, now(), &LeadEvent::read(members, first())),
            payload(2, EventType::LeadUpdated, now(), &ChargeEvent::read(members, members, now())),
            payload(3, EventType::MessageReceived, now(), &MessageEvent::read(members, first(), false)),
            payload(4, EventType::ReviewReceived, now(), &ReviewedEvent::read(members, first())),
        ] {
            let event: Value = serde_json::from_str(&payload).unwrap();
            prop_assert!(event["data"].is_object());
        }
    }
}
