//! What pros, partners and the operator switch while an impairment pauses the targeting goes before the pause, or stays
//! beside it.

use serde_json::json;
use testkit::partner::{Partner, Tokens};
use testkit::webdriver::Browser;
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::outage::{
    OFF, ON, PAUSED, impair, kinds, look, market, recover, switch, targeting, told,
};
use crate::support::{FIRST, assert_error};

on_both_databases![
    what_was_off_before_stays_off,
    a_pro_who_switches_during_the_pause_has_spoken,
    a_partners_program_is_heard_after_the_pause,
    the_operators_hand_goes_before_the_pause,
];

/// The pro logs in and switches the first business on the services page.
async fn switch_as_pro(market: &Marketplace, enabled: bool) {
    let pro = market.world.pro(0);
    pro.open_logged_in("/services").await.expect_status(200);
    let fields = [
        ("business_id".to_owned(), market.world.business(0, 0)),
        ("enabled".to_owned(), enabled.to_string()),
    ];
    let reply = pro.post("/services/targeting", &fields).await;
    reply.expect_status(303);
}

/// The first business is connected to the partner's production client.
async fn connect(market: &Marketplace) -> (Partner, Tokens) {
    let client = market.world.partner("production");
    let tokens = market.world.connect(&client, FIRST, "targeting").await;
    (client, tokens)
}

async fn what_was_off_before_stays_off(engine: Engine) {
    let market = market(engine).await;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    switch(&market, false).await;
    market.pass(3_600.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, OFF, "and not paused");
    recover(&market).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, OFF);
    assert_error(&market.world.feed_lead(FIRST).await, 409, "CONFLICT");
    let expected = [
        "endpoint.impaired",
        "targeting.changed",
        "endpoint.recovered",
    ];
    assert_eq!(kinds(&market).await, expected);
}

async fn a_pro_who_switches_during_the_pause_has_spoken(engine: Engine) {
    for enabled in [true, false] {
        let market = market(engine).await;
        impair(&market).await;
        assert_eq!(targeting(&market, FIRST).await, PAUSED);
        switch_as_pro(&market, enabled).await;
        let wanted = (enabled, false);
        assert_eq!(targeting(&market, FIRST).await, wanted);
        for _ in 0..3 {
            market.pass(3_600.0).await;
            look(&market).await;
        }
        assert_eq!(
            targeting(&market, FIRST).await,
            wanted,
            "for as long as it lasts"
        );
        recover(&market).await;
        look(&market).await;
        assert_eq!(targeting(&market, FIRST).await, wanted);
        let told = told(&market).await;
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        let expected = [
            "endpoint.impaired",
            "targeting.paused",
            "targeting.resumed",
            "targeting.changed",
            "endpoint.recovered",
        ];
        assert_eq!(kinds, expected);
        assert_eq!(told[2].1["reason"], "pro");
        assert_eq!(told[2].1["enabled"], enabled);
    }
}

async fn a_partners_program_is_heard_after_the_pause(engine: Engine) {
    for enabled in [true, false] {
        let market = market(engine).await;
        let (client, tokens) = connect(&market).await;
        impair(&market).await;
        let path = format!(
            "/v3/accounts/~/services/{}/preferences/targeting",
            market.world.business(0, 0)
        );
        for enabled in [!enabled, enabled] {
            let body = json!({ "enabled": enabled });
            let reply = client
                .call(reqwest::Method::PATCH, &tokens.access, &path, &body)
                .await;
            reply.expect_status(200);
            look(&market).await;
            assert_eq!(targeting(&market, FIRST).await, PAUSED);
        }
        recover(&market).await;
        assert_eq!(targeting(&market, FIRST).await, (enabled, false));
        let told = told(&market).await;
        let (kind, content) = told.last().unwrap();
        assert_eq!(kind, "targeting.resumed");
        assert_eq!(
            content["enabled"], enabled,
            "what customers are offered now"
        );
    }
}

async fn the_operators_hand_goes_before_the_pause(engine: Engine) {
    let market = market(engine).await;
    // Switched on again while the endpoint is impaired, before that has lasted.
    switch(&market, false).await;
    market.partner.answer_always(401);
    market.world.feed_lead(FIRST).await;
    switch(&market, true).await;
    market.lead().await;
    market.world.drain().await;
    switch(&market, true).await;
    market.pass(3_600.0).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
    // The next impairment knows nothing of that.
    recover(&market).await;
    impair(&market).await;
    assert_eq!(targeting(&market, FIRST).await, PAUSED);
    switch(&market, true).await;
    look(&market).await;
    assert_eq!(targeting(&market, FIRST).await, ON);
}

#[tokio::test]
async fn a_pro_reads_why_the_business_is_paused_and_turns_it_on_in_a_browser() {
    let market = market(Engine::Sqlite).await;
    impair(&market).await;
    let browser = Browser::start().await;
    browser.resize(360, 740).await;
    browser
        .open(&format!("{}/services", market.world.platform_url))
        .await;
    let pro = &market.world.demo.pros[0];
    browser.fill("input[name=email]", &pro.email).await;
    browser
        .fill("input[name=password]", pro.password.expose())
        .await;
    browser.click("main button[type=submit]").await;
    let business = format!("#business-{}", market.world.business(0, 0));
    browser.wait_for(&format!("{business} .alert")).await;
    let text = browser.text().await;
    assert!(text.contains("Paused since"), "{text}");
    let overflow =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(overflow).await, 0, "a phone shows all of it");
    browser
        .click(&format!("{business} button[value=true]"))
        .await;
    browser
        .wait_for(&format!("{business}:not(:has(.alert))"))
        .await;
    assert_eq!(targeting(&market, FIRST).await, ON);
}
