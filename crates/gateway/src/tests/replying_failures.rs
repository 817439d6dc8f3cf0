//! Replying to customers when something fails (protocol §6).

use database::{Db, on_both_databases};
use serde_json::{Value, json};

use super::gateway::{LEAD, TestGateway};
use super::platform::Answer;

const NOT_A_REPLY: &str = "1";

async fn drain(gateway: &TestGateway, answers: impl IntoIterator<Item = Answer>) -> usize {
    gateway.platform.will(answers);
    gateway.app.drain().await.unwrap()
}

async fn a_refused_token(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "Hello").await;
    let refused = || Answer::error(401, "INVALID_TOKEN", "The token is unknown.");
    drain(
        &gateway,
        [refused(), Answer::tokens("second"), Answer::success()],
    )
    .await;
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(
        (&reply["state"], &reply["attempts"]),
        (&json!("sent"), &json!(1))
    );
    let asked = gateway.platform.asked();
    assert_eq!(
        asked[2].header("authorization"),
        Some("Bearer second-access")
    );
    assert_eq!(
        asked[2].header("idempotency-key"),
        asked[0].header("idempotency-key")
    );

    // Refused with the new token as well: later.
    let reply_id = gateway.reply(LEAD, "Hello?").await;
    drain(&gateway, [refused(), Answer::tokens("third"), refused()]).await;
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(reply["state"], "queued");
    assert!(
        reply["last_error"]
            .as_str()
            .unwrap()
            .contains("The token is unknown.")
    );
}

async fn refusals(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    for (status, code) in [(400, "BAD_REQUEST"), (404, "NOT_FOUND"), (409, "CONFLICT")] {
        let reply_id = gateway.reply(LEAD, "Hello").await;
        assert_eq!(
            drain(
                &gateway,
                [Answer::error(status, code, "The lead is closed.")]
            )
            .await,
            1
        );
        let reply = gateway.reply_seen(&reply_id).await;
        assert_eq!(reply["state"], "failed");
        let reason = reply["last_error"].as_str().unwrap();
        assert!(
            reason.contains(code) && reason.ends_with("The lead is closed."),
            "{reason}"
        );
        assert_eq!(reply["next_attempt_at"], Value::Null);
    }
    // The next one goes on.
    gateway.reply(LEAD, "Hello").await;
    assert_eq!(drain(&gateway, [Answer::success()]).await, 1);
}

async fn patience(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "Hello").await;
    let busy = Answer::new(429, "").with_header("retry-after", "90");
    assert_eq!(drain(&gateway, [busy]).await, 1);
    gateway.advance(89);
    assert_eq!(drain(&gateway, []).await, 0);
    gateway.advance(1);
    assert_eq!(drain(&gateway, [Answer::new(503, "")]).await, 1);
    gateway.advance(24 * 3_600);
    // One refresh, and one last attempt.
    assert_eq!(
        drain(&gateway, [Answer::tokens("second"), Answer::new(503, "")]).await,
        2
    );
    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(reply["state"], "failed");
    assert!(
        reply["last_error"]
            .as_str()
            .unwrap()
            .starts_with("given up after 24 hours")
    );
}

async fn doubt_with_key(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "Hello").await;
    assert_eq!(drain(&gateway, [Answer::new(500, "")]).await, 1);
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "queued");
    gateway.advance(1);
    assert_eq!(drain(&gateway, [Answer::success()]).await, 1);
    let asked = gateway.platform.asked();
    let keys: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("idempotency-key"))
        .collect();
    assert!(keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "sent");

    // One that was in doubt is never called failed when it is given up.
    let reply_id = gateway.reply(LEAD, "Hello?").await;
    assert_eq!(drain(&gateway, [Answer::new(500, "")]).await, 1);
    gateway.advance(24 * 3_600);
    drain(&gateway, [Answer::tokens("second"), Answer::new(503, "")]).await;
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "uncertain");
}

async fn doubt_without_key(db: &Db) {
    let gateway = TestGateway::of_forgetful_platform(db)
        .await
        .connected()
        .await;
    let first = gateway.reply(LEAD, "one").await;
    let second = gateway.reply(LEAD, "two").await;
    assert_eq!(drain(&gateway, [Answer::new(502, "")]).await, 1);
    let reply = gateway.reply_seen(&first).await;
    assert_eq!(reply["state"], "uncertain");
    assert!(reply["last_error"].as_str().unwrap().contains("status 502"));
    // The later one waits for a person.
    gateway.advance(600);
    assert_eq!(drain(&gateway, []).await, 0);
    gateway.resolve(&second, "sent").await.with_status(409);
    gateway.resolve(&first, "perhaps").await.with_status(400);
    gateway.resolve(NOT_A_REPLY, "sent").await.with_status(404);

    let told = gateway.resolve(&first, "send_again").await.with_status(200);
    assert_eq!(told.json()["state"], "queued");
    assert_eq!(drain(&gateway, [Answer::new(500, "")]).await, 1);
    let told = gateway.resolve(&first, "sent").await.with_status(200);
    assert_eq!(told.json()["state"], "sent");
    assert_eq!(drain(&gateway, [Answer::new(500, "")]).await, 1);
    let told = gateway.resolve(&second, "failed").await.with_status(200);
    assert_eq!(told.json()["state"], "failed");
}

async fn no_platform(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "Hello").await;
    gateway.advance(3_600);
    // The token has ended, and cannot be refreshed for the time being.
    let busy = Answer::new(503, "").with_header("retry-after", "20");
    assert_eq!(drain(&gateway, [busy]).await, 1);
    assert_eq!(gateway.platform.asked().len(), 1);
    gateway.advance(21);
    assert_eq!(
        drain(&gateway, [Answer::tokens("second"), Answer::success()]).await,
        2
    );
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "sent");
}

on_both_databases!(
    a_refused_token_is_replaced_at_once,
    crate::MIGRATIONS,
    |db| { a_refused_token(&db) }
);
on_both_databases!(
    a_refusal_is_told_in_the_platforms_words,
    crate::MIGRATIONS,
    |db| refusals(&db)
);
on_both_databases!(
    a_reply_is_tried_for_a_day,
    crate::MIGRATIONS,
    |db| patience(&db)
);
on_both_databases!(
    a_doubtful_reply_is_sent_again_under_its_key,
    crate::MIGRATIONS,
    |db| { doubt_with_key(&db) }
);
on_both_databases!(without_keys_a_person_decides, crate::MIGRATIONS, |db| {
    doubt_without_key(&db)
});
on_both_databases!(a_reply_waits_for_the_platform, crate::MIGRATIONS, |db| {
    no_platform(&db)
});
