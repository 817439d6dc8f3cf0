//! The operator's event feed (protocol §8.1): by cursor, waiting, and as server-sent events.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::World;
use testkit::world::Engine;

use crate::support::{assert_error, world};

on_both_databases![
    events_are_read_by_cursor,
    a_reader_that_waits_is_woken,
    events_are_sent_as_they_happen,
];

async fn switch(world: &World, enabled: bool) {
    let path = format!("/operator/v1/businesses/{}/targeting", world.business(0, 0));
    world
        .operator()
        .put(&path, &json!({ "enabled": enabled }))
        .await
        .expect_status(200);
}

async fn events_are_read_by_cursor(engine: Engine) {
    let world = world(engine).await;
    for enabled in [false, true, false] {
        switch(&world, enabled).await;
    }
    let (mut after, mut seen) = ("0".to_owned(), Vec::new());
    loop {
        let page = world
            .operator()
            .get(&format!("/operator/v1/events?after={after}&limit=1"))
            .await;
        let page = page.expect_status(200).json();
        let Some(event) = page["data"].get(0) else {
            break;
        };
        seen.push(event.clone());
        page["next"].as_str().unwrap().clone_into(&mut after);
    }
    let ids: HashSet<&str> = seen
        .iter()
        .filter_map(|event| event["event_id"].as_str())
        .collect();
    assert_eq!(ids.len(), seen.len());
    let switched: Vec<&Value> = seen
        .iter()
        .filter(|event| event["kind"] == "targeting.changed")
        .collect();
    assert_eq!(switched.len(), 3, "{seen:?}");
    for query in ["after=x", "after=-1", "wait=1000", "wait=x", "limit=0"] {
        let reply = world
            .operator()
            .get(&format!("/operator/v1/events?{query}"))
            .await;
        assert_error(&reply, 400, "BAD_REQUEST");
    }
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
    let operator = world.operator();
    let last = operator.get("/operator/v1/events").await.json();
    let last = last["next"].as_str().unwrap_or("0").to_owned();
    let path = format!("/operator/v1/events?after={last}&wait=30");
    let (reply, ()) = while_time_passes(&world, async {
        tokio::join!(operator.get(&path), switch(&world, false))
    })
    .await;
    let page = reply.expect_status(200).json();
    assert_eq!(page["data"][0]["kind"], "targeting.changed");
    let last = page["next"].as_str().unwrap();
    let path = format!("/operator/v1/events?after={last}&wait=5");
    let page = while_time_passes(&world, operator.get(&path))
        .await
        .expect_status(200)
        .json();
    assert_eq!(page["data"], json!([]), "nothing happened");
}

async fn events_are_sent_as_they_happen(engine: Engine) {
    let world = world(engine).await;
    switch(&world, false).await;
    let request = world.operator().request(Method::GET, "/operator/v1/events");
    let mut stream = request
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("event: targeting.changed\n") {
        let chunk = while_time_passes(&world, stream.chunk()).await.unwrap();
        text.push_str(&String::from_utf8_lossy(
            &chunk.expect("the stream goes on"),
        ));
    }
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap()
        .to_owned();
    drop(stream);
    switch(&world, true).await;
    let request = world
        .operator()
        .request(Method::GET, "/operator/v1/events")
        .header("accept", "text/event-stream");
    let mut stream = request.header("last-event-id", &id).send().await.unwrap();
    let chunk = while_time_passes(&world, stream.chunk())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8_lossy(&chunk).into_owned();
    assert!(
        !text.contains(&format!("id: {id}\n")),
        "it goes on after the last: {text}"
    );
}
