//! What becomes of a forward that fails (protocol §4.5, §8.2): nothing is lost, nothing overtakes, nobody else waits.

use protocol::fixtures;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Answer, Receiver};

use crate::crm::{Crm, make_forward, text};
use crate::support::assert_error;

on_both_databases![
    what_fails_is_sent_again_and_nothing_overtakes_it,
    a_dead_forward_delays_no_other,
    a_forward_that_refuses_our_signature_is_held_and_says_so,
    a_forward_that_is_gone_waits_until_somebody_resumes_it,
    a_paused_forward_keeps_what_happens,
    what_died_can_be_sent_again,
    a_removed_forward_gets_nothing_more,
    both_secrets_sign_while_one_replaces_the_other,
    a_leaked_secret_can_be_ended_at_once,
    a_lost_answer_to_a_rotation_does_no_harm,
];

async fn what_fails_is_sent_again_and_nothing_overtakes_it(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    crm.receiver.answer_next(503);
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    let first = crm.came().await;
    assert_eq!(first.len(), 1, "the message waits for its lead");
    crm.pass(1.2).await;
    let came = crm.came().await;
    let kinds: Vec<Value> = came
        .iter()
        .map(|request| request.json()["type"].take())
        .collect();
    assert_eq!(kinds, ["lead.received", "message.received"]);
    assert_eq!(first[0].body, came[0].body, "the same bytes");
    assert_eq!(first[0].header("webhook-id"), came[0].header("webhook-id"));
    assert_ne!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    assert_ne!(
        first[0].header("webhook-timestamp"),
        came[0].header("webhook-timestamp")
    );
    assert_eq!(crm.believes(&crm.secret, &came[0]), Ok(()));
    let delivered = &crm.deliveries("state=delivered").await[1];
    assert_eq!(
        (&delivered["type"], &delivered["attempts"]),
        (&json!("lead.received"), &json!(2))
    );
}

async fn a_dead_forward_delays_no_other(engine: Engine) {
    let crm = Crm::start(engine).await;
    let dead = Receiver::start().await;
    make_forward(&crm.world, &dead, &json!({}))
        .await
        .expect_status(201);
    dead.stop();
    let silent = Receiver::start().await;
    let silent_forward = make_forward(&crm.world, &silent, &json!({}))
        .await
        .expect_status(201);
    let silent_forward = text(&silent_forward.json()["forward_id"]);
    silent.answer_always(503);
    for lead in [fixtures::LEAD, fixtures::REAL_LEAD, fixtures::CREATED_LEAD] {
        crm.sender().lead(lead).await.expect_status(200);
        assert_eq!(crm.kinds().await, ["lead.received"], "at once");
    }
    let path = format!("/api/v1/forwards/{silent_forward}");
    let seen = crm.world.crm().get(&path).await.expect_status(200).json();
    assert_eq!(seen["health"]["pending"], 3);
    assert_eq!(seen["health"]["last_delivery"]["last_status"], 503);
    assert_eq!(crm.forward().await["health"]["pending"], 0);
}

async fn a_forward_that_refuses_our_signature_is_held_and_says_so(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.receiver.answer_always(401);
    let since = crm.world.clock.now().to_string();
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.came().await;
    let health = &crm.forward().await["health"];
    assert_eq!(
        (&health["state"], &health["held_because"]),
        (&json!("held"), &json!("credentials"))
    );
    assert_eq!(health["held_since"], since);
    assert_eq!(health["pending"], 1);
    assert!(health["next_probe_at"].is_string());
    crm.receiver.answer_always(200);
    crm.ask("/resume", &json!({})).await.expect_status(200);
    assert_eq!(
        crm.kinds().await,
        ["lead.received"],
        "not only when the next probe is due"
    );
    assert_eq!(crm.forward().await["health"]["state"], "ok");
}

async fn a_forward_that_is_gone_waits_until_somebody_resumes_it(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.receiver.answer_next(410);
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.pass(0.0).await;
    assert_eq!(crm.came().await.len(), 1);
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    crm.pass(86_400.0).await;
    assert_eq!(crm.came().await.len(), 0);
    let health = &crm.forward().await["health"];
    assert_eq!(
        (&health["state"], &health["pending"]),
        (&json!("gone"), &json!(2))
    );
    crm.ask("/resume", &json!({})).await.expect_status(200);
    assert_eq!(crm.kinds().await, ["lead.received", "message.received"]);
}

async fn a_paused_forward_keeps_what_happens(engine: Engine) {
    let crm = Crm::start(engine).await;
    let paused = crm
        .ask("/pause", &json!({}))
        .await
        .expect_status(200)
        .json();
    assert_eq!(paused["health"]["state"], "paused");
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    crm.pass(100_000.0).await;
    assert_eq!(crm.came().await.len(), 0);
    assert_eq!(crm.forward().await["health"]["pending"], 2);
    let resumed = crm
        .ask("/resume", &json!({}))
        .await
        .expect_status(200)
        .json();
    assert_eq!(resumed["health"]["state"], "ok");
    assert_eq!(crm.kinds().await, ["lead.received", "message.received"]);
}

async fn what_died_can_be_sent_again(engine: Engine) {
    let crm = Crm::start(engine).await;
    let before = crm.world.clock.now().to_string();
    let refusal = Answer::json(422, &json!({"error": "no such stage"}));
    crm.receiver.answer_always_at("/hook", refusal);
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.came().await;
    for seconds in [1.2, 3.4] {
        crm.pass(seconds).await;
    }
    assert_eq!(
        crm.came().await.len(),
        2,
        "three attempts, the first seen before"
    );
    let lead = json!("299700112233445501");
    let dead = crm.deliveries("state=dead&lead=299700112233445501").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (&dead[0]["leadID"], &dead[0]["last_status"]),
        (&lead, &json!(422))
    );
    assert_eq!(crm.deliveries("state=pending").await.len(), 0);
    assert_eq!(crm.deliveries("state=dead&lead=1").await.len(), 0);

    let one = format!("/deliveries/{}", text(&dead[0]["delivery_id"]));
    let seen = crm
        .world
        .crm()
        .get(&crm.path(&one))
        .await
        .expect_status(200)
        .json();
    let attempts = seen["attempt_log"].as_array().unwrap();
    assert_eq!(attempts.len(), 3);
    assert_eq!(attempts[2]["status"], 422);
    assert!(text(&attempts[2]["answer"]).contains("no such stage"));

    crm.receiver.answer_always_at("/hook", Answer::status(200));
    crm.pass(1.0).await;
    let since = |moment: &str| json!({ "since": moment });
    let later = since(&crm.world.clock.now().to_string());
    let replayed = crm.ask("/replay", &later).await.expect_status(202).json();
    assert_eq!(replayed["replayed"], 0, "it died before");
    let replayed = crm
        .ask("/replay", &since(&before))
        .await
        .expect_status(202)
        .json();
    assert_eq!(
        (&replayed["replayed"], &replayed["state"]),
        (&json!(1), &json!("done"))
    );
    let path = crm.path("/replay");
    let replays = crm.world.crm().get(&path).await.expect_status(200).json();
    assert_eq!(replays["data"].as_array().unwrap().len(), 2);
    assert_eq!(replays["data"][0]["replay_id"], replayed["replay_id"]);
    let came = crm.came().await;
    assert_eq!(
        came[0].header("webhook-id"),
        text(&dead[0]["delivery_id"]),
        "the id stays"
    );
    let again = crm.ask(&format!("{one}/retry"), &json!({})).await;
    assert_error(&again, 409, "CONFLICT");
}

async fn a_removed_forward_gets_nothing_more(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.receiver.answer_always(500);
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    crm.came().await;
    let removed = crm
        .world
        .crm()
        .delete(&crm.path(""))
        .await
        .expect_status(200)
        .json();
    assert_eq!(removed["state"], "removed");
    crm.receiver.answer_always(200);
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    crm.pass(86_400.0).await;
    assert_eq!(crm.came().await.len(), 0);
    for reply in [
        crm.world.crm().get(&crm.path("")).await,
        crm.world.crm().delete(&crm.path("")).await,
        crm.world.crm().get(&crm.path("/deliveries")).await,
        crm.ask("/test", &json!({})).await,
        crm.ask("/rotate-secret", &json!({})).await,
        crm.ask("/pause", &json!({})).await,
        crm.ask("/resume", &json!({})).await,
        crm.ask("/replay", &json!({"since": "2026-01-01T00:00:00Z"}))
            .await,
    ] {
        assert_error(&reply, 404, "NOT_FOUND");
    }
    let list = crm.world.crm().get("/api/v1/forwards").await.json();
    assert_eq!(list["data"], json!([]));
}

async fn both_secrets_sign_while_one_replaces_the_other(engine: Engine) {
    let crm = Crm::start(engine).await;
    let overlap = json!({"overlap_seconds": 600});
    let rotated = crm
        .ask("/rotate-secret", &overlap)
        .await
        .expect_status(200)
        .json();
    let second = text(&rotated["signing_secret"]);
    assert_ne!(second, crm.secret);
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 2);
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    let came = crm.came().await;
    assert_eq!(came[0].header("webhook-signature").split(' ').count(), 2);
    for secret in [&crm.secret, &second] {
        assert_eq!(crm.believes(secret, &came[0]), Ok(()));
    }
    crm.pass(600.0).await;
    crm.sender()
        .message(fixtures::MESSAGE)
        .await
        .expect_status(200);
    let came = crm.came().await;
    assert_eq!(came[0].header("webhook-signature").split(' ').count(), 1);
    assert_eq!(crm.believes(&second, &came[0]), Ok(()));
    assert!(crm.believes(&crm.secret, &came[0]).is_err());
    assert_eq!(crm.forward().await["secrets"].as_array().unwrap().len(), 1);
}

async fn a_leaked_secret_can_be_ended_at_once(engine: Engine) {
    let crm = Crm::start(engine).await;
    for _ in 0..4 {
        crm.ask("/rotate-secret", &json!({}))
            .await
            .expect_status(200);
    }
    let sixth = crm.ask("/rotate-secret", &json!({})).await;
    assert_error(&sixth, 409, "CONFLICT");
    assert!(
        sixth.description().contains("overlap_seconds 0"),
        "{}",
        sixth.text()
    );
    let at_once = json!({"overlap_seconds": 0});
    let rotated = crm
        .ask("/rotate-secret", &at_once)
        .await
        .expect_status(200)
        .json();
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 1);
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    let came = crm.came().await;
    assert_eq!(
        crm.believes(&text(&rotated["signing_secret"]), &came[0]),
        Ok(())
    );
    assert!(crm.believes(&crm.secret, &came[0]).is_err());
}

/// Whoever did not see the new secret asks again; what the receiver still has must go on working for as long as was said.
async fn a_lost_answer_to_a_rotation_does_no_harm(engine: Engine) {
    let crm = Crm::start(engine).await;
    let _lost = crm
        .ask("/rotate-secret", &json!({}))
        .await
        .expect_status(200);
    let seen = crm
        .ask("/rotate-secret", &json!({}))
        .await
        .expect_status(200)
        .json();
    crm.pass(86_000.0).await;
    crm.sender().lead(fixtures::LEAD).await.expect_status(200);
    let came = crm.came().await;
    for secret in [&crm.secret, &text(&seen["signing_secret"])] {
        assert_eq!(crm.believes(secret, &came[0]), Ok(()));
    }
}
