//! The life of an authorization code (protocol §2.1, §2.2): five minutes, one use, one client, one redirect, one verifier.

use std::time::Duration;

use serde_json::json;
use testkit::partner::{Partner, Tokens, exchange_parameters, parameter};
use testkit::world::Engine;
use testkit::{Reply, World};

use crate::support::{FIRST, OTHERS, assert_error, world};

on_both_databases![
    a_code_is_good_for_five_minutes_and_no_longer,
    a_repetition_within_ten_seconds_is_denied_and_revokes_nothing,
    a_later_repetition_revokes_what_the_code_gave,
    another_client_cannot_use_a_code_and_its_replay_revokes,
    a_code_is_bound_to_its_redirect_uri,
    a_code_is_bound_to_its_challenge,
    of_many_racing_exchanges_one_wins,
];

/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn exchange_with(partner: &Partner, code: &str, name: &str, value: &str) -> Reply {
    let mut parameters = exchange_parameters(code).to_vec();
    parameters.retain(|(known, _)| *known != name);
    parameters.push((name, value));
    partner.tokens(&parameters).await
}

async fn is_live(partner: &Partner, tokens: &Tokens) -> bool {
    partner.info(&tokens.access).await.status == 200
}

async fn a_code_is_good_for_five_minutes_and_no_longer(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    for (age, status) in [
        (Duration::from_mins(5), 200),
        (Duration::from_millis(300_001), 400),
        (Duration::from_hours(1), 400),
    ] {
        let code = world.code(&partner, FIRST, "messages").await;
        world.advance(age);
        let reply = partner.exchange(&code).await;
        assert_eq!(reply.status, status, "{age:?}");
        if status == 400 {
            assert_error(&reply, 400, "INVALID_GRANT");
            assert!(reply.description().contains("expired"), "{}", reply.text());
        }
    }
}

async fn a_repetition_within_ten_seconds_is_denied_and_revokes_nothing(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let tokens = Tokens::of(&partner.exchange(&code).await);
    for wait in [0, 5, 5] {
        world.advance(Duration::from_secs(wait));
        assert_error(&partner.exchange(&code).await, 400, "INVALID_GRANT");
        assert!(is_live(&partner, &tokens).await);
    }
    Tokens::of(&partner.refresh(&tokens.refresh).await);
}

async fn a_later_repetition_revokes_what_the_code_gave(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let first = Tokens::of(&partner.exchange(&code).await);
    let second = Tokens::of(&partner.refresh(&first.refresh).await);
    world.advance(Duration::from_millis(10_001));
    assert_error(&partner.exchange(&code).await, 400, "INVALID_GRANT");
    assert!(!is_live(&partner, &first).await);
    assert!(!is_live(&partner, &second).await);
    assert_error(
        &partner.refresh(&second.refresh).await,
        400,
        "INVALID_GRANT",
    );
}

async fn another_client_cannot_use_a_code_and_its_replay_revokes(engine: Engine) {
    let world = world(engine).await;
    let (partner, thief) = (world.partner("test"), world.partner("production"));
    let code = world.code(&partner, FIRST, "messages").await;
    // A fresh one stays good for its owner.
    assert_error(&thief.exchange(&code).await, 400, "INVALID_GRANT");
    let tokens = Tokens::of(&partner.exchange(&code).await);
    // A wrong secret proves nobody, so it touches nothing.
    let stranger = thief.with_secret("wrong");
    assert_error(&stranger.exchange(&code).await, 400, "INVALID_CLIENT");
    assert!(is_live(&partner, &tokens).await);
    assert_error(&thief.exchange(&code).await, 400, "INVALID_GRANT");
    assert!(!is_live(&partner, &tokens).await);
}

async fn a_code_is_bound_to_its_redirect_uri(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    for wrong in [
        "http://127.0.0.1:8999/callback",
        "https://redirect.localhost",
        "http://redirect.localhost/x",
        "http://redirect.localhost:80",
        "http://redirect.localhost/?code=other&scope=messages",
        "http%3A%2F%2Fredirect.localhost",
    ] {
        let reply = exchange_with(&partner, &code, "redirect_uri", wrong).await;
        assert_error(&reply, 400, "INVALID_GRANT");
        let says_so = reply.description().contains("encoded twice");
        assert_eq!(says_so, wrong.contains('%'), "{}", reply.text());
    }
    Tokens::of(&partner.exchange(&code).await);
}

async fn code_with_challenge(world: &World, partner: &Partner) -> String {
    let more = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let parameters = testkit::partner::connect_parameters(&partner.client_id, "messages", &more);
    let location = world
        .confirm(OTHERS, &parameters)
        .await
        .expect("a redirect");
    parameter(location.as_str(), "code").expect("a code")
}

async fn a_code_is_bound_to_its_challenge(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = code_with_challenge(&world, &partner).await;
    assert_error(&partner.exchange(&code).await, 400, "INVALID_REQUEST");
    for wrong in [CHALLENGE, "x", &"a".repeat(43)] {
        let reply = exchange_with(&partner, &code, "code_verifier", wrong).await;
        assert_error(&reply, 400, "INVALID_GRANT");
    }
    Tokens::of(&exchange_with(&partner, &code, "code_verifier", VERIFIER).await);
    // Nobody may add one to a code that was asked for without (a downgrade the other way round).
    let plain = world.code(&partner, OTHERS, "messages").await;
    let reply = exchange_with(&partner, &plain, "code_verifier", VERIFIER).await;
    assert_error(&reply, 400, "INVALID_GRANT");
    Tokens::of(&partner.exchange(&plain).await);
}

async fn of_many_racing_exchanges_one_wins(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let (_other, url) = world.second_platform().await;
    let code = world.code(&partner, FIRST, "messages").await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..32 {
        let partner = if number % 2 == 0 {
            partner.clone()
        } else {
            partner.at(&url)
        };
        let code = code.clone();
        racing.spawn(async move { partner.exchange(&code).await });
    }
    let replies = racing.join_all().await;
    let (won, lost): (Vec<&Reply>, Vec<&Reply>) =
        replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        assert_error(reply, 400, "INVALID_GRANT");
    }
    assert!(is_live(&partner, &Tokens::of(won[0])).await);
    let list = world
        .operator()
        .get("/operator/v1/connections")
        .await
        .json();
    let business = json!(world.business(0, 0));
    let connections = list["data"].as_array().expect("a list");
    let own = connections
        .iter()
        .filter(|one| one["business_id"] == business);
    assert_eq!(own.count(), 1);
}
