//! Senders that die, and senders that are too slow.

use database::{Db, on_both_databases};

use super::*;
use crate::tests::{Answer, LEAD, TestGateway};

const LEASE_ENDS: u64 = 90;

/// The gateway with a reply that a process has claimed and, as far as anybody knows, sent.
async fn abandoned(gateway: &TestGateway) -> (String, Leased) {
    let reply_id = gateway.reply(LEAD, "Hello").await;
    let claimed = claim(gateway.app.core(), reply_id.parse().unwrap()).await;
    let Ok(Claimed::Leased(reply)) = claimed else {
        panic!("it is there to be claimed: {claimed:?}");
    };
    (reply_id, reply)
}

async fn a_dead_sender(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let (reply_id, dead) = abandoned(&gateway).await;
    let other = gateway.another_process().await;
    gateway.advance(LEASE_ENDS - 1);
    assert_eq!(other.drain().await.unwrap(), 0);
    gateway.advance(1);
    gateway.platform.will([Answer::success()]);
    assert_eq!(other.drain().await.unwrap(), 1);
    let asked = gateway.platform.asked();
    assert_eq!(
        asked[0].header("idempotency-key"),
        Some(dead.idempotency_key.as_str())
    );
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(
        (&reply["state"], &reply["attempts"]),
        (&"sent".into(), &2.into())
    );
}

async fn a_dead_sender_without_keys(db: &Db) {
    let gateway = TestGateway::of_forgetful_platform(db)
        .await
        .connected()
        .await;
    let (reply_id, _) = abandoned(&gateway).await;
    gateway.advance(LEASE_ENDS);
    let other = gateway.another_process().await;
    assert_eq!(other.drain().await.unwrap(), 1);
    assert!(gateway.platform.asked().is_empty());
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(
        (&reply["state"], &reply["last_error"]),
        (&"uncertain".into(), &DIED.into())
    );
}

async fn a_late_verdict(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let (reply_id, late) = abandoned(&gateway).await;
    gateway.advance(LEASE_ENDS);
    let other = gateway.another_process().await;
    gateway.platform.will([Answer::new(503, "")]);
    assert_eq!(other.drain().await.unwrap(), 1);
    // The first sender comes to its senses. What it says about failing counts no more …
    let reason = "late".to_owned();
    settle(gateway.app.core(), &late, Verdict::Failed { reason })
        .await
        .unwrap();
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(reply["state"], "queued");
    // … but that the platform has the reply remains true.
    settle(gateway.app.core(), &late, Verdict::Sent)
        .await
        .unwrap();
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "sent");
    gateway.advance(60);
    assert_eq!(other.drain().await.unwrap(), 0);
}

on_both_databases!(
    a_reply_of_a_dead_sender_is_sent_under_the_same_key,
    crate::MIGRATIONS,
    |db| { a_dead_sender(&db) }
);
on_both_databases!(
    without_keys_a_dead_sender_leaves_doubt,
    crate::MIGRATIONS,
    |db| { a_dead_sender_without_keys(&db) }
);
on_both_databases!(a_late_verdict_undoes_nothing, crate::MIGRATIONS, |db| {
    a_late_verdict(&db)
});
