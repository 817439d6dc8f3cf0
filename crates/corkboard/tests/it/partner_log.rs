//! What a partner sees of its own deliveries and of its endpoint, with the user name and password that the platform gave it
//! (protocol §8.7).

use platform::RequestLimit;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::partner::basic;
use testkit::world::Engine;
use testkit::{Answer, Http, Receiver, Reply, World, WorldOptions};

use crate::marketplace::{Marketplace, enable, text};
use crate::support::{assert_error, members, request};

on_both_databases![
    a_partner_follows_its_own_deliveries,
    a_partner_sees_its_own_answers_and_what_comes_next,
    another_partners_delivery_looks_like_none,
    a_partner_reads_how_its_endpoint_is,
    wrong_credentials_see_nothing,
    the_log_counts_against_the_partners_limit,
];

async fn ask(world: &World, authorization: &str, path: &str) -> Reply {
    let request = request(world, Method::GET, path);
    Http::send(request.header("authorization", authorization)).await
}

impl Marketplace {
    async fn own(&self, path: &str) -> Value {
        let reply = ask(&self.world, &self.world.partner_basic(), path).await;
        reply.expect_status(200).json()
    }
}

/// The header of another partner that receives the same business, at `receiver`.
async fn other_partner(world: &World, receiver: &Receiver) -> String {
    let body = json!({
        "name": "Other CRM", "lead_url": format!("{}/lead", receiver.url()), "username": "platform",
        "password": "another password", "fields": [],
    });
    let made = world.operator().post("/operator/v1/partners", &body).await;
    let made = made.expect_status(201).json();
    enable(world, made["partner_id"].as_str().unwrap()).await;
    basic(&text(&made["username"]), &text(&made["password"]))
}

async fn a_partner_follows_its_own_deliveries(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let receiver = Receiver::start().await;
    let other = other_partner(&market.world, &receiver).await;
    let dead = market.dead_leads(1).await;
    let delivered = market.lead().await;
    market.world.drain().await;
    market.partner.answer_always(500);
    let failing = market.lead().await;
    market.write(&failing, "Hello").await;
    market.world.drain().await;
    let leads = |list: &Value| -> Vec<String> {
        let list = list["data"].as_array().unwrap();
        list.iter().map(|one| text(&one["leadID"])).collect()
    };
    let all = market.own("/v1/deliveries").await;
    let expected = [&failing, &failing, &delivered, &dead[0]].map(|lead| lead.lead_id.clone());
    assert_eq!(leads(&all), expected);
    let item = [
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
    ];
    assert_eq!(members(&all["data"][0]), item);
    for (query, count) in [
        ("state=pending".to_owned(), 2),
        ("state=dead".to_owned(), 1),
        ("state=delivered".to_owned(), 1),
        ("failed=true".to_owned(), 2),
        ("kind=message".to_owned(), 1),
        (format!("lead={}", failing.lead_id), 2),
        (format!("lead={}&state=dead", failing.lead_id), 0),
    ] {
        let found = market.own(&format!("/v1/deliveries?{query}")).await;
        assert_eq!(leads(&found).len(), count, "{query}");
    }
    let mut seen = Vec::new();
    let mut next = Value::String(String::new());
    while let Some(cursor) = next.as_str() {
        let page = market
            .own(&format!("/v1/deliveries?limit=1&after={cursor}"))
            .await;
        seen.extend(leads(&page));
        next = page["next"].clone();
    }
    assert_eq!(seen, expected);
    // Filters of the operator change nothing here.
    let own = market.own("/v1/deliveries?partner=1").await;
    assert_eq!(own, all);
    let others = ask(&market.world, &other, "/v1/deliveries").await.json();
    assert_eq!(others["data"].as_array().unwrap().len(), 3, "leads only");
    for (query, name) in [
        ("state=x", "state"),
        ("lead=x", "lead"),
        ("after=x", "after"),
    ] {
        let path = format!("/v1/deliveries?{query}");
        let reply = ask(&market.world, &market.world.partner_basic(), &path).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(reply.description().contains(name), "{}", reply.text());
    }
}

async fn a_partner_sees_its_own_answers_and_what_comes_next(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let answer = json!({"error": "our database is away"});
    market
        .partner
        .answer_next_at("/v1/lead", Answer::json(500, &answer));
    let lead = market.lead().await;
    market.world.drain().await;
    let id = market.delivery_of(&lead, "lead").await;
    let shown = market.own(&format!("/v1/deliveries/{id}")).await;
    let own = ["next", "attempt_log", "as_of"];
    assert_eq!(members(&shown)[11..], own, "no line for curl, no partner");
    let attempt = &shown["attempt_log"][0];
    assert_eq!(
        (&attempt["status"], &attempt["class"]),
        (&json!(500), &json!("endpoint"))
    );
    assert_eq!(attempt["answer"], answer.to_string());
    assert_eq!(shown["next"]["waits_for"], "attempt");
    for (id, status, code) in [("x", 400, "BAD_REQUEST"), ("1", 404, "NOT_FOUND")] {
        let path = format!("/v1/deliveries/{id}");
        let reply = ask(&market.world, &market.world.partner_basic(), &path).await;
        assert_error(&reply, status, code);
    }
}

async fn another_partners_delivery_looks_like_none(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let receiver = Receiver::start().await;
    let other = other_partner(&market.world, &receiver).await;
    let lead = market.lead().await;
    let query = format!("lead={}&partner={}", lead.lead_id, market.partner_id);
    let id = text(&market.deliveries(&query).await[0]["delivery_id"]);
    let of = async |id: &str| {
        let reply = ask(&market.world, &other, &format!("/v1/deliveries/{id}")).await;
        assert_error(&reply, 404, "NOT_FOUND");
        reply.description()
    };
    assert_eq!(of(&id).await, of("1").await, "not to be told apart");
}

async fn a_partner_reads_how_its_endpoint_is(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let well = market.own("/v1/endpoint").await;
    assert_eq!(
        (&well["state"], &well["what_to_do"]),
        (&json!("ok"), &json!([]))
    );
    assert!(well.get("name").is_none() && well.get("running_replays").is_none());
    market.partner.answer_always(403);
    market.lead().await;
    market.world.drain().await;
    let held = market.own("/v1/endpoint").await;
    assert_eq!(
        (&held["state"], &held["pending"]),
        (&json!("credentials"), &json!(1))
    );
    assert_eq!(held["hold"]["since"], market.world.clock.now().to_string());
    assert!(held["hold"]["next_probe_at"].is_string());
    let step = held["what_to_do"][0].as_str().unwrap();
    assert!(step.contains("you gave the operator"), "{step}");
    let pause = format!("partners/{}/pause", market.partner_id);
    market.order(&pause, &json!({})).await.expect_status(200);
    let paused = market.own("/v1/endpoint").await;
    assert_eq!(
        (&paused["state"], &paused["paused"]),
        (&json!("paused"), &json!(true))
    );
    assert!(
        paused["what_to_do"][0]
            .as_str()
            .unwrap()
            .contains("Ask the operator")
    );
}

async fn wrong_credentials_see_nothing(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let username = &market.world.demo.partner.username;
    for path in ["/v1/deliveries", "/v1/deliveries/1", "/v1/endpoint"] {
        for authorization in [
            String::new(),
            basic(username, "wrong"),
            basic("nobody", "wrong"),
            format!("Bearer {}", testkit::world::OPERATOR_KEY),
        ] {
            let reply = ask(&market.world, &authorization, path).await;
            assert_error(&reply, 401, "UNAUTHORIZED");
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Basic "), "{challenge}");
        }
    }
}

async fn the_log_counts_against_the_partners_limit(engine: Engine) {
    let limit = RequestLimit {
        per_second: 1,
        burst: 3,
    };
    let world = World::start(WorldOptions {
        request_limit: Some(limit),
        ..WorldOptions::on(engine)
    })
    .await;
    let own = world.partner_basic();
    for path in ["/v1/deliveries", "/v1/endpoint", "/v1/deliveries?limit=1"] {
        ask(&world, &own, path).await.expect_status(200);
    }
    assert_error(
        &ask(&world, &own, "/v1/endpoint").await,
        429,
        "TOO_MANY_REQUESTS",
    );
}
