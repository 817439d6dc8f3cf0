//! Replays over HTTP (protocol §4.5, §8.4): how much it would be, a job with a rate, following it, stopping it.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Receiver, Reply};

use crate::marketplace::{Marketplace, text};
use crate::support::{assert_error, members};

on_both_databases![
    a_dry_run_counts_and_changes_nothing,
    a_replay_goes_on_at_its_rate_until_it_is_done,
    a_span_ends_where_it_is_told,
    a_replay_is_stopped,
    replays_are_listed,
    a_replay_under_a_key_begins_once,
    bad_orders_are_named,
    another_process_goes_on_with_it,
    another_partners_dead_stay_dead,
];

impl Marketplace {
    async fn replay(&self, body: &Value) -> Reply {
        let path = format!("partners/{}/replay", self.partner_id);
        self.order(&path, body).await
    }

    async fn replay_with(&self, since: &str, per_second: u32) -> Value {
        let body = json!({"since": since, "rate_per_second": per_second});
        self.replay(&body).await.expect_status(202).json()
    }

    async fn followed(&self, replay: &Value) -> Value {
        self.look(&format!("replays/{}", text(&replay["replay_id"])))
            .await
    }
}

async fn a_dry_run_counts_and_changes_nothing(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    market.dead_leads(3).await;
    let dry = json!({"since": start, "dry_run": true});
    let told = market.replay(&dry).await.expect_status(200).json();
    assert_eq!(
        (&told["dry_run"], &told["total"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(told["until"], market.world.clock.now().to_string());
    market.pass(60.0).await;
    assert_eq!(market.came().len(), 0);
    assert_eq!(market.look("replays").await["data"], json!([]));
    assert_eq!(market.audited("partner.replayed").await.len(), 0);
    let wet = json!({"since": start, "dry_run": false});
    let made = market.replay(&wet).await.expect_status(202).json();
    assert_eq!(made["replayed"], 3);
}

async fn a_replay_goes_on_at_its_rate_until_it_is_done(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    let leads = market.dead_leads(5).await;
    let ids = market.deliveries("state=dead").await;
    let made = market.replay_with(&start, 2).await;
    let expected = [
        "replay_id",
        "partner_id",
        "state",
        "since",
        "until",
        "rate_per_second",
        "total",
        "replayed",
        "created_at",
        "finished_at",
    ];
    assert_eq!(members(&made), expected);
    assert_eq!((&made["total"], &made["replayed"]), (&json!(5), &json!(2)));
    assert_eq!(
        (&made["state"], &made["finished_at"]),
        (&json!("running"), &Value::Null)
    );
    market.world.drain().await;
    assert_eq!(market.partner.received().len(), 2, "no more in this second");
    market.pass(0.5).await;
    assert_eq!(market.followed(&made).await["replayed"], 3);
    market.pass(1.0).await;
    let done = market.followed(&made).await;
    assert_eq!(
        (&done["state"], &done["replayed"]),
        (&json!("done"), &json!(5))
    );
    assert_eq!(done["finished_at"], market.world.clock.now().to_string());
    // Each once, under its old id.
    let came = market.partner.take();
    let mut arrived: Vec<String> = came.iter().map(|one| text(&one.json()["leadID"])).collect();
    arrived.sort();
    let expected: Vec<String> = leads.iter().map(|lead| lead.lead_id.clone()).collect();
    assert_eq!(arrived, expected);
    let mut webhooks: Vec<&str> = came.iter().map(|one| one.header("webhook-id")).collect();
    webhooks.sort_unstable();
    let mut ids: Vec<&str> = ids
        .iter()
        .filter_map(|one| one["delivery_id"].as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(webhooks, ids);
    let audited = market.audited("partner.replayed").await;
    assert_eq!(audited[0]["replay_id"], made["replay_id"]);
}

async fn a_span_ends_where_it_is_told(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    market.dead_leads(2).await;
    let until = market.world.clock.now().to_string();
    market.pass(3_600.0).await;
    market.dead_leads(1).await;
    let body = json!({"since": start, "until": until});
    let made = market.replay(&body).await.expect_status(202).json();
    assert_eq!((&made["total"], &made["until"]), (&json!(2), &json!(until)));
    assert_eq!(market.deliveries("state=dead").await.len(), 1);
    // What is to come cannot have died: the span ends now.
    let future = json!({"since": start, "until": "2099-01-01T00:00:00Z"});
    let made = market.replay(&future).await.expect_status(202).json();
    assert_eq!(made["until"], market.world.clock.now().to_string());
    assert_eq!(made["total"], 1);
}

async fn a_replay_is_stopped(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    market.dead_leads(4).await;
    let made = market.replay_with(&start, 1).await;
    let path = format!("replays/{}/cancel", text(&made["replay_id"]));
    for _ in 0..2 {
        let stopped = market
            .order(&path, &json!({}))
            .await
            .expect_status(200)
            .json();
        assert_eq!(
            (&stopped["state"], &stopped["replayed"]),
            (&json!("cancelled"), &json!(1))
        );
    }
    assert_eq!(market.audited("replay.cancelled").await.len(), 1);
    market.pass(60.0).await;
    assert_eq!(market.came().len(), 1, "what was put back goes on");
    assert_eq!(market.deliveries("state=dead").await.len(), 3);
    let rest = market.replay_with(&start, 100).await;
    assert_eq!(rest["state"], "done");
    let path = format!("replays/{}/cancel", text(&rest["replay_id"]));
    assert_error(&market.order(&path, &json!({})).await, 409, "CONFLICT");
}

async fn replays_are_listed(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, market.replay_with(&start, 1).await);
    }
    let all = market.look("replays").await;
    assert_eq!(all["data"], json!(made));
    let of_partner = format!("replays?partner={}", market.partner_id);
    assert_eq!(market.look(&of_partner).await["data"], json!(made));
    assert_eq!(market.look("replays?partner=1").await["data"], json!([]));
    let page = market.look("replays?limit=2").await;
    assert_eq!(page["data"], json!(made[..2]));
    let rest = format!("replays?limit=2&after={}", text(&page["next"]));
    assert_eq!(
        market.look(&rest).await,
        json!({"data": made[2..], "next": null})
    );
    let reply = market
        .world
        .operator()
        .get("/operator/v1/replays?partner=x")
        .await;
    assert_error(&reply, 400, "BAD_REQUEST");
}

async fn a_replay_under_a_key_begins_once(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    market.dead_leads(3).await;
    let path = format!("/operator/v1/partners/{}/replay", market.partner_id);
    let body = json!({"since": start, "rate_per_second": 1});
    let operator = market.world.operator();
    let first = operator
        .post_once(&path, "again", &body)
        .await
        .expect_status(202);
    let again = operator
        .post_once(&path, "again", &body)
        .await
        .expect_status(202);
    assert_eq!(again.text(), first.text());
    assert_eq!(
        market.look("replays").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other = json!({"since": "2026-01-01T00:00:00Z"});
    let other = operator.post_once(&path, "again", &other).await;
    assert_error(&other, 409, "CONFLICT");
}

async fn bad_orders_are_named(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let since = "2026-01-01T00:00:00Z";
    for (body, words) in [
        (json!({}), "/since is required"),
        (json!({"since": "noon"}), "/since must be a time"),
        (json!({"since": 5}), "/since must be a string"),
        (
            json!({"since": since, "until": "x"}),
            "/until must be a time",
        ),
        (
            json!({"since": since, "until": "2025-01-01T00:00:00Z"}),
            "/until must not be before /since",
        ),
        (
            json!({"since": since, "rate_per_second": 0}),
            "/rate_per_second must be a whole number",
        ),
        (
            json!({"since": since, "rate_per_second": 1_001}),
            "/rate_per_second must be",
        ),
        (
            json!({"since": since, "rate_per_second": 1.5}),
            "/rate_per_second must be",
        ),
        (
            json!({"since": since, "rate_per_second": "9"}),
            "/rate_per_second must be",
        ),
        (
            json!({"since": since, "dry_run": "yes"}),
            "/dry_run must be true or false",
        ),
    ] {
        let reply = market.replay(&body).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(reply.description().starts_with(words), "{}", reply.text());
    }
    for dry_run in [true, false] {
        let body = json!({"since": since, "dry_run": dry_run});
        assert_error(
            &market.order("partners/1/replay", &body).await,
            404,
            "NOT_FOUND",
        );
    }
}

async fn another_process_goes_on_with_it(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    market.dead_leads(4).await;
    let made = market.replay_with(&start, 2).await;
    let (other, _) = market.world.second_platform().await;
    // The first process does nothing any more; its leases run out.
    other.drain().await.unwrap();
    market.world.advance(Duration::from_mins(5));
    other.drain().await.unwrap();
    let done = market.followed(&made).await;
    assert_eq!(
        (&done["state"], &done["replayed"]),
        (&json!("done"), &json!(4))
    );
    assert_eq!(market.came().len(), 4, "once each");
}

async fn another_partners_dead_stay_dead(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let start = market.world.clock.now().to_string();
    let other = Receiver::start().await;
    other.answer_always(422);
    let body = json!({
        "name": "Other CRM", "lead_url": format!("{}/lead", other.url()), "username": "platform",
        "password": "another password", "fields": [],
    });
    let made = market
        .order("partners", &body)
        .await
        .expect_status(201)
        .json();
    crate::marketplace::enable(&market.world, made["partner_id"].as_str().unwrap()).await;
    market.dead_leads(2).await;
    assert_eq!(market.deliveries("state=dead").await.len(), 4);
    let replay = market.replay_with(&start, 100).await;
    assert_eq!(replay["total"], 2);
    market.world.drain().await;
    let dead = market.deliveries("state=dead").await;
    assert!(
        dead.iter()
            .all(|one| one["partner_id"] == made["partner_id"])
    );
    assert_eq!(dead.len(), 2);
}
