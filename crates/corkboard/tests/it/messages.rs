//! A pro's message through a partner (protocol §3.1), with a bearer token (v2) and with a user name and password (v1).

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use testkit::partner::{LeadIds, Partner, Tokens};
use testkit::world::Engine;
use testkit::{Http, Reply, World};
use tokio::task::JoinSet;

use crate::support::{FIRST, OTHERS, SECOND, assert_error, request, send_json, world};

on_both_databases![
    a_message_has_one_to_four_thousand_characters_after_trimming,
    a_message_reaches_the_conversation_and_the_event_feed,
    a_lead_that_is_unknown_or_of_another_business_is_not_found,
    a_closed_lead_takes_no_messages,
    segments_that_are_no_ids_are_named_and_empty_ones_not_found,
    a_repetition_with_its_key_is_answered_again_and_sent_once,
    racing_repetitions_are_sent_once,
    a_key_is_its_owners_alone_and_must_be_well_formed,
    a_test_client_is_checked_as_any_other_and_sends_nothing,
    v1_needs_the_partners_credentials_and_an_enabled_business,
    v1_is_refused_after_the_connection_has_ended,
    customer_and_pro_may_write_at_the_same_time,
];

async fn connected(engine: Engine) -> (World, Partner, Tokens, LeadIds) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let lead = world.lead(FIRST).await;
    (world, partner, tokens, lead)
}

fn path(version: &str, business: &str, lead: &str) -> String {
    format!("/{version}/business/{business}/lead/{lead}/message")
}

/// A message with a token, which can be changed before it is sent.
fn message(world: &World, tokens: &Tokens, lead: &LeadIds) -> RequestBuilder {
    let path = path("v2", &lead.business_id, &lead.lead_id);
    request(world, Method::POST, &path).header("authorization", format!("Bearer {}", tokens.access))
}

/// A message with the partner's user name and password.
async fn send_v1(world: &World, business: &str, lead: &str) -> Reply {
    let request = request(world, Method::POST, &path("v1", business, lead))
        .header("authorization", world.partner_basic());
    send_json(request, r#"{"text":"Hello"}"#).await
}

#[track_caller]
fn assert_sent(reply: &Reply) {
    let success = (200, r#"{"status":"success"}"#.to_owned());
    assert_eq!((reply.status, reply.text()), success);
}

async fn a_message_has_one_to_four_thousand_characters_after_trimming(engine: Engine) {
    let (_world, partner, tokens, lead) = connected(engine).await;
    let good = [
        "x",
        &"a".repeat(4_000),
        &"😀".repeat(4_000),
        &format!(" {}\n", "b".repeat(4_000)),
    ];
    for text in good {
        assert_sent(&partner.send_message(&tokens.access, &lead, text).await);
    }
    let bad = [
        "",
        " \n\t ",
        "\u{2003}",
        &"a".repeat(4_001),
        &"😀".repeat(4_001),
        "a\u{0}b",
    ];
    for text in bad {
        let reply = partner.send_message(&tokens.access, &lead, text).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(reply.description().contains("/text"), "{}", reply.text());
    }
}

async fn a_message_reaches_the_conversation_and_the_event_feed(engine: Engine) {
    let (world, partner, tokens, lead) = connected(engine).await;
    let texts = [
        "Hello, how can I help you?",
        "Łódź 😀 <b>&amp;</b> \u{2028} \"'",
    ];
    for text in texts {
        assert_sent(
            &partner
                .send_message(&tokens.access, &lead, &format!("  {text}\n"))
                .await,
        );
    }
    assert_eq!(world.replies(&lead).await, texts);
    let events = world
        .operator()
        .get("/operator/v1/events?limit=100")
        .await
        .json();
    let events = events["data"].as_array().expect("a list").clone();
    let sent: Vec<_> = events
        .iter()
        .filter(|event| event["kind"] == "message.sent")
        .collect();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].to_string().contains(&lead.lead_id));
    assert!(sent[1].to_string().contains("Łódź"));
}

async fn a_lead_that_is_unknown_or_of_another_business_is_not_found(engine: Engine) {
    let (world, partner, tokens, own) = connected(engine).await;
    let mut answers = Vec::new();
    for lead_id in [
        "1",
        "123",
        &world.lead(SECOND).await.lead_id,
        &world.lead(OTHERS).await.lead_id,
    ] {
        let lead = LeadIds {
            lead_id: lead_id.to_owned(),
            ..own.clone()
        };
        let reply = partner.send_message(&tokens.access, &lead, "Hello").await;
        assert_error(&reply, 404, "NOT_FOUND");
        answers.push(reply.description());
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "which one must not be told"
    );
}

async fn a_closed_lead_takes_no_messages(engine: Engine) {
    let (world, partner, tokens, lead) = connected(engine).await;
    let close = format!("/operator/v1/leads/{}/close", lead.lead_id);
    assert_sent(&partner.send_message(&tokens.access, &lead, "Before").await);
    world
        .operator()
        .post(&close, &json!({}))
        .await
        .expect_status(200);
    let late = partner.send_message(&tokens.access, &lead, "After").await;
    assert_error(&late, 409, "CONFLICT");
    assert_error(
        &send_v1(&world, &lead.business_id, &lead.lead_id).await,
        409,
        "CONFLICT",
    );
    assert_eq!(world.replies(&lead).await, ["Before"]);
}

async fn segments_that_are_no_ids_are_named_and_empty_ones_not_found(engine: Engine) {
    let (world, _partner, tokens, lead) = connected(engine).await;
    let bearer = format!("Bearer {}", tokens.access);
    let wrong = [
        "x",
        "0",
        "-1",
        "1.0",
        "0x10",
        "%20",
        "%FF",
        "9223372036854775808",
        "1%00",
        "１２",
    ];
    for (version, authorization) in [("v2", &bearer), ("v1", &world.partner_basic())] {
        let send = async |business: &str, lead: &str| {
            let request = request(&world, Method::POST, &path(version, business, lead));
            send_json(
                request.header("authorization", authorization),
                r#"{"text":"x"}"#,
            )
            .await
        };
        for id in wrong {
            assert_error(&send(id, &lead.lead_id).await, 400, "BAD_REQUEST");
            let reply = send(&lead.business_id, id).await;
            assert_error(&reply, 400, "BAD_REQUEST");
            assert!(
                id == "%FF" || reply.description().contains("leadID"),
                "{}",
                reply.text()
            );
        }
        assert_error(&send("", &lead.lead_id).await, 404, "NOT_FOUND");
        assert_error(&send(&lead.business_id, "").await, 404, "NOT_FOUND");
    }
}

async fn a_repetition_with_its_key_is_answered_again_and_sent_once(engine: Engine) {
    let (world, _partner, tokens, lead) = connected(engine).await;
    let send = async |key: &str, body: &str| {
        send_json(
            message(&world, &tokens, &lead).header("idempotency-key", key),
            body,
        )
        .await
    };
    let first = send("reply-1", r#"{"text":"Hello"}"#).await;
    assert_sent(&first);
    assert_eq!(
        send("reply-1", r#"{"text":"Hello"}"#).await.text(),
        first.text()
    );
    assert_error(&send("reply-1", r#"{"text":"Bye"}"#).await, 409, "CONFLICT");
    assert_sent(&send("reply-2", r#"{"text":"Hello"}"#).await);
    assert_eq!(world.replies(&lead).await, ["Hello", "Hello"]);
    // The same key and body for another lead is another request.
    let other = world.lead(FIRST).await;
    let request = message(&world, &tokens, &other).header("idempotency-key", "reply-1");
    assert_error(
        &send_json(request, r#"{"text":"Hello"}"#).await,
        409,
        "CONFLICT",
    );
    // What was refused may be tried again under its key.
    assert_error(&send("reply-3", r#"{"text":""}"#).await, 400, "BAD_REQUEST");
    assert_sent(&send("reply-3", r#"{"text":"Now"}"#).await);
    // Also after the lead was closed: the first answer is repeated.
    let close = format!("/operator/v1/leads/{}/close", lead.lead_id);
    world
        .operator()
        .post(&close, &json!({}))
        .await
        .expect_status(200);
    assert_sent(&send("reply-1", r#"{"text":"Hello"}"#).await);
}

async fn racing_repetitions_are_sent_once(engine: Engine) {
    let (world, _partner, tokens, lead) = connected(engine).await;
    let mut racing = JoinSet::new();
    for _ in 0..16 {
        let request = message(&world, &tokens, &lead)
            .header("idempotency-key", "one")
            .header("content-type", "application/json")
            .body(r#"{"text":"Once"}"#);
        racing.spawn(Http::send(request));
    }
    for reply in racing.join_all().await {
        assert_sent(&reply);
    }
    assert_eq!(world.replies(&lead).await, ["Once"]);
}

async fn a_key_is_its_owners_alone_and_must_be_well_formed(engine: Engine) {
    let (world, _partner, tokens, lead) = connected(engine).await;
    let keyed = |request: RequestBuilder, key: &str| request.header("idempotency-key", key);
    assert_sent(
        &send_json(
            keyed(message(&world, &tokens, &lead), "k"),
            r#"{"text":"v2"}"#,
        )
        .await,
    );
    let path = path("v1", &lead.business_id, &lead.lead_id);
    let v1 = request(&world, Method::POST, &path).header("authorization", world.partner_basic());
    assert_sent(&send_json(keyed(v1, "k"), r#"{"text":"v1"}"#).await);
    assert_eq!(world.replies(&lead).await, ["v2", "v1"]);
    for wrong in ["", "a b", "é", &"k".repeat(256)] {
        let reply = send_json(
            keyed(message(&world, &tokens, &lead), wrong),
            r#"{"text":"x"}"#,
        )
        .await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(reply.description().contains("Idempotency-Key"));
    }
    let twice = keyed(keyed(message(&world, &tokens, &lead), "a"), "b");
    assert_error(
        &send_json(twice, r#"{"text":"x"}"#).await,
        400,
        "BAD_REQUEST",
    );
    let longest = "k".repeat(255);
    assert_sent(
        &send_json(
            keyed(message(&world, &tokens, &lead), &longest),
            r#"{"text":"x"}"#,
        )
        .await,
    );
}

async fn a_test_client_is_checked_as_any_other_and_sends_nothing(engine: Engine) {
    let (world, _partner, _tokens, lead) = connected(engine).await;
    let test = world.partner("test");
    let tokens = world.connect(&test, FIRST, "messages").await;
    assert_sent(&test.send_message(&tokens.access, &lead, "Hello").await);
    let keyed = message(&world, &tokens, &lead).header("idempotency-key", "k");
    assert_sent(&send_json(keyed, r#"{"text":"Hello"}"#).await);
    assert!(world.replies(&lead).await.is_empty());
    let empty = test.send_message(&tokens.access, &lead, "").await;
    assert_error(&empty, 400, "BAD_REQUEST");
    let other = world.lead(OTHERS).await;
    let foreign = test.send_message(&tokens.access, &other, "Hello").await;
    assert_error(&foreign, 401, "INVALID_TOKEN");
}

async fn v1_needs_the_partners_credentials_and_an_enabled_business(engine: Engine) {
    let world = world(engine).await;
    let lead = world.lead(FIRST).await;
    // The partner has nothing to do with the business, and may not learn whether the lead exists.
    let refused = send_v1(&world, &lead.business_id, &lead.lead_id).await;
    assert_error(&refused, 404, "NOT_FOUND");
    let enable = format!(
        "/operator/v1/partners/{}/businesses/{}",
        world.partner_id().await,
        lead.business_id
    );
    world
        .operator()
        .put(&enable, &json!({}))
        .await
        .expect_status(200);
    assert_sent(&send_v1(&world, &lead.business_id, &lead.lead_id).await);
    assert_eq!(world.replies(&lead).await, ["Hello"]);
    let path = path("v1", &lead.business_id, &lead.lead_id);
    let client = world.partner("production");
    let tokens = world.connect(&client, FIRST, "messages").await;
    for wrong in [
        None,
        Some(testkit::partner::basic("partner", "wrong")),
        Some(testkit::partner::basic("nobody", "wrong")),
        Some(client.basic()),
        Some(format!("Bearer {}", tokens.access)),
        Some("Basic %%%".to_owned()),
    ] {
        let mut request = request(&world, Method::POST, &path);
        if let Some(authorization) = wrong {
            request = request.header("authorization", authorization);
        }
        let reply = send_json(request, r#"{"text":"x"}"#).await;
        assert_error(&reply, 401, "UNAUTHORIZED");
        assert!(
            reply
                .header("www-authenticate")
                .is_some_and(|value| value.starts_with("Basic "))
        );
    }
}

async fn v1_is_refused_after_the_connection_has_ended(engine: Engine) {
    let (world, partner, _tokens, lead) = connected(engine).await;
    assert_sent(&send_v1(&world, &lead.business_id, &lead.lead_id).await);
    partner
        .disconnect(&lead.business_id)
        .await
        .expect_status(200);
    let late = send_v1(&world, &lead.business_id, &lead.lead_id).await;
    assert_error(&late, 409, "CONFLICT");
}

async fn customer_and_pro_may_write_at_the_same_time(engine: Engine) {
    let (world, partner, tokens, lead) = connected(engine).await;
    let mut racing: JoinSet<Vec<u16>> = JoinSet::new();
    for number in 0..12 {
        let (partner, tokens, lead) = (partner.clone(), tokens.clone(), lead.clone());
        let operator = world.operator();
        racing.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..10 {
                statuses.push(if number % 2 == 0 {
                    partner
                        .send_message(&tokens.access, &lead, "From the pro")
                        .await
                        .status
                } else {
                    let path = format!("/operator/v1/leads/{}/messages", lead.lead_id);
                    let body = json!({"text": "From the customer"});
                    operator.post(&path, &body).await.status - 1
                });
            }
            statuses
        });
    }
    let statuses = racing.join_all().await.concat();
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(statuses.len(), 120);
}
