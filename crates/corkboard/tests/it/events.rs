//! The gateway's log of events (protocol §8.2): pulled by cursor, waited for, and as server-sent events, letter by letter as
//! it is pushed.

use std::time::Duration;

use protocol::fixtures;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use testkit::World;
use testkit::world::Engine;

use crate::crm::{Crm, kinds};
use crate::sender::Sender;
use crate::support::{assert_error, world};

on_both_databases![
    what_is_pulled_is_what_is_pushed,
    a_reader_goes_on_where_it_was,
    a_reader_may_choose_and_still_gets_ahead,
    a_reader_that_waits_is_woken,
    events_are_sent_as_they_happen,
    a_broken_stream_goes_on_after_its_last_event,
    a_quiet_stream_moves_its_readers_cursor,
    what_is_wrong_is_named,
];

async fn pull(world: &World, query: &str) -> (Vec<Value>, String) {
    let path = format!("/api/v1/events?{query}");
    let page = world.crm().get(&path).await.expect_status(200).json();
    let next = page["next"]
        .as_str()
        .expect("there is always a next")
        .to_owned();
    (page["data"].as_array().expect("a list").clone(), next)
}

async fn what_is_pulled_is_what_is_pushed(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    let came = crm.came().await;
    let pulled = crm
        .world
        .crm()
        .get("/api/v1/events")
        .await
        .expect_status(200);
    assert_eq!(pulled.header("content-type"), Some("application/json"));
    let bodies: Vec<&str> = came.iter().map(|request| request.body.as_str()).collect();
    let expected = format!(r#"{{"data":[{}],"next":"2"}}"#, bodies.join(","));
    assert_eq!(pulled.text(), expected, "letter by letter");
}

async fn a_reader_goes_on_where_it_was(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    assert_eq!(pull(&world, "").await, (vec![], "0".to_owned()));
    for lead in [fixtures::LEAD, fixtures::REAL_LEAD, fixtures::CREATED_LEAD] {
        sender.lead(lead).await.expect_status(200);
    }
    let (mut after, mut seen) = ("0".to_owned(), Vec::new());
    loop {
        let (events, next) = pull(&world, &format!("limit=2&after={after}")).await;
        if events.is_empty() {
            break;
        }
        let last = events.last().unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(next, last, "the last id is the cursor, too");
        seen.extend(events);
        after = next;
    }
    let ids: Vec<&str> = seen
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(pull(&world, "after=latest").await, (vec![], "3".to_owned()));
    // A cursor of another database: nothing comes, and it does not go back.
    assert_eq!(pull(&world, "after=900").await, (vec![], "900".to_owned()));
}

async fn a_reader_may_choose_and_still_gets_ahead(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.review(fixtures::REVIEW).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    sender.lead(fixtures::REAL_LEAD).await.expect_status(200);
    for (query, expected) in [
        ("type=lead.received", vec!["1", "4"]),
        (
            "type=lead.received&type=message.received",
            vec!["1", "3", "4"],
        ),
        ("type=lead.received,message.received", vec!["1", "3", "4"]),
        ("business=286900112233445504", vec!["1", "3"]),
        (
            "business=286900112233445504&type=message.received",
            vec!["3"],
        ),
        ("business=5", vec![]),
        ("type=connection.made", vec![]),
    ] {
        let (events, next) = pull(&world, query).await;
        let ids: Vec<&str> = events
            .iter()
            .map(|event| event["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(next, "4", "{query}: nothing between passes");
    }
    let (events, next) = pull(&world, "type=lead.received&limit=1").await;
    assert_eq!(
        (events.len(), next.as_str()),
        (1, "1"),
        "a full page ends at its last event"
    );
}

/// Moves the clock until `work` is done, however it waits.
async fn while_time_passes<T>(world: &World, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::task::yield_now() => world.advance(Duration::from_millis(1)),
        }
    }
}

async fn a_reader_that_waits_is_woken(engine: Engine) {
    let world = world(engine).await;
    let (sender, crm) = (Sender::of(&world), world.crm());
    let waiting = crm.get("/api/v1/events?after=0&wait=30");
    let (reply, sent) = while_time_passes(&world, async {
        tokio::join!(waiting, sender.lead(fixtures::LEAD))
    })
    .await;
    sent.expect_status(200);
    let page = reply.expect_status(200).json();
    assert_eq!(
        (&page["data"][0]["type"], &page["next"]),
        (&json!("lead.received"), &json!("1"))
    );
    let before = world.clock.now();
    let quiet = while_time_passes(&world, crm.get("/api/v1/events?after=1&wait=5")).await;
    assert_eq!(
        quiet.expect_status(200).json(),
        json!({"data": [], "next": "1"})
    );
    let waited = world.clock.now().duration_since(before).as_secs();
    assert!((5..60).contains(&waited), "{waited} s");
}

async fn open(world: &World, query: &str, last: Option<&str>) -> Response {
    let path = format!("/api/v1/events?{query}");
    let request = world.crm().request(Method::GET, &path);
    let mut request = request.header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let stream = request.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    stream
}

/// What a stream sends until this is in it.
async fn read_until(world: &World, stream: &mut Response, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let chunk = while_time_passes(world, stream.chunk()).await.unwrap();
        let chunk = chunk.expect("the stream goes on");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    text
}

async fn events_are_sent_as_they_happen(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    let mut stream = open(&crm.world, "", None).await;
    let first = read_until(&crm.world, &mut stream, "\n\n").await;
    let pushed = &crm.came().await[0].body;
    assert_eq!(
        first,
        format!("id: 1\nevent: lead.received\ndata: {pushed}\n\n")
    );
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    let second = read_until(&crm.world, &mut stream, "message.received\"").await;
    assert!(
        second.contains("id: 2\nevent: message.received\n"),
        "{second}"
    );
}

async fn a_broken_stream_goes_on_after_its_last_event(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    for lead in [fixtures::LEAD, fixtures::REAL_LEAD, fixtures::CREATED_LEAD] {
        sender.lead(lead).await.expect_status(200);
    }
    // A browser asks again with the address that it had, and the last id beside it.
    let mut stream = open(&world, "after=0", Some("2")).await;
    let text = read_until(&world, &mut stream, "\n\n").await;
    assert!(text.starts_with("id: 3\n"), "{text}");
    drop(stream);
    let mut stream = open(&world, "after=latest", None).await;
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    let text = read_until(&world, &mut stream, "\n\n").await;
    assert!(
        text.starts_with("id: 4\nevent: message.received\n"),
        "{text}"
    );
}

async fn a_quiet_stream_moves_its_readers_cursor(engine: Engine) {
    let world = world(engine).await;
    Sender::of(&world)
        .lead(fixtures::LEAD)
        .await
        .expect_status(200);
    let mut stream = open(&world, "type=connection.made", None).await;
    let text = read_until(&world, &mut stream, "\n\n").await;
    assert_eq!(text, "id: 1\n:\n\n", "no event, but the cursor");
    let (events, _) = pull(&world, "").await;
    assert_eq!(kinds(&events), ["lead.received"]);
}

async fn what_is_wrong_is_named(engine: Engine) {
    let world = world(engine).await;
    for (query, name) in [
        ("after=x", "after"),
        ("after=-1", "after"),
        ("after=%2B1", "after"),
        ("after=99999999999999999999", "after"),
        ("wait=31", "wait"),
        ("wait=x", "wait"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("type=lead", "type"),
        ("type=test.ping", "type"),
        ("business=x", "business"),
        ("after=1&after=2", "after"),
    ] {
        let reply = world.crm().get(&format!("/api/v1/events?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(
            reply.description().contains(name),
            "{query}: {}",
            reply.text()
        );
    }
    let request = world.crm().request(Method::GET, "/api/v1/events");
    let request = request.header("accept", "text/event-stream");
    let reply = testkit::Http::send(request.header("last-event-id", "x")).await;
    assert_error(&reply, 400, "BAD_REQUEST");
    assert!(reply.description().contains("Last-Event-ID"));
    let deleted = world.crm().delete("/api/v1/events").await;
    assert_error(&deleted, 405, "METHOD_NOT_ALLOWED");
}
