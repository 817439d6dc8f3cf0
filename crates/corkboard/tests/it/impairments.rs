//! What the operator is told when a partner's endpoint is in trouble (protocol §4.5), and what stays on record.

use serde_json::{Value, json};
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::support::{assert_error, members};

on_both_databases![
    refused_credentials_are_told_at_once_and_so_is_the_recovery,
    five_failures_in_a_row_are_an_impairment_and_four_are_none,
    each_reason_is_told_once,
    a_wish_for_time_is_an_impairment_when_it_has_lasted,
    a_gone_endpoint_is_impaired_until_its_settings_change,
    a_probe_that_hears_gone_ends_nothing,
    new_settings_end_an_impairment_and_another_begins_if_they_are_no_better,
    a_kind_that_is_not_taken_is_told,
    impairments_are_listed_page_by_page,
];

/// The events about endpoints, by kind.
async fn told(market: &Marketplace) -> Vec<(String, Value)> {
    let mut events = market.events().await;
    events.retain(|(kind, _)| kind.starts_with("endpoint."));
    events
}

async fn kinds(market: &Marketplace) -> Vec<String> {
    let told = told(market).await;
    told.into_iter().map(|(kind, _)| kind).collect()
}

async fn refused_credentials_are_told_at_once_and_so_is_the_recovery(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(401);
    market.lead().await;
    market.world.drain().await;
    let since = market.world.clock.now().to_string();
    let open = market.impairments("open=true").await;
    assert_eq!(open.len(), 1);
    let impairment_id = open[0]["impairment_id"].as_str().unwrap();
    let expected = json!({
        "impairment_id": impairment_id,
        "partner_id": market.partner_id,
        "reason": "credentials",
        "since": since,
    });
    let impaired = ("endpoint.impaired".to_owned(), expected);
    assert_eq!(told(&market).await, std::slice::from_ref(&impaired));

    market.pass(60.0).await;
    let until = market.world.clock.now().to_string();
    let mut recovered = impaired.1.clone();
    recovered["until"] = until.as_str().into();
    recovered["ended_by"] = "probe".into();
    let recovered = ("endpoint.recovered".to_owned(), recovered);
    assert_eq!(told(&market).await, [impaired, recovered]);
    assert!(market.impairments("open=true").await.is_empty());
    let over = market.impairments("open=false").await;
    assert_eq!(over[0]["until"], until);
    assert_eq!(
        members(&over[0]),
        [
            "impairment_id",
            "partner_id",
            "reason",
            "reasons",
            "since",
            "until",
            "ended_by",
            "targeting_paused_at",
            "targeting_resumed_at",
        ]
    );
    let path = format!("/operator/v1/impairments/{impairment_id}");
    let found = market.world.operator().get(&path).await;
    let found = found.expect_status(200).json();
    assert_eq!(found["ended_by"], "probe");
    assert_eq!(found["businesses_paused"], 0, "nobody asked for that");
    let unknown = market
        .world
        .operator()
        .get("/operator/v1/impairments/5")
        .await;
    assert_error(&unknown, 404, "NOT_FOUND");
}

async fn five_failures_in_a_row_are_an_impairment_and_four_are_none(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(500);
    for _ in 0..4 {
        market.lead().await;
    }
    market.world.drain().await;
    assert!(told(&market).await.is_empty());
    market.lead().await;
    market.world.drain().await;
    assert_eq!(kinds(&market).await, ["endpoint.impaired"]);
    assert_eq!(market.impairments("").await[0]["reason"], "failing");
}

async fn each_reason_is_told_once(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(403);
    market.lead().await;
    market.world.drain().await;
    for status in [503, 403, 500, 401] {
        market.partner.answer_next(status);
        market.pass(60.0).await;
    }
    assert_eq!(
        kinds(&market).await,
        ["endpoint.impaired", "endpoint.impaired"]
    );
    let open = market.impairments("open=true").await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["reason"], "credentials");
    assert_eq!(open[0]["reasons"], json!(["credentials", "failing"]));
}

async fn a_wish_for_time_is_an_impairment_when_it_has_lasted(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let wait = |seconds: &str| vec![("retry-after", seconds.to_owned())];
    market.partner.answer_next_with(429, wait("60"));
    market.lead().await;
    market.world.drain().await;
    market.pass(70.0).await;
    market.world.platform.run_jobs_once().await.unwrap();
    assert!(told(&market).await.is_empty());
    assert!(
        market.impairments("").await.is_empty(),
        "as if it never was"
    );

    market.partner.answer_next_with(503, wait("7200"));
    market.lead().await;
    market.world.drain().await;
    let since = market.world.clock.now().to_string();
    market.pass(599.0).await;
    market.world.platform.run_jobs_once().await.unwrap();
    assert!(told(&market).await.is_empty());
    market.pass(1.0).await;
    for _ in 0..2 {
        market.world.platform.run_jobs_once().await.unwrap();
        let told = told(&market).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1["reason"], "busy");
        assert_eq!(told[0].1["since"], since);
    }
    market.pass(7_200.0).await;
    assert_eq!(
        kinds(&market).await,
        ["endpoint.impaired", "endpoint.recovered"]
    );
}

async fn a_gone_endpoint_is_impaired_until_its_settings_change(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(410);
    market.lead().await;
    market.world.drain().await;
    market.pass(86_400.0).await;
    let gone = told(&market).await;
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].0, "endpoint.gone");
    assert_eq!(gone[0].1["reason"], "gone");
    market.set_endpoints(&json!({})).await.expect_status(200);
    market.world.drain().await;
    assert_eq!(
        kinds(&market).await,
        ["endpoint.gone", "endpoint.recovered"]
    );
    assert_eq!(market.impairments("").await[0]["ended_by"], "settings");
}

async fn a_probe_that_hears_gone_ends_nothing(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(401);
    market.lead().await;
    market.world.drain().await;
    market.partner.answer_next(410);
    market.pass(60.0).await;
    assert_eq!(kinds(&market).await, ["endpoint.impaired", "endpoint.gone"]);
    let open = market.impairments("open=true").await;
    assert_eq!(open.len(), 1, "one and the same");
    assert_eq!(open[0]["reasons"], json!(["credentials", "gone"]));
}

async fn new_settings_end_an_impairment_and_another_begins_if_they_are_no_better(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    market.set_endpoints(&json!({})).await.expect_status(200);
    assert_eq!(
        kinds(&market).await,
        ["endpoint.impaired", "endpoint.recovered"]
    );
    market.world.drain().await;
    let all = market.impairments("").await;
    assert_eq!(all.len(), 2, "the newest first");
    assert_eq!(all[0]["until"], Value::Null);
    assert_eq!(all[1]["ended_by"], "settings");
    // Settings of a healthy endpoint end nothing.
    market.partner.answer_always(200);
    market.pass(60.0).await;
    let before = kinds(&market).await;
    market.set_endpoints(&json!({})).await.expect_status(200);
    assert_eq!(kinds(&market).await, before);
}

async fn a_kind_that_is_not_taken_is_told(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let lead = market.lead().await;
    market.world.drain().await;
    market.partner.answer_next(405);
    market.review(&lead).await;
    market.world.drain().await;
    let content = json!({"partner_id": market.partner_id, "kind": "review"});
    assert_eq!(
        told(&market).await,
        [("endpoint.kind_off".to_owned(), content)]
    );
    market.review(&lead).await;
    market.world.drain().await;
    assert_eq!(told(&market).await.len(), 1, "once");
    assert!(market.impairments("").await.is_empty());
}

async fn impairments_are_listed_page_by_page(engine: Engine) {
    let market = Marketplace::start(engine).await;
    for _ in 0..3 {
        market.partner.answer_next(401);
        market.lead().await;
        market.world.drain().await;
        market.pass(60.0).await;
    }
    let all = market.impairments("").await;
    assert_eq!(all.len(), 3);
    let operator = market.world.operator();
    let mut seen = Vec::new();
    let mut path = "/operator/v1/impairments?limit=1".to_owned();
    loop {
        let page = operator.get(&path).await.expect_status(200).json();
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/operator/v1/impairments?limit=1&after={next}");
    }
    assert_eq!(seen, all);
    let nobody = operator.get("/operator/v1/impairments?partner=5").await;
    assert_eq!(nobody.expect_status(200).json()["data"], json!([]));
    for query in ["open=yes", "partner=x", "after=x"] {
        let reply = operator
            .get(&format!("/operator/v1/impairments?{query}"))
            .await;
        assert_error(&reply, 400, "BAD_REQUEST");
    }
}
