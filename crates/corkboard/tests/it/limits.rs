//! Limits (protocol §3.4): a bucket for each client and partner, and a slow-down of wrong credentials that never locks
//! their owner out.

use std::time::Duration;

use platform::RequestLimit;
use reqwest::Method;
use serde_json::json;
use testkit::partner::{Partner, Tokens};
use testkit::world::Engine;
use testkit::{Http, Reply, World, WorldOptions};

use crate::support::{FIRST, SECOND, assert_error, request, send_json, world};

on_both_databases![
    a_client_that_asks_too_often_is_told_when_to_come_back,
    a_client_may_have_a_limit_of_its_own,
    a_partner_that_calls_v1_has_a_limit_too,
    without_a_limit_nobody_is_slowed_down,
    wrong_client_secrets_are_slowed_down_and_the_owner_gets_in,
    wrong_partner_passwords_are_slowed_down_and_the_owner_gets_in,
    wrong_log_ins_are_slowed_down_and_the_pro_gets_in,
];

/// So many requests at once, and one a second after that.
async fn limited(engine: Engine, burst: u32) -> World {
    let limit = RequestLimit {
        per_second: 1,
        burst,
    };
    World::start(WorldOptions {
        request_limit: Some(limit),
        ..WorldOptions::on(engine)
    })
    .await
}

#[track_caller]
fn assert_told_to_wait(reply: &Reply) {
    assert_error(reply, 429, "TOO_MANY_REQUESTS");
    let wait = reply
        .header("retry-after")
        .and_then(|text| text.parse::<u32>().ok());
    assert!(
        wait.is_some_and(|seconds| (1..=60).contains(&seconds)),
        "{wait:?}"
    );
}

async fn spend(partner: &Partner, tokens: &Tokens, requests: usize) {
    for _ in 0..requests {
        partner.info(&tokens.access).await.expect_status(200);
    }
}

async fn a_client_that_asks_too_often_is_told_when_to_come_back(engine: Engine) {
    let world = limited(engine, 5).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    spend(&partner, &tokens, 4).await;
    // Of all endpoints together, with a token and with credentials.
    assert_told_to_wait(&partner.info(&tokens.access).await);
    assert_told_to_wait(&partner.refresh(&tokens.refresh).await);
    assert_told_to_wait(&partner.disconnect(&world.business(0, 0)).await);
    // Another client has a bucket of its own.
    let other = world.partner("test");
    let others = world.connect(&other, SECOND, "messages").await;
    assert_eq!(other.info(&others.access).await.status, 200);
    world.advance(Duration::from_secs(1));
    assert_eq!(partner.info(&tokens.access).await.status, 200);
    assert_told_to_wait(&partner.info(&tokens.access).await);
    // After a pause all of it is there again, and not more.
    world.advance(Duration::from_mins(1));
    spend(&partner, &tokens, 5).await;
    assert_told_to_wait(&partner.info(&tokens.access).await);
}

async fn a_client_may_have_a_limit_of_its_own(engine: Engine) {
    let world = limited(engine, 3).await;
    let more = json!({"requests_per_second": 2, "burst": 8});
    let partner = world.register("test", &["messages"], more).await;
    let tokens = world.connect(&partner, FIRST, "messages").await;
    spend(&partner, &tokens, 7).await;
    assert_told_to_wait(&partner.info(&tokens.access).await);
    world.advance(Duration::from_secs(1));
    spend(&partner, &tokens, 2).await;
    assert_told_to_wait(&partner.info(&tokens.access).await);
}

async fn a_partner_that_calls_v1_has_a_limit_too(engine: Engine) {
    let world = limited(engine, 2).await;
    let create = async || {
        let request = request(&world, Method::POST, "/v1/test/create-lead");
        send_json(request.header("authorization", world.partner_basic()), "{}").await
    };
    assert_eq!(create().await.status, 200);
    assert_eq!(create().await.status, 200);
    assert_told_to_wait(&create().await);
    world.advance(Duration::from_secs(1));
    assert_eq!(create().await.status, 200);
}

async fn without_a_limit_nobody_is_slowed_down(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    spend(&partner, &tokens, 400).await;
}

async fn wrong_client_secrets_are_slowed_down_and_the_owner_gets_in(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let wrong = partner.with_secret("wrong");
    for _ in 0..10 {
        assert_error(&wrong.refresh(&tokens.refresh).await, 400, "INVALID_CLIENT");
    }
    for _ in 0..30 {
        assert_told_to_wait(&wrong.refresh(&tokens.refresh).await);
    }
    // The owner, from the same source, in the middle of it.
    let next = Tokens::of(&partner.refresh(&tokens.refresh).await);
    assert_eq!(partner.info(&next.access).await.status, 200);
    assert_told_to_wait(&wrong.refresh(&tokens.refresh).await);
    world.advance(Duration::from_secs(61));
    assert_error(&wrong.refresh(&tokens.refresh).await, 400, "INVALID_CLIENT");
}

async fn wrong_partner_passwords_are_slowed_down_and_the_owner_gets_in(engine: Engine) {
    let world = world(engine).await;
    let call = async |authorization: String| {
        let request = request(&world, Method::POST, "/v1/test/create-lead");
        send_json(request.header("authorization", authorization), "{}").await
    };
    let wrong = || testkit::partner::basic("partner", "wrong");
    for _ in 0..10 {
        assert_error(&call(wrong()).await, 401, "UNAUTHORIZED");
    }
    assert_told_to_wait(&call(wrong()).await);
    assert_eq!(call(world.partner_basic()).await.status, 200);
    assert_told_to_wait(&call(wrong()).await);
    // No credentials are no wrong ones.
    let nothing = Http::send(request(&world, Method::POST, "/v1/test/create-lead")).await;
    assert_error(&nothing, 401, "UNAUTHORIZED");
}

async fn wrong_log_ins_are_slowed_down_and_the_pro_gets_in(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open("/login").await;
    for attempt in 0..12 {
        let fields = [("email", "tim@pros.example"), ("password", "wrong")];
        let reply = pro.submit(&page, "password", &fields).await;
        let expected = if attempt < 10 { 422 } else { 429 };
        assert_eq!(reply.status, expected, "attempt {attempt}");
        assert_eq!(reply.header("retry-after").is_some(), expected == 429);
    }
    pro.log_in_at(&page).await.expect_status(303);
}
