//! When an endpoint as a whole is in trouble, or a connection ends (protocol §2.4, §4.5): everything is held, nothing lost.

use reqwest::Method;
use serde_json::json;
use testkit::world::Engine;
use testkit::{Received, Receiver};

use crate::marketplace::Marketplace;
use crate::support::{FIRST, assert_error};

on_both_databases![
    wrong_credentials_hold_everything_until_they_are_mended,
    a_probe_that_succeeds_lets_everything_go,
    an_endpoint_that_is_gone_holds_everything_until_it_is_changed,
    a_disconnect_cancels_what_is_pending,
    endpoints_that_may_not_be_dialled_are_refused,
];

async fn wrong_credentials_hold_everything_until_they_are_mended(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    market.lead().await;
    market.lead().await;
    market.world.drain().await;
    assert_eq!(
        market.came().len(),
        1,
        "the others wait without burning attempts"
    );
    let elsewhere = Receiver::start().await;
    let change = json!({
        "lead_url": format!("{}/v1/lead", elsewhere.url()),
        "password": "the right password",
    });
    market.set_endpoints(&change).await.expect_status(200);
    market.world.drain().await;
    let received = elsewhere.take();
    assert_eq!(received.len(), 3, "at once, without waiting for a probe");
    let expected = testkit::partner::basic("platform", "the right password");
    assert!(
        received
            .iter()
            .all(|request| request.header("authorization") == expected)
    );
    assert_eq!(market.deliveries("state=delivered").await.len(), 3);
}

async fn a_probe_that_succeeds_lets_everything_go(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(403);
    let mut leads = Vec::new();
    for _ in 0..4 {
        leads.push(market.lead().await.lead_id);
    }
    market.world.drain().await;
    market.came();
    for _ in 0..10 {
        market.pass(60.0).await;
        assert!(market.came().len() <= 1, "one probe at a time");
    }
    market.partner.answer_always(200);
    for _ in 0..5 {
        market.pass(60.0).await;
    }
    let received = market.partner.take();
    let lead_id = |request: &Received| request.json()["leadID"].as_str().map(str::to_owned);
    let mut arrived: Vec<String> = received.iter().filter_map(lead_id).collect();
    arrived.sort();
    leads.sort();
    assert_eq!(arrived, leads, "once each");
    let pending = market.deliveries("state=pending").await;
    assert!(pending.is_empty(), "{pending:?}");
}

async fn an_endpoint_that_is_gone_holds_everything_until_it_is_changed(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(410);
    market.lead().await;
    market.world.drain().await;
    market.lead().await;
    market.came();
    for _ in 0..5 {
        market.pass(100_000.0).await;
    }
    assert_eq!(market.came().len(), 0, "gone is gone");
    assert_eq!(
        market.deliveries("state=pending").await.len(),
        2,
        "held, not dead"
    );
    market.set_endpoints(&json!({})).await.expect_status(200);
    market.world.drain().await;
    assert_eq!(market.came().len(), 2);
}

async fn a_disconnect_cancels_what_is_pending(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let world = &market.world;
    let enabled = format!(
        "/operator/v1/partners/{}/businesses/{}",
        market.partner_id,
        world.business(0, 0)
    );
    world.operator().delete(&enabled).await.expect_status(200);
    let client = world.partner("production");
    world.connect(&client, FIRST, "messages").await;
    market.partner.answer_always(500);
    let lead = market.lead().await;
    market.write(&lead, "Hello").await;
    world.drain().await;
    market.came();
    client
        .disconnect(&world.business(0, 0))
        .await
        .expect_status(200);
    market.partner.answer_always(200);
    market.pass(3_600.0).await;
    assert_eq!(market.came().len(), 0, "no delivery starts");
    let cancelled = market
        .deliveries(&format!("state=cancelled&lead={}", lead.lead_id))
        .await;
    assert_eq!(cancelled.len(), 2, "recorded as cancelled");
    market.write(&lead, "Are you there?").await;
    world.drain().await;
    assert_eq!(market.came().len(), 0);
}

async fn endpoints_that_may_not_be_dialled_are_refused(engine: Engine) {
    let market = Marketplace::start(engine).await;
    for url in [
        "http://partner.example/lead",
        "https://10.0.0.1/lead",
        "https://192.168.1.1/lead",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00::1]/lead",
        "https://[::ffff:10.0.0.1]/lead",
        "https://0.0.0.0/lead",
        "ftp://partner.example/lead",
        "https://user:password@partner.example/lead",
        "https://partner.example/lead#fragment",
        "/lead",
        "javascript:alert(1)",
    ] {
        let reply = market.set_endpoints(&json!({ "lead_url": url })).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().contains("/lead_url"),
            "{url}: {}",
            reply.description()
        );
    }
    let path = format!("/operator/v1/partners/{}/endpoints", market.partner_id);
    let request = market.world.operator().request(Method::PUT, &path);
    let reply = testkit::Http::send(
        request
            .header("content-type", "application/json")
            .body("{}"),
    )
    .await;
    for member in ["/lead_url", "/username", "/password"] {
        assert!(
            reply.description().contains(member),
            "{}",
            reply.description()
        );
    }
}
