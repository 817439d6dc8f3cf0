//! All deliveries to one partner: how it stands with them, holding them, letting them go, calling them off.

use serde_json::{Value, json};
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::support::{SECOND, assert_error};

on_both_databases![
    a_paused_partner_gets_nothing_and_loses_nothing,
    health_tells_what_is_the_matter_and_what_to_do,
    what_waits_is_called_off_all_or_of_one_business,
    much_is_called_off_too,
    a_partner_gets_no_more_than_its_limits,
];

impl Marketplace {
    async fn health(&self) -> Value {
        self.look(&format!("partners/{}/health", self.partner_id))
            .await
    }

    async fn order_partner(&self, what: &str, body: &Value) -> Value {
        let path = format!("partners/{}/{what}", self.partner_id);
        self.order(&path, body).await.expect_status(200).json()
    }
}

async fn a_paused_partner_gets_nothing_and_loses_nothing(engine: Engine) {
    let market = Marketplace::start(engine).await;
    for _ in 0..2 {
        let health = market.order_partner("pause", &json!({})).await;
        assert_eq!(
            (&health["state"], &health["paused"]),
            (&json!("paused"), &json!(true))
        );
    }
    let lead = market.lead().await;
    market.write(&lead, "Hello").await;
    market.pass(86_400.0).await;
    assert_eq!(market.came().len(), 0);
    let health = market.health().await;
    assert_eq!(
        (&health["pending"], &health["dead"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(health["oldest_pending_age_seconds"], 86_400);
    for _ in 0..2 {
        let health = market.order_partner("resume", &json!({})).await;
        assert_eq!(health["state"], "ok");
    }
    market.world.drain().await;
    assert_eq!(market.came(), ["/v1/lead", "/v1/message"]);
    let once = [json!({ "partner_id": market.partner_id })];
    for kind in ["partner.paused", "partner.resumed"] {
        assert_eq!(market.audited(kind).await, once, "{kind}");
    }
}

async fn health_tells_what_is_the_matter_and_what_to_do(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let health = market.health().await;
    assert_eq!(health["partner_id"], *market.partner_id);
    assert_eq!(
        (&health["state"], &health["hold"]),
        (&json!("ok"), &Value::Null)
    );
    assert_eq!(health["what_to_do"], json!([]));
    assert_eq!(health["oldest_pending_at"], Value::Null);

    market.dead_leads(2).await;
    let lead = market.lead().await;
    market.world.drain().await;
    market.partner.answer_next(405);
    market.price(&lead, "$5.00").await;
    market.world.drain().await;
    let health = market.health().await;
    assert_eq!(health["state"], "ok", "the endpoint as a whole is well");
    assert_eq!(health["kinds_off"], json!(["lead_update"]));
    assert_eq!(health["dead"], 3);
    let steps = health["what_to_do"].to_string();
    assert!(
        steps.contains("lead update") && steps.contains("3 deliveries are dead"),
        "{steps}"
    );

    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    let since = market.world.clock.now();
    let health = market.health().await;
    assert_eq!(health["state"], "credentials");
    assert_eq!(health["hold"]["since"], since.to_string());
    assert!(health["hold"]["next_probe_at"].is_string());
    assert!(health["explanation"].as_str().unwrap().contains("401"));
    assert!(
        health["what_to_do"][0]
            .as_str()
            .unwrap()
            .contains("set its endpoints")
    );

    market.partner.answer_always(410);
    market.pass(60.0).await;
    assert_eq!(market.health().await["state"], "gone");
    market.partner.answer_always(200);
    market.set_endpoints(&json!({})).await.expect_status(200);
    market.world.drain().await;
    let health = market.health().await;
    assert_eq!(
        (&health["state"], &health["kinds_off"]),
        (&json!("ok"), &json!([]))
    );
    let nobody = market.order("partners", &json!({"name": "New CRM"})).await;
    let id = nobody.expect_status(201).json()["partner_id"].clone();
    let path = format!("partners/{}/health", id.as_str().unwrap());
    assert_eq!(market.look(&path).await["state"], "no_endpoint");
}

async fn what_waits_is_called_off_all_or_of_one_business(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let (first, second) = (market.world.business(0, 0), market.world.business(0, 1));
    let path = format!(
        "/operator/v1/partners/{}/businesses/{second}",
        market.partner_id
    );
    let enabled = market.world.operator().put(&path, &json!({})).await;
    enabled.expect_status(200);
    market.order_partner("pause", &json!({})).await;
    for _ in 0..2 {
        let lead = market.lead().await;
        market.write(&lead, "Hello").await;
        market.world.lead(SECOND).await;
    }
    let bad = json!({"business_id": "x"});
    let path = format!("partners/{}/cancel-deliveries", market.partner_id);
    let reply = market.order(&path, &bad).await;
    assert_error(&reply, 400, "BAD_REQUEST");
    assert!(
        reply
            .description()
            .starts_with("/business_id must be an id")
    );
    let of_first = json!({ "business_id": first });
    let done = market.order_partner("cancel-deliveries", &of_first).await;
    assert_eq!(
        (&done["cancelled"], &done["business_id"]),
        (&json!(4), &json!(first))
    );
    assert_eq!(market.deliveries("state=pending").await.len(), 2);
    // Everything else, without a body.
    let request = market
        .world
        .operator()
        .request(reqwest::Method::POST, &format!("/operator/v1/{path}"));
    let done = testkit::Http::send(request).await.expect_status(200).json();
    assert_eq!(done["cancelled"], 2);
    let done = market.order_partner("cancel-deliveries", &json!({})).await;
    assert_eq!(done["cancelled"], 0);
    market.order_partner("resume", &json!({})).await;
    market.world.drain().await;
    assert_eq!(market.came().len(), 0);
    let audited = market.audited("partner.deliveries_cancelled").await;
    let counts: Vec<&Value> = audited.iter().map(|line| &line["deliveries"]).collect();
    assert_eq!(counts, [4, 2]);
    let cancelled = market.deliveries("state=cancelled").await;
    assert_eq!(cancelled[0]["last_error"], "called off by the operator");
}

async fn much_is_called_off_too(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.order_partner("pause", &json!({})).await;
    let leads = 230;
    for _ in 0..leads {
        market.lead().await;
    }
    let done = market.order_partner("cancel-deliveries", &json!({})).await;
    assert_eq!(done["cancelled"], leads);
    let audited = market.audited("partner.deliveries_cancelled").await;
    let counts: Vec<u64> = audited
        .iter()
        .filter_map(|line| line["deliveries"].as_u64())
        .collect();
    assert_eq!(counts, [200, 30], "a transaction each");
}

async fn a_partner_gets_no_more_than_its_limits(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let path = format!("/operator/v1/partners/{}/limits", market.partner_id);
    let operator = market.world.operator();
    let limits = json!({"weight": 3, "max_in_flight": 1, "backlog_per_second": 2});
    let health = operator.put(&path, &limits).await.expect_status(200).json();
    assert_eq!(health["limits"], limits);
    // What waited for long goes out two in a second, one after the other.
    market.order_partner("pause", &json!({})).await;
    for _ in 0..5 {
        market.lead().await;
    }
    market.pass(3_600.0).await;
    market.order_partner("resume", &json!({})).await;
    market.world.drain().await;
    let mut came = vec![market.came().len()];
    for _ in 0..4 {
        market.pass(0.5).await;
        came.push(market.came().len());
    }
    assert_eq!(came, [1; 5]);
    let usual = operator
        .put(&path, &json!({}))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        usual["limits"],
        json!({"weight": 1, "max_in_flight": null, "backlog_per_second": null})
    );
    for (body, names) in [
        (
            json!({"weight": 0}),
            "/weight must be a number from 1 to 100, or null.",
        ),
        (
            json!({"max_in_flight": "8"}),
            "/max_in_flight must be a number from 1 to 64, or null.",
        ),
        (
            json!({"backlog_per_second": 1e9}),
            "/backlog_per_second must be a number from 1 to 10000, or null.",
        ),
        (
            json!({"weight": -1}),
            "/weight must be a number from 1 to 100, or null.",
        ),
    ] {
        let reply = operator.put(&path, &body).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert_eq!(reply.json()["error_description"], names);
    }
    let unknown = operator
        .put("/operator/v1/partners/7/limits", &limits)
        .await;
    assert_error(&unknown, 404, "NOT_FOUND");
}
