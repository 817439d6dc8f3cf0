//! Refreshing (protocol D5; oauth.md "Refresh in the grace period"): one rotation however many ask, the same pair again
//! for ten seconds, and nothing after that.

use std::time::Duration;

use serde_json::json;
use testkit::partner::{Partner, Tokens};
use testkit::world::Engine;
use testkit::{Reply, World};
use tokio::task::JoinSet;

use crate::support::{FIRST, SECOND, assert_error, world};

on_both_databases![
    the_same_token_gives_the_same_pair_for_ten_seconds,
    the_grace_period_ends_after_ten_seconds_and_the_live_pair_goes_on,
    repeating_does_not_prolong_the_grace_period,
    once_the_successor_was_used_the_old_token_is_dead_at_once,
    a_token_of_two_generations_ago_is_dead,
    a_refresh_token_lives_thirty_days,
    another_clients_refresh_token_gives_nothing_and_takes_nothing,
    racing_refreshes_on_one_instance_get_one_pair,
    racing_refreshes_on_two_instances_get_one_pair,
    the_grace_period_holds_on_the_other_instance,
    a_refresh_that_races_a_disconnect_never_leaves_a_live_token,
    a_client_may_be_registered_so_that_reuse_revokes,
    a_reuse_is_shown_to_the_operator,
];

const GRACE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);

async fn connected(engine: Engine) -> (World, Partner, Tokens) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages targeting").await;
    (world, partner, tokens)
}

async fn is_live(partner: &Partner, tokens: &Tokens) -> bool {
    partner.info(&tokens.access).await.status == 200
}

/// How often the operator's feed tells of a refresh token that was used again.
async fn reuses(world: &World) -> usize {
    let events = world.operator().get("/operator/v1/events?limit=100").await;
    let events = events.expect_status(200).json();
    let events = events["data"].as_array().expect("a list").clone();
    let reused = |event: &&serde_json::Value| event["kind"] == "refresh_token.reused";
    events.iter().filter(reused).count()
}

async fn the_same_token_gives_the_same_pair_for_ten_seconds(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let answer = partner.refresh(&first.refresh).await.expect_status(200);
    for wait in [
        Duration::ZERO,
        MOMENT,
        Duration::from_secs(9),
        Duration::from_millis(999),
    ] {
        world.advance(wait);
        let again = partner.refresh(&first.refresh).await.expect_status(200);
        assert_eq!(again.text(), answer.text());
    }
    // That was after exactly ten seconds.
    assert!(is_live(&partner, &Tokens::of(&answer)).await);
    assert_eq!(reuses(&world).await, 0);
}

async fn the_grace_period_ends_after_ten_seconds_and_the_live_pair_goes_on(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    world.advance(GRACE + MOMENT);
    assert_error(&partner.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    assert!(is_live(&partner, &second).await);
    let third = Tokens::of(&partner.refresh(&second.refresh).await);
    assert!(is_live(&partner, &third).await);
}

async fn repeating_does_not_prolong_the_grace_period(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    partner.refresh(&first.refresh).await.expect_status(200);
    world.advance(Duration::from_secs(9));
    partner.refresh(&first.refresh).await.expect_status(200);
    world.advance(Duration::from_secs(9));
    assert_error(&partner.refresh(&first.refresh).await, 400, "INVALID_GRANT");
}

async fn once_the_successor_was_used_the_old_token_is_dead_at_once(engine: Engine) {
    let (_world, partner, first) = connected(engine).await;
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    let third = Tokens::of(&partner.refresh(&second.refresh).await);
    assert_error(&partner.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    // The successor has a grace period of its own.
    assert_eq!(Tokens::of(&partner.refresh(&second.refresh).await), third);
    assert!(is_live(&partner, &third).await);
}

async fn a_token_of_two_generations_ago_is_dead(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let mut tokens = vec![first];
    for _ in 0..4 {
        let last = tokens.last().expect("there is a first one").refresh.clone();
        tokens.push(Tokens::of(&partner.refresh(&last).await));
        world.advance(Duration::from_mins(1));
    }
    let (last, old) = tokens.split_last().expect("there are five");
    for tokens in old {
        assert_error(
            &partner.refresh(&tokens.refresh).await,
            400,
            "INVALID_GRANT",
        );
    }
    Tokens::of(&partner.refresh(&last.refresh).await);
}

async fn a_refresh_token_lives_thirty_days(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let month = Duration::from_hours(720);
    world.advance(month.checked_sub(MOMENT).unwrap());
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    // Each new one lives as long again.
    world.advance(month.checked_sub(MOMENT).unwrap());
    let third = Tokens::of(&partner.refresh(&second.refresh).await);
    world.advance(month + MOMENT);
    let late = partner.refresh(&third.refresh).await;
    assert_error(&late, 400, "INVALID_GRANT");
    assert!(late.description().contains("expired"), "{}", late.text());
}

async fn another_clients_refresh_token_gives_nothing_and_takes_nothing(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let thief = world.partner("test");
    assert_error(&thief.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    // Neither in the grace period nor after it.
    assert_error(&thief.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    world.advance(GRACE + MOMENT);
    assert_error(&thief.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    assert!(is_live(&partner, &second).await);
    Tokens::of(&partner.refresh(&second.refresh).await);
}

/// Many callers at once, dealt out to the instances. Everybody gets the same words.
async fn race(partners: &[Partner], refresh_token: &str) -> Tokens {
    let mut racing = JoinSet::new();
    for number in 0..32 {
        let partner = partners[number % partners.len()].clone();
        let refresh_token = refresh_token.to_owned();
        racing.spawn(async move { partner.refresh(&refresh_token).await });
    }
    let replies = racing.join_all().await;
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.text(), replies[0].text());
    }
    Tokens::of(&replies[0])
}

async fn racing_refreshes_on_one_instance_get_one_pair(engine: Engine) {
    let (_world, partner, mut tokens) = connected(engine).await;
    for _ in 0..5 {
        tokens = race(std::slice::from_ref(&partner), &tokens.refresh).await;
        assert!(is_live(&partner, &tokens).await);
    }
}

async fn racing_refreshes_on_two_instances_get_one_pair(engine: Engine) {
    let (world, partner, mut tokens) = connected(engine).await;
    let (_other, url) = world.second_platform().await;
    let both = [partner.clone(), partner.at(&url)];
    for _ in 0..5 {
        tokens = race(&both, &tokens.refresh).await;
        assert!(is_live(&both[0], &tokens).await);
        assert!(is_live(&both[1], &tokens).await);
    }
}

async fn the_grace_period_holds_on_the_other_instance(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    let (_other, url) = world.second_platform().await;
    let other = partner.at(&url);
    let answer = partner.refresh(&first.refresh).await.expect_status(200);
    world.advance(GRACE);
    assert_eq!(other.refresh(&first.refresh).await.text(), answer.text());
    world.advance(MOMENT);
    assert_error(&other.refresh(&first.refresh).await, 400, "INVALID_GRANT");
}

async fn a_refresh_that_races_a_disconnect_never_leaves_a_live_token(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let (_other, url) = world.second_platform().await;
    let business = world.business(0, 1);
    for round in 0..8_usize {
        let tokens = world.connect(&partner, SECOND, "messages").await;
        let mut racing: JoinSet<Reply> = JoinSet::new();
        for number in 0..12 {
            let at = if number % 2 == 0 {
                partner.clone()
            } else {
                partner.at(&url)
            };
            let (token, business) = (tokens.refresh.clone(), business.clone());
            let disconnects = number == round;
            racing.spawn(async move {
                if disconnects {
                    at.disconnect(&business).await.expect_status(200);
                }
                at.refresh(&token).await
            });
        }
        for reply in racing.join_all().await {
            if reply.status == 200 {
                assert!(!is_live(&partner, &Tokens::of(&reply)).await);
            } else {
                assert_error(&reply, 400, "INVALID_GRANT");
            }
        }
        assert_error(
            &partner.refresh(&tokens.refresh).await,
            400,
            "INVALID_GRANT",
        );
    }
}

async fn a_client_may_be_registered_so_that_reuse_revokes(engine: Engine) {
    let world = world(engine).await;
    let more = json!({"reuse_policy": "revoke"});
    let partner = world.register("production", &["messages"], more).await;
    let first = world.connect(&partner, FIRST, "messages").await;
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    world.advance(GRACE);
    assert_eq!(Tokens::of(&partner.refresh(&first.refresh).await), second);
    assert!(is_live(&partner, &second).await);
    world.advance(MOMENT);
    assert_error(&partner.refresh(&first.refresh).await, 400, "INVALID_GRANT");
    assert!(!is_live(&partner, &second).await);
    assert_error(
        &partner.refresh(&second.refresh).await,
        400,
        "INVALID_GRANT",
    );
}

async fn a_reuse_is_shown_to_the_operator(engine: Engine) {
    let (world, partner, first) = connected(engine).await;
    partner.refresh(&first.refresh).await.expect_status(200);
    world.advance(GRACE + MOMENT);
    partner.refresh(&first.refresh).await.expect_status(400);
    assert_eq!(reuses(&world).await, 1);
}
