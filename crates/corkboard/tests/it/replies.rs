//! What the gateway promises as a caller (protocol §6): a reply is never silently lost or doubled.

use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Answer, Http, Received};

use crate::scripted_platform::ScriptedPlatform;
use crate::support::assert_error;

on_both_databases![
    a_reply_is_sent_with_the_connections_token,
    a_failure_after_sending_is_shown_as_uncertain_and_a_person_decides,
    a_platform_that_knows_keys_is_asked_again_with_the_same_key,
    a_refused_token_is_refreshed_and_the_reply_sent_again,
    a_platform_that_asks_for_time_gets_it,
    replies_to_a_lead_keep_their_order,
    a_reply_that_is_refused_has_failed_and_says_why,
    the_same_key_makes_one_reply,
    replies_without_text_or_lead_are_refused,
    after_thirty_days_without_use_the_pro_has_to_connect_again,
    a_connection_in_use_outlives_its_first_refresh_token,
];

fn texts(messages: &[Received]) -> Vec<Value> {
    messages
        .iter()
        .map(|message| message.json()["text"].clone())
        .collect()
}

fn success() -> Answer {
    Answer::json(200, &json!({"status": "success"}))
}

async fn a_reply_is_sent_with_the_connections_token(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.answer_messages(success());
    let reply = platform.reply("I can come on Tuesday.").await;
    platform.world.drain().await;
    let messages = platform.messages();
    assert_eq!(texts(&messages), ["I can come on Tuesday."]);
    assert_eq!(messages[0].header("authorization"), "Bearer access 1");
    assert_eq!(messages[0].header("content-type"), "application/json");
    assert_eq!(platform.state(&reply).await, "sent");
}

async fn a_failure_after_sending_is_shown_as_uncertain_and_a_person_decides(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    for (action, state, sent) in [
        ("send_again", "sent", 1),
        ("sent", "sent", 0),
        ("failed", "failed", 0),
    ] {
        platform.answer_message(Answer::status(500));
        let reply = platform.reply("Hello").await;
        platform.world.drain().await;
        assert_eq!(platform.messages().len(), 1);
        assert_eq!(platform.state(&reply).await, "uncertain");
        let behind = platform.reply("Hello again").await;
        platform.pass(86_000).await;
        assert_eq!(platform.messages().len(), 0, "never by itself");
        platform.answer_messages(success());
        let path = format!("/api/v1/replies/{reply}/resolve");
        let decided = platform
            .world
            .crm()
            .post(&path, &json!({ "action": action }))
            .await;
        decided.expect_status(200);
        platform.world.drain().await;
        assert_eq!(platform.state(&reply).await, state);
        assert_eq!(
            platform.messages().len(),
            sent + 1,
            "{action}, and the one behind it"
        );
        assert_eq!(platform.state(&behind).await, "sent");
        let again = platform
            .world
            .crm()
            .post(&path, &json!({ "action": action }))
            .await;
        assert_error(&again, 409, "CONFLICT");
    }
}

async fn a_platform_that_knows_keys_is_asked_again_with_the_same_key(engine: Engine) {
    let platform = ScriptedPlatform::with_keys(engine).await;
    platform.answer_message(Answer::status(500));
    platform.answer_messages(success());
    let reply = platform.reply("Hello").await;
    platform.world.drain().await;
    assert_eq!(platform.state(&reply).await, "queued");
    platform.pass(5).await;
    let messages = platform.messages();
    assert_eq!(texts(&messages), ["Hello", "Hello"]);
    let key = messages[0].header("idempotency-key");
    assert!(!key.is_empty());
    assert_eq!(messages[1].header("idempotency-key"), key);
    assert_eq!(platform.state(&reply).await, "sent");
}

async fn a_refused_token_is_refreshed_and_the_reply_sent_again(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.answer_message(Answer::json(401, &json!({"error": "INVALID_TOKEN"})));
    platform.answer_messages(success());
    platform.issue("2");
    let reply = platform.reply("Hello").await;
    platform.world.drain().await;
    platform.pass(5).await;
    let messages = platform.messages();
    let tokens: Vec<&str> = messages
        .iter()
        .map(|message| message.header("authorization"))
        .collect();
    assert_eq!(tokens, ["Bearer access 1", "Bearer access 2"]);
    assert_eq!(platform.state(&reply).await, "sent");
}

async fn a_platform_that_asks_for_time_gets_it(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    for status in [429, 503] {
        platform.answer_message(Answer::status(status).with_header("retry-after", "120"));
        let reply = platform.reply("Hello").await;
        platform.world.drain().await;
        assert_eq!(platform.messages().len(), 1);
        platform.answer_messages(success());
        platform.pass(115).await;
        assert_eq!(
            platform.messages().len(),
            0,
            "{status}: not before its time"
        );
        assert_eq!(platform.state(&reply).await, "queued");
        platform.pass(10).await;
        assert_eq!(platform.messages().len(), 1, "{status}");
        assert_eq!(platform.state(&reply).await, "sent");
    }
}

async fn replies_to_a_lead_keep_their_order(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.answer_message(Answer::status(429));
    platform.answer_messages(success());
    let mut expected = Vec::new();
    for number in 0..5 {
        expected.push(format!("Number {number}"));
        platform.reply(&expected[number]).await;
    }
    platform.world.drain().await;
    assert_eq!(
        texts(&platform.messages()),
        ["Number 0"],
        "the others wait for it"
    );
    platform.pass(60).await;
    assert_eq!(texts(&platform.messages()), expected);
}

async fn a_reply_that_is_refused_has_failed_and_says_why(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    let refusal = json!({"error": "CONFLICT", "error_description": "The lead is closed."});
    platform.answer_message(Answer::json(409, &refusal));
    platform.answer_messages(success());
    let reply = platform.reply("Hello").await;
    let next = platform.reply("Hello?").await;
    platform.world.drain().await;
    assert_eq!(platform.state(&reply).await, "failed");
    assert_eq!(platform.state(&next).await, "sent", "it goes on");
    let shown = platform
        .world
        .crm()
        .get(&format!("/api/v1/replies/{reply}"))
        .await
        .json();
    let why = shown["last_error"].as_str().unwrap();
    assert!(
        why.contains("The lead is closed.") || why.contains("409"),
        "{why}"
    );
    let lead = platform
        .world
        .crm()
        .get(&format!("/api/v1/leads/{}", platform.lead_id))
        .await
        .json();
    let entries = lead["timeline"].as_array().unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["reply_id"] == reply.as_str())
        .unwrap();
    assert_eq!(entry["state"], "failed");
}

async fn the_same_key_makes_one_reply(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.answer_messages(success());
    let path = format!("/api/v1/leads/{}/messages", platform.lead_id);
    let crm = platform.world.crm();
    let body = json!({"text": "Hello"});
    let first = crm
        .post_once(&path, "key-1", &body)
        .await
        .expect_status(202)
        .json();
    let second = crm
        .post_once(&path, "key-1", &body)
        .await
        .expect_status(202)
        .json();
    assert_eq!(first["reply_id"], second["reply_id"]);
    platform.world.drain().await;
    crm.post_once(&path, "key-1", &body)
        .await
        .expect_status(202);
    platform.world.drain().await;
    assert_eq!(platform.messages().len(), 1);
    let other = crm
        .post_once(&path, "key-1", &json!({"text": "Goodbye"}))
        .await;
    assert_error(&other, 409, "CONFLICT");
}

async fn replies_without_text_or_lead_are_refused(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    let crm = platform.world.crm();
    let path = format!("/api/v1/leads/{}/messages", platform.lead_id);
    for body in [
        json!({}),
        json!({"text": " \n"}),
        json!({"text": 5}),
        json!({"text": "x".repeat(4_001)}),
    ] {
        let reply = crm.post(&path, &body).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().contains("/text"),
            "{}",
            reply.description()
        );
    }
    let reply = crm
        .post("/api/v1/leads/1/messages", &json!({"text": "Hello"}))
        .await;
    assert_error(&reply, 404, "NOT_FOUND");
    let url = format!("{}{path}", platform.world.gateway_url);
    let request = platform.world.http.request(reqwest::Method::POST, &url);
    assert_error(&Http::send(request).await, 401, "INVALID_TOKEN");
}

async fn after_thirty_days_without_use_the_pro_has_to_connect_again(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.refuse_tokens();
    let reply = platform.reply("Hello").await;
    platform.pass(31 * 86_400).await;
    assert_eq!(platform.messages().len(), 0);
    assert_eq!(platform.state(&reply).await, "failed");
    let path = format!("/api/v1/connections/{}", platform.business_id);
    let connection = platform
        .world
        .crm()
        .get(&path)
        .await
        .expect_status(200)
        .json();
    assert_eq!(connection["state"], "reconnect_needed");
    assert!(connection["reconnect_reason"].is_string(), "{connection}");
    let path = format!("/api/v1/leads/{}/messages", platform.lead_id);
    let refused = platform
        .world
        .crm()
        .post(&path, &json!({"text": "Hello?"}))
        .await;
    assert_error(&refused, 409, "CONFLICT");
}

async fn a_connection_in_use_outlives_its_first_refresh_token(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    platform.answer_messages(success());
    for week in 0..8 {
        platform.issue(&format!("of week {week}"));
        platform.pass(7 * 86_400).await;
    }
    let reply = platform.reply("Still here").await;
    platform.world.drain().await;
    assert_eq!(platform.state(&reply).await, "sent");
    assert_eq!(
        platform.messages()[0].header("authorization"),
        "Bearer access of week 7"
    );
}
