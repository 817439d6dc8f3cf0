//! What becomes of a delivery that fails (protocol §4.5): the published schedule, the order per lead, replay by hand.

use serde_json::{Value, json};
use testkit::Receiver;
use testkit::world::Engine;

use crate::marketplace::{Marketplace, enable};
use crate::support::assert_error;

on_both_databases![
    a_failed_delivery_is_tried_again_by_the_schedule,
    what_follows_a_lead_waits_for_it_and_other_leads_do_not,
    a_refused_delivery_is_dead_after_the_third_attempt_and_can_be_replayed,
    one_dead_delivery_can_be_tried_again,
    redirects_are_not_followed,
    retry_after_is_honoured,
    an_update_that_is_not_taken_switches_updates_off,
    two_partners_do_not_wait_for_each_other,
    a_lead_for_a_partner_that_is_down_for_two_days_arrives,
];

async fn a_failed_delivery_is_tried_again_by_the_schedule(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(500);
    let lead = market.lead().await;
    market.world.drain().await;
    assert_eq!(market.came().len(), 1, "at once");
    // Each delay may be a tenth shorter or longer.
    for delay in [1.0, 3.0, 10.0] {
        market.pass(delay * 0.89).await;
        assert_eq!(market.came().len(), 0, "not before {delay} s");
        market.pass(delay * 0.22).await;
        assert_eq!(market.came().len(), 1, "after {delay} s");
    }
    let delivery = &market.deliveries(&format!("lead={}", lead.lead_id)).await[0];
    assert_eq!(
        (&delivery["state"], &delivery["attempts"]),
        (&json!("pending"), &json!(4))
    );
    assert_eq!(delivery["last_status"], 500);
    assert!(delivery["next_attempt_at"].is_string());
    let path = format!(
        "/operator/v1/deliveries/{}",
        delivery["delivery_id"].as_str().unwrap()
    );
    let details = market
        .world
        .operator()
        .get(&path)
        .await
        .expect_status(200)
        .json();
    assert_eq!(details["attempt_log"].as_array().unwrap().len(), 4);
}

async fn what_follows_a_lead_waits_for_it_and_other_leads_do_not(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let first = market.lead().await;
    market.partner.answer_next(500);
    market.world.drain().await;
    market.came();
    market.write(&first, "one").await;
    market.price(&first, "$5.00").await;
    market.write(&first, "two").await;
    market.lead().await;
    market.world.drain().await;
    assert_eq!(market.came(), ["/v1/lead"], "the other lead alone");
    market.partner.answer_next(500);
    market.pass(1.2).await;
    assert_eq!(market.came(), ["/v1/lead"], "still before its messages");
    market.pass(4.0).await;
    assert_eq!(
        market.came(),
        ["/v1/lead", "/v1/message", "/v1/lead/update", "/v1/message"]
    );
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A lead that the partner refused three times, its delivery's id and what a request of it carried as id.
async fn dead_lead(market: &Marketplace) -> (String, String) {
    for _ in 0..3 {
        market.partner.answer_next(422);
    }
    let lead = market.lead().await;
    market.world.drain().await;
    for seconds in [1.2, 3.4] {
        market.pass(seconds).await;
    }
    let received = market.partner.take();
    assert_eq!(received.len(), 3);
    let delivery = &market
        .deliveries(&format!("state=dead&lead={}", lead.lead_id))
        .await[0];
    assert_eq!(delivery["last_status"], 422);
    (
        text(&delivery["delivery_id"]),
        received[0].header("webhook-id").to_owned(),
    )
}

async fn a_refused_delivery_is_dead_after_the_third_attempt_and_can_be_replayed(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let before = market.world.clock.now();
    let (_, webhook_id) = dead_lead(&market).await;
    market.pass(86_400.0).await;
    assert_eq!(market.came().len(), 0, "dead is dead");
    let path = format!("/operator/v1/partners/{}/replay", market.partner_id);
    let later = json!({"since": market.world.clock.now().to_string()});
    let replayed = market
        .world
        .operator()
        .post(&path, &later)
        .await
        .expect_status(202)
        .json();
    assert_eq!(replayed["total"], 0, "it died before");
    let since = json!({"since": before.to_string()});
    let replayed = market
        .world
        .operator()
        .post(&path, &since)
        .await
        .expect_status(202)
        .json();
    assert_eq!(replayed["replayed"], 1);
    market.world.drain().await;
    let received = market.partner.take();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].header("webhook-id"), webhook_id, "the id stays");
    assert_error(
        &market
            .world
            .operator()
            .post(&path, &json!({"since": "noon"}))
            .await,
        400,
        "BAD_REQUEST",
    );
}

async fn one_dead_delivery_can_be_tried_again(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let (delivery_id, webhook_id) = dead_lead(&market).await;
    let path = format!("/operator/v1/deliveries/{delivery_id}/retry");
    market
        .world
        .operator()
        .post(&path, &json!({}))
        .await
        .expect_status(200);
    market.world.drain().await;
    let received = market.partner.take();
    assert_eq!(received[0].header("webhook-id"), webhook_id);
    let again = market.world.operator().post(&path, &json!({})).await;
    assert_error(&again, 409, "CONFLICT");
    let unknown = market
        .world
        .operator()
        .post("/operator/v1/deliveries/1/retry", &json!({}))
        .await;
    assert_error(&unknown, 404, "NOT_FOUND");
}

async fn redirects_are_not_followed(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let elsewhere = Receiver::start().await;
    let location = vec![("location", format!("{}/stolen", elsewhere.url()))];
    market.partner.answer_next_with(307, location);
    let lead = market.lead().await;
    market.world.drain().await;
    assert!(elsewhere.received().is_empty());
    let delivery = &market.deliveries(&format!("lead={}", lead.lead_id)).await[0];
    assert_eq!(delivery["last_status"], 307);
    market.pass(2.0).await;
    assert_eq!(market.deliveries("state=delivered").await.len(), 1);
}

async fn retry_after_is_honoured(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market
        .partner
        .answer_next_with(429, vec![("retry-after", "600".to_owned())]);
    market.lead().await;
    market.world.drain().await;
    market.came();
    market.lead().await;
    market.pass(590.0).await;
    assert_eq!(market.came().len(), 0, "the partner asked for time");
    market.pass(200.0).await;
    assert_eq!(market.came().len(), 2);
}

async fn an_update_that_is_not_taken_switches_updates_off(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let lead = market.lead().await;
    market.world.drain().await;
    market.came();
    market.partner.answer_next(405);
    market.price(&lead, "$5.00").await;
    market.world.drain().await;
    assert_eq!(market.came(), ["/v1/lead/update"]);
    market.price(&lead, "$6.00").await;
    market.write(&lead, "Hello").await;
    market.pass(60.0).await;
    assert_eq!(market.came(), ["/v1/message"], "no update any more");
    let dead = market.deliveries("state=dead").await;
    assert!(
        !dead.is_empty() && dead.iter().all(|one| one["kind"] == "lead_update"),
        "{dead:?}"
    );
}

async fn two_partners_do_not_wait_for_each_other(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let other = Receiver::start().await;
    let body = json!({
        "name": "Other CRM",
        "lead_url": format!("{}/lead", other.url()),
        "message_url": format!("{}/message", other.url()),
        "username": "platform",
        "password": "another password",
        "fields": [],
    });
    let made = market
        .world
        .operator()
        .post("/operator/v1/partners", &body)
        .await;
    let made = made.expect_status(201).json();
    enable(&market.world, made["partner_id"].as_str().unwrap()).await;
    market.partner.stop();
    let lead = market.lead().await;
    market.write(&lead, "Hello").await;
    market.world.drain().await;
    let paths: Vec<String> = other
        .take()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(paths, ["/lead", "/message"]);
    let waiting = market
        .deliveries(&format!("state=pending&partner={}", market.partner_id))
        .await;
    assert_eq!(waiting.len(), 2);
}

async fn a_lead_for_a_partner_that_is_down_for_two_days_arrives(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(500);
    let mut leads = [market.lead().await, market.lead().await];
    leads.sort_by(|a, b| a.lead_id.cmp(&b.lead_id));
    market.world.drain().await;
    for _ in 0..48 {
        market.pass(3_600.0).await;
    }
    assert_eq!(market.deliveries("state=pending").await.len(), 2);
    market.came();
    market.partner.answer_always(200);
    for _ in 0..30 {
        market.pass(60.0).await;
    }
    let mut arrived: Vec<String> = market
        .partner
        .take()
        .iter()
        .map(|request| text(&request.json()["leadID"]))
        .collect();
    arrived.sort();
    assert_eq!(arrived, leads.map(|lead| lead.lead_id), "once each");
}
