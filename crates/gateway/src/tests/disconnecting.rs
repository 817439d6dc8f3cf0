//! Ending a connection.

use database::{Db, Read as _, on_both_databases, params};
use http::Method;
use protocol::paths::gateway;

use super::gateway::{BUSINESS, LEAD, TestGateway, Told};
use super::platform::Answer;

async fn disconnect(gateway: &TestGateway) -> Told {
    let path = gateway::connection(BUSINESS.parse().unwrap());
    gateway.call(Method::DELETE, &path, None).await
}

fn disconnected() -> Answer {
    let body = format!(r#"{{"business_pk": "{BUSINESS}", "client_id": "a client"}}"#);
    Answer::new(200, body)
}

async fn ending(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(LEAD, "Hello").await;
    gateway.platform.will([disconnected()]);
    let ended = disconnect(&gateway).await.with_status(200).json();
    assert_eq!(ended["state"], "disconnected");
    assert_eq!(ended["reason"], "disconnected");
    assert_eq!(ended["access_token_expires_at"], serde_json::Value::Null);
    // A week later, because a weekend is in between.
    assert_eq!(ended["purge_due_at"], "2026-03-09T10:00:00Z");
    let asked = gateway.platform.asked();
    assert_eq!(asked[0].line, "POST /v2/disconnect-partner");
    assert_eq!(asked[0].query, format!("business_pk={BUSINESS}"));

    let reply = gateway.reply_seen(&reply_id).await;
    assert_eq!(
        (&reply["state"], &reply["last_error"]),
        (&"failed".into(), &"disconnected".into())
    );
    gateway.try_reply(LEAD, "Hello?").await.with_status(409);
    let told = disconnect(&gateway).await.with_status(200).json();
    assert_eq!(told["ended_at"], ended["ended_at"]);
    assert_eq!(gateway.app.drain().await.unwrap(), 0);
    assert!(gateway.platform.asked().is_empty());

    // The pro comes back before the data is gone: then it stays.
    gateway.connect("second").await;
    let purge =
        database::Sql::both("SELECT purge_due_at_us FROM connection ORDER BY connection_id");
    for row in db.reader().query(purge, params![]).await.unwrap() {
        assert_eq!(row.get::<Option<i64>>("purge_due_at_us").unwrap(), None);
    }
}

async fn tokens_after_the_end(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    gateway.platform.will([disconnected()]);
    disconnect(&gateway).await.with_status(200);
    let sealed = database::Sql::both("SELECT access_sealed, refresh_sealed FROM connection");
    let row = db.reader().query_one(sealed, params![]).await.unwrap();
    for column in ["access_sealed", "refresh_sealed"] {
        assert_eq!(row.get::<Option<String>>(column).unwrap(), None);
    }
}

async fn a_platform_that_cannot_be_asked(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    gateway.platform.will([
        Answer::new(503, "").with_header("retry-after", "7"),
        Answer::new(500, ""),
        Answer::error(400, "INVALID_CLIENT", "The client is unknown."),
        Answer::error(404, "NOT_FOUND", "There is no such business."),
    ]);
    let told = disconnect(&gateway).await.with_status(503);
    assert_eq!(told.retry_after.as_deref(), Some("7"));
    disconnect(&gateway).await.with_status(503);
    let told = disconnect(&gateway).await.with_status(409);
    assert!(
        told.body.contains("The client is unknown."),
        "{}",
        told.body
    );
    assert_eq!(gateway.connection().await["state"], "connected");
    // A business that the platform does not have is not connected there.
    disconnect(&gateway).await.with_status(200);
}

async fn a_business_that_never_connected(db: &Db) {
    let gateway = TestGateway::new(db).await;
    disconnect(&gateway).await.with_status(404);
    let path = gateway::connection(BUSINESS.parse().unwrap());
    gateway
        .call(Method::GET, &path, None)
        .await
        .with_status(404);
    let path = "/api/v1/connections/x";
    gateway
        .call(Method::DELETE, path, None)
        .await
        .with_status(400);
}

on_both_databases!(
    disconnecting_ends_everything_at_once,
    crate::MIGRATIONS,
    |db| ending(&db)
);
on_both_databases!(no_token_is_left, crate::MIGRATIONS, |db| {
    tokens_after_the_end(&db)
});
on_both_databases!(
    nothing_changes_unless_the_platform_agrees,
    crate::MIGRATIONS,
    |db| { a_platform_that_cannot_be_asked(&db) }
);
on_both_databases!(an_unknown_business_is_404, crate::MIGRATIONS, |db| {
    a_business_that_never_connected(&db)
});
