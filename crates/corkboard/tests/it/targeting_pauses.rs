//! An impairment that lasts pauses the targeting of the businesses that depend on the partner, if the operator wants that
//! (the Terms' "API impairment"), and its end resumes it.

use std::time::Duration;

use serde_json::json;
use testkit::Receiver;
use testkit::world::Engine;

use crate::marketplace::{Marketplace, enable};
use crate::outage::{ON, PAUSED, impair, kinds, look, market, recover, targeting, told};
use crate::support::{FIRST, OTHERS, SECOND, assert_error};

on_both_databases![
    an_impairment_that_lasts_pauses_targeting_and_its_end_resumes_it,
    without_the_setting_nothing_is_paused,
    a_business_that_receives_elsewhere_is_not_paused,
    a_business_that_disconnects_is_free,
    new_settings_resume_what_was_paused,
    two_processes_pause_and_resume_once,
];

/// Another partner that receives the first business's leads.
async fn another_partner(market: &Marketplace) -> Receiver {
    let receiver = Receiver::start().await;
    let body = json!({
        "name": "Other CRM",
        "lead_url": format!("{}/lead", receiver.url()),
        "username": "platform",
        "password": "a password",
    });
    let reply = market
        .world
        .operator()
        .post("/operator/v1/partners", &body)
        .await;
    let made = reply.expect_status(201).json();
    enable(&market.world, made["partner_id"].as_str().unwrap()).await;
    receiver
}

async fn an_impairment_that_lasts_pauses_targeting_and_its_end_resumes_it(engine: Engine) {
    let market = market(engine).await;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    market.pass(1_799.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON, "not yet");
    market.pass(1.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, PAUSED);
    let refused = market.world.feed_lead(FIRST).await;
    assert_error(&refused, 409, "CONFLICT");
    assert!(
        refused.description().contains("paused"),
        "{}",
        refused.text()
    );
    for others in [SECOND, OTHERS] {
        assert_eq!(
            targeting(&market, others).await,
            ON,
            "they are not the partner's"
        );
    }
    let page = market.world.pro(0).open_logged_in("/services").await.text();
    assert!(
        page.contains("what we send to Demo CRM does not arrive"),
        "{page}"
    );
    let list = market.world.operator().get("/operator/v1/businesses").await;
    let paused = list.json()["data"].as_array().unwrap().clone();
    let paused = paused.iter().filter(|one| one["targeting_paused"] == true);
    assert_eq!(paused.count(), 1);

    recover(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
    assert_eq!(market.world.feed_lead(FIRST).await.status, 201);
    let page = market.world.pro(0).open_logged_in("/services").await.text();
    assert!(!page.contains("does not arrive"));
    let told = told(&market).await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    let expected = [
        "endpoint.impaired",
        "targeting.paused",
        "endpoint.recovered",
        "targeting.resumed",
    ];
    assert_eq!(kinds, expected);
    let impairment = &market.impairments("").await[0];
    for (event, enabled, reason) in [(1, false, "impairment"), (3, true, "recovered")] {
        let expected = json!({
            "impairment_id": impairment["impairment_id"],
            "partner_id": market.partner_id,
            "businessID": market.world.business(0, 0),
            "enabled": enabled,
            "reason": reason,
        });
        assert_eq!(told[event].1, expected);
    }
    assert_eq!(impairment["targeting_resumed_at"], impairment["until"]);
    let path = format!(
        "/operator/v1/impairments/{}",
        impairment["impairment_id"].as_str().unwrap()
    );
    let found = market.world.operator().get(&path).await.json();
    let counts = [
        &found["businesses_paused"],
        &found["businesses_still_paused"],
    ];
    assert_eq!(counts, [&json!(1), &json!(0)]);
}

async fn without_the_setting_nothing_is_paused(engine: Engine) {
    let market = Marketplace::start(engine).await;
    impair(&market).await;
    market.pass(86_400.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
    assert_eq!(kinds(&market).await, ["endpoint.impaired"]);
}

async fn a_business_that_receives_elsewhere_is_not_paused(engine: Engine) {
    let market = market(engine).await;
    let other = another_partner(&market).await;
    impair(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON, "the other one works");
    // Now the other one fails as well: nobody receives the leads.
    other.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, PAUSED);
    // It works again, and the first one does not: that is enough.
    other.answer_always(200);
    market.pass(120.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
    let told = told(&market).await;
    assert_eq!(told.last().unwrap().1["reason"], "rerouted");
    // And paused once more, by the same impairment.
    other.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, PAUSED);
    recover(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
}

async fn a_business_that_disconnects_is_free(engine: Engine) {
    let market = market(engine).await;
    impair(&market).await;
    assert_eq!(targeting(&market, FIRST).await, PAUSED);
    let path = format!(
        "/operator/v1/partners/{}/businesses/{}",
        market.partner_id,
        market.world.business(0, 0)
    );
    market
        .world
        .operator()
        .delete(&path)
        .await
        .expect_status(200);
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
}

async fn new_settings_resume_what_was_paused(engine: Engine) {
    let market = market(engine).await;
    impair(&market).await;
    market.set_endpoints(&json!({})).await.expect_status(200);
    assert_eq!(targeting(&market, FIRST).await, ON);
    let expected = [
        "endpoint.impaired",
        "targeting.paused",
        "endpoint.recovered",
        "targeting.resumed",
    ];
    assert_eq!(kinds(&market).await, expected);
}

async fn two_processes_pause_and_resume_once(engine: Engine) {
    let market = market(engine).await;
    let (second, _) = market.world.second_platform().await;
    let first = &market.world.platform;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    market.pass(1_800.0).await;
    for _ in 0..2 {
        let (one, other) = tokio::join!(first.run_jobs_once(), second.run_jobs_once());
        one.unwrap();
        other.unwrap();
    }
    assert_eq!(
        kinds(&market).await,
        ["endpoint.impaired", "targeting.paused"]
    );
    market.partner.answer_always(200);
    market.world.advance(Duration::from_mins(2));
    let (one, other) = tokio::join!(first.drain(), second.drain());
    one.unwrap();
    other.unwrap();
    let (one, other) = tokio::join!(first.run_jobs_once(), second.run_jobs_once());
    one.unwrap();
    other.unwrap();
    let expected = [
        "endpoint.impaired",
        "targeting.paused",
        "endpoint.recovered",
        "targeting.resumed",
    ];
    assert_eq!(kinds(&market).await, expected);
    assert_eq!(targeting(&market, FIRST).await, ON);
}
