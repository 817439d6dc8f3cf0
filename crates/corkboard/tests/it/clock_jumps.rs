//! The clock jumps ahead while deliveries are under way (protocol §8.5 lets the sandbox do that): leases look run out and
//! retries fall due at once, and yet everything arrives once and in order.

use std::time::Duration;

use serde_json::json;
use testkit::torture::ledger::Event;
use testkit::torture::witness::{Manner, Witness};
use testkit::world::Engine;
use testkit::{World, WorldOptions};

use crate::support::FIRST;

on_both_databases![a_jump_past_every_lease_repeats_nothing];

/// Longer than any lease, and than most delays of the schedule.
const JUMP: Duration = Duration::from_hours(3);
const SLOW: Manner = Manner::Slow(Duration::from_millis(200));

async fn a_jump_past_every_lease_repeats_nothing(engine: Engine) {
    let witness = Witness::start(SLOW, 1).await;
    let world = World::start(WorldOptions {
        partner_url: Some(witness.url().to_owned()),
        ..WorldOptions::on(engine)
    })
    .await;
    world.connect_first_business().await;
    let lead = world.lead(FIRST).await;
    let path = format!("/operator/v1/leads/{}/messages", lead.lead_id);
    let message = json!({"text": "Are you there?"});
    let message = world.operator().post(&path, &message).await;
    let message = message.expect_status(201).json();
    // Both are on their way, one after the other, when the clock jumps.
    for way in 1..=2 {
        let jump = async {
            witness.wait_for(way).await;
            world.advance(JUMP);
        };
        tokio::join!(world.drain(), jump);
    }
    let came: Vec<Event> = witness
        .visits()
        .into_iter()
        .map(|visit| visit.event)
        .collect();
    let message = message["messageID"].as_str().unwrap().to_owned();
    assert_eq!(came, [Event::Lead, Event::Message(message)]);
    let pending = "/operator/v1/deliveries?state=pending";
    assert_eq!(
        world.operator().get(pending).await.json()["data"],
        json!([])
    );
}
