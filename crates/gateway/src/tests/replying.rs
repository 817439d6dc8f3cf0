//! Replying to customers when all goes well, or nearly.

use std::time::Duration;

use database::{Db, on_both_databases};
use http::Method;
use protocol::paths::gateway;
use serde_json::json;

use super::gateway::{BUSINESS, LEAD, OTHER_LEAD, TestGateway};
use super::platform::{Answer, Asked};

fn texts(asked: &[Asked]) -> Vec<String> {
    let text = |asked: &Asked| {
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        body["text"].as_str().unwrap().to_owned()
    };
    asked.iter().map(text).collect()
}

async fn replying(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "  Hello, Jo.\n").await;
    assert!(gateway.platform.asked().is_empty());
    gateway.platform.will([Answer::success()]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    let asked = gateway.platform.asked();
    assert_eq!(
        asked[0].line,
        format!("POST /v2/business/{BUSINESS}/lead/{LEAD}/message")
    );
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer first-access")
    );
    assert_eq!(texts(&asked), ["Hello, Jo."]);

    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(reply["state"], "sent");
    assert_eq!(reply["attempts"], 1);
    assert_eq!(reply["leadID"], LEAD);
    assert_eq!(reply["finished_at"], "2026-03-02T10:00:00Z");
    let lead = gateway::lead(LEAD.parse().unwrap());
    let lead = gateway.call(Method::GET, &lead, None).await.json();
    assert_eq!(lead["status"], "answered");
    let last = lead["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["kind"], &last["state"]),
        (&json!("reply"), &json!("sent"))
    );
    assert_eq!(gateway.app.drain().await.unwrap(), 0);
}

async fn refused_replies(db: &Db) {
    let gateway = TestGateway::new(db).await;
    gateway.try_reply(LEAD, "Hello").await.with_status(404);
    gateway.lead_arrives(LEAD).await;
    let told = gateway.try_reply(LEAD, "Hello").await.with_status(409);
    assert!(told.body.contains("not connected"), "{}", told.body);
    let gateway = gateway.connected().await;
    for text in ["", " \n", &"x".repeat(4_001)] {
        let told = gateway.try_reply(LEAD, text).await.with_status(400);
        assert!(told.body.contains("/text"), "{}", told.body);
    }
    let path = gateway::lead_messages(LEAD.parse().unwrap());
    gateway
        .call(Method::POST, &path, Some(json!({"message": "Hello"})))
        .await
        .with_status(400);
    gateway
        .try_reply(LEAD, &"x".repeat(4_000))
        .await
        .with_status(202);
}

async fn repeated_requests(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let first = gateway.reply_under_key(LEAD, "Hello", "k-1").await;
    let first = first.with_status(202).json();
    gateway.platform.will([Answer::success()]);
    gateway.app.drain().await.unwrap();
    // Trimmed, it is the same.
    let again = gateway.reply_under_key(LEAD, "Hello ", "k-1").await;
    let again = again.with_status(202).json();
    assert_eq!(
        again,
        json!({"reply_id": first["reply_id"], "state": "sent"})
    );
    for (lead, text) in [(LEAD, "Hello!"), (OTHER_LEAD, "Hello")] {
        gateway
            .reply_under_key(lead, text, "k-1")
            .await
            .with_status(409);
    }
    let other = gateway.reply_under_key(LEAD, "Hello", "k-2").await;
    assert_ne!(other.with_status(202).json()["reply_id"], first["reply_id"]);
    gateway
        .reply_under_key(LEAD, "Hello", "a b")
        .await
        .with_status(400);
}

async fn order(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let first = gateway.reply(LEAD, "one").await;
    gateway.reply(LEAD, "two").await;
    gateway.platform.will([Answer::new(503, "")]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    let seen = gateway.reply_seen(&first).await;
    assert_eq!(seen["state"], "queued");
    assert_eq!(seen["next_attempt_at"], "2026-03-02T10:00:01Z");
    // Another lead does not wait, the same lead's later reply does.
    gateway.reply(OTHER_LEAD, "other").await;
    gateway.platform.will([Answer::success()]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    gateway.advance(1);
    gateway
        .platform
        .will([Answer::success(), Answer::success()]);
    assert_eq!(gateway.app.drain().await.unwrap(), 2);
    assert_eq!(
        texts(&gateway.platform.asked()),
        ["one", "other", "one", "two"]
    );
}

async fn many(db: &Db) {
    const REPLIES: usize = 40;
    let gateway = TestGateway::new(db).await.connected().await;
    let other = gateway.another_process().await;
    for number in 0..REPLIES {
        let lead = (300_000_000_000_000_000_u64 + number as u64).to_string();
        gateway.lead_arrives(&lead).await;
        gateway.reply(&lead, &format!("text {number}")).await;
        gateway.platform.will([Answer::success()]);
    }
    let (one, two) = tokio::join!(gateway.app.drain(), other.drain());
    assert_eq!(one.unwrap() + two.unwrap(), REPLIES);
    let mut sent = texts(&gateway.platform.asked());
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), REPLIES);
}

async fn the_background(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    gateway.app.run_jobs();
    gateway.platform.will([Answer::success()]);
    // The clock stands still, so nothing but the commit can wake the sender.
    let reply_id = gateway.reply(LEAD, "Hello").await;
    while gateway.reply_seen(&reply_id).await["state"] != "sent" {
        tokio::task::yield_now().await;
    }
    let tasks = &gateway.app.core().tasks;
    assert!(tasks.stop(Duration::from_mins(1)).await);
}

on_both_databases!(a_queued_reply_wakes_the_sender, crate::MIGRATIONS, |db| {
    the_background(&db)
});
on_both_databases!(
    a_reply_is_stored_first_and_then_sent,
    crate::MIGRATIONS,
    |db| replying(&db)
);
on_both_databases!(
    a_reply_that_cannot_be_sent_is_refused,
    crate::MIGRATIONS,
    |db| { refused_replies(&db) }
);
on_both_databases!(a_repeated_request_is_one_reply, crate::MIGRATIONS, |db| {
    repeated_requests(&db)
});
on_both_databases!(
    replies_to_a_lead_are_sent_in_order,
    crate::MIGRATIONS,
    |db| order(&db)
);
on_both_databases!(
    two_processes_send_each_reply_once,
    crate::MIGRATIONS,
    |db| many(&db)
);
