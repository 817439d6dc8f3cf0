//! One delivery as the operator sees it: what happened, what comes next, how to repeat it by hand, its bytes; and calling
//! it off.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Answer, Http};

use crate::marketplace::Marketplace;
use crate::support::{assert_error, members};

on_both_databases![
    everything_that_is_known_is_shown,
    what_comes_next_is_told,
    the_curl_line_is_safe_whatever_the_url,
    the_bytes_are_there_until_they_are_delivered_and_reading_them_is_recorded,
    a_delivery_is_called_off_once_and_what_follows_goes_on,
    what_is_over_is_not_called_off,
];

async fn everything_that_is_known_is_shown(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let answer = json!({"error": "no such category", "hint": "<b>\u{1b}[31mask</b>"});
    market
        .partner
        .answer_next_at("/v1/lead", Answer::json(422, &answer));
    let lead = market.lead().await;
    market.world.drain().await;
    let id = market.delivery_of(&lead, "lead").await;
    let shown = market.look(&format!("deliveries/{id}")).await;
    let expected = [
        "delivery_id",
        "kind",
        "leadID",
        "state",
        "attempts",
        "next_attempt_at",
        "last_status",
        "last_error",
        "business_id",
        "created_at",
        "finished_at",
        "partner_id",
        "partner_name",
        "next",
        "attempt_log",
        "method",
        "url",
        "curl",
        "body",
        "as_of",
    ];
    assert_eq!(members(&shown), expected);
    assert_eq!(shown["partner_id"], *market.partner_id);
    assert!(shown["partner_name"].is_string());
    assert_eq!(shown["as_of"], market.world.clock.now().to_string());
    let log = shown["attempt_log"].as_array().unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(
        (&log[0]["status"], &log[0]["class"]),
        (&json!(422), &json!("refused"))
    );
    assert_eq!(log[0]["answer"], answer.to_string());
    let url = format!("{}/v1/lead", market.partner.url());
    assert_eq!(
        (&shown["method"], &shown["url"]),
        (&json!("POST"), &json!(url))
    );
    let curl = shown["curl"].as_str().unwrap();
    for part in [
        "--request POST",
        &format!("--url '{url}'"),
        "--user 'platform':\"$PASSWORD\"",
        &format!("'webhook-id: {id}'"),
        "--data-binary @body.json",
    ] {
        assert!(curl.contains(part), "{part} in {curl}");
    }
    let password = market.world.demo.endpoints.password.expose();
    assert!(!shown.to_string().contains(password), "no secret");
    assert!(
        !shown.to_string().contains("Palo Alto"),
        "and nothing personal of ours"
    );
    assert_eq!(shown["body"]["kept"], true);
}

async fn what_comes_next_is_told(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(500);
    let lead = market.lead().await;
    market.write(&lead, "Hello").await;
    market.world.drain().await;
    let first = market.delivery_of(&lead, "lead").await;
    let second = market.delivery_of(&lead, "message").await;
    let next = async |id: &str| market.look(&format!("deliveries/{id}")).await["next"].clone();
    let attempt = next(&first).await;
    assert_eq!(attempt["waits_for"], "attempt");
    assert!(attempt["at"].is_string());
    let behind = next(&second).await;
    assert_eq!(
        (&behind["waits_for"], &behind["delivery_id"]),
        (&json!("forerunner"), &json!(first))
    );
    market.partner.answer_always(401);
    market.pass(2.0).await;
    let probe = next(&first).await;
    assert_eq!(probe["waits_for"], "probe");
    assert!(
        probe["explanation"]
            .as_str()
            .unwrap()
            .contains("user name and password")
    );
    let partner = format!("partners/{}", market.partner_id);
    market
        .order(&format!("{partner}/pause"), &json!({}))
        .await
        .expect_status(200);
    assert_eq!(next(&first).await["waits_for"], "resume");
    market
        .order(&format!("{partner}/resume"), &json!({}))
        .await
        .expect_status(200);
    market.partner.answer_always(410);
    market.pass(60.0).await;
    assert_eq!(next(&second).await["waits_for"], "settings");
    market.partner.answer_always(200);
    market.set_endpoints(&json!({})).await.expect_status(200);
    market.world.drain().await;
    for id in [&first, &second] {
        assert_eq!(next(id).await["waits_for"], "nothing");
    }
}

async fn the_curl_line_is_safe_whatever_the_url(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let url = format!(
        "{}/v1/lead?x='$(id)`id`&y={{leadID}}&z=[1-3]",
        market.partner.url()
    );
    let change = json!({"lead_url": url, "username": "it's us"});
    market.set_endpoints(&change).await.expect_status(200);
    let lead = market.lead().await;
    let id = market.delivery_of(&lead, "lead").await;
    let shown = market.look(&format!("deliveries/{id}")).await;
    let sent = url.replace("{leadID}", &lead.lead_id);
    assert_eq!(shown["url"], *sent);
    let quoted = format!("--url '{}'", sent.replace('\'', r"'\''"));
    let curl = shown["curl"].as_str().unwrap();
    assert!(curl.contains(&quoted), "{curl}");
    assert!(
        curl.contains(r#"--user 'it'\''s us':"$PASSWORD""#),
        "{curl}"
    );
    assert!(curl.contains("--globoff"), "brackets are no pattern");
}

async fn the_bytes_are_there_until_they_are_delivered_and_reading_them_is_recorded(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(500);
    let lead = market.lead().await;
    market.world.drain().await;
    let sent = market.partner.take()[0].body.clone();
    let id = market.delivery_of(&lead, "lead").await;
    let path = format!("/operator/v1/deliveries/{id}/body");
    let body = market.world.operator().get(&path).await.expect_status(200);
    assert_eq!(body.text(), sent, "byte for byte");
    assert_eq!(body.header("content-type"), Some("application/json"));
    assert_eq!(body.header("cache-control"), Some("no-store"));
    let read = market.audited("delivery.body_read").await;
    assert_eq!(read, [json!({ "delivery_id": id })]);
    market.pass(2.0).await;
    let gone = market.world.operator().get(&path).await;
    assert_error(&gone, 410, "NOT_FOUND");
    assert!(gone.description().contains("until it was delivered"));
    let shown = market.look(&format!("deliveries/{id}")).await;
    assert_eq!(shown["body"]["kept"], false);
    assert_eq!(market.audited("delivery.body_read").await.len(), 1);
    let without = Http::send(
        market
            .world
            .http
            .request(Method::GET, &format!("{}{path}", market.world.platform_url)),
    );
    assert_error(&without.await, 401, "INVALID_TOKEN");
}

async fn a_delivery_is_called_off_once_and_what_follows_goes_on(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(500);
    let lead = market.lead().await;
    market.write(&lead, "Hello").await;
    market.world.drain().await;
    market.came();
    let id = market.delivery_of(&lead, "lead").await;
    let path = format!("deliveries/{id}/cancel");
    for _ in 0..2 {
        let cancelled = market.order(&path, &json!({})).await.expect_status(200);
        assert_eq!(cancelled.json()["state"], "cancelled");
    }
    let recorded = market.audited("delivery.cancelled").await;
    assert_eq!(recorded, [json!({ "delivery_id": id })]);
    market.world.drain().await;
    assert_eq!(market.came(), ["/v1/message"]);
    // A retry brings it back.
    let path = format!("deliveries/{id}/retry");
    let retried = market.order(&path, &json!({})).await.expect_status(200);
    assert_eq!(retried.json()["state"], "pending");
    market.world.drain().await;
    assert_eq!(market.came(), ["/v1/lead"]);
}

async fn what_is_over_is_not_called_off(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let dead = market.dead_leads(1).await;
    let delivered = market.lead().await;
    market.world.drain().await;
    for (lead, reason) in [(&dead[0], "dead"), (&delivered, "delivered")] {
        let id = market.delivery_of(lead, "lead").await;
        let path = format!("deliveries/{id}/cancel");
        let reply = market.order(&path, &json!({})).await;
        assert_error(&reply, 409, "CONFLICT");
        assert!(reply.description().contains(reason), "{}", reply.text());
    }
    assert_eq!(market.audited("delivery.cancelled").await, [Value::Null; 0]);
}
