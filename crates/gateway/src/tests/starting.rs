//! The start page, the key, and people.

use base::Secret;
use database::test_db::TestDb;
use database::{Db, Read as _, Sql, on_both_databases, params};
use http::Method;
use protocol::paths::gateway;

use super::gateway::TestGateway;
use crate::service::person::PersonError;

#[tokio::test]
async fn the_start_page_says_how_to_begin() {
    let db = TestDb::sqlite(crate::MIGRATIONS).await;
    let gateway = TestGateway::new(&db).await;
    let page = gateway.open("/").await.with_status(200);
    for part in [
        "http://127.0.0.1:8400/api/v1/leads",
        gateway.platform.base_url.as_str(),
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
}

#[tokio::test]
async fn nothing_is_told_without_the_key() {
    let db = TestDb::sqlite(crate::MIGRATIONS).await;
    let gateway = TestGateway::new(&db).await;
    let reply = gateway::reply(1);
    for path in [gateway::CONNECTIONS, gateway::LEADS, &reply] {
        gateway.open(path).await.with_status(401);
    }
    gateway
        .call(Method::GET, &reply, None)
        .await
        .with_status(404);
    gateway
        .call(Method::GET, "/api/v1/replies/x", None)
        .await
        .with_status(400);
}

async fn people(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let stored = async || {
        let sql = Sql::both("SELECT email, password_hash FROM person");
        let row = db.reader().query_one(sql, params![]).await.unwrap();
        let hash: String = row.get("password_hash").unwrap();
        assert_eq!(row.get::<String>("email").unwrap(), "ann@example.com");
        hash
    };
    let add =
        async |email, password: &str| gateway.app.add_person(email, &Secret::new(password)).await;
    add(" Ann@Example.com", "one").await.unwrap();
    let first = stored().await;
    add("ann@example.com", "one").await.unwrap();
    assert_eq!(stored().await, first);
    add("ann@example.com", "another").await.unwrap();
    assert_ne!(stored().await, first);
    for email in ["", "ann", "@example.com", "ann@", "a nn@example.com"] {
        assert!(
            matches!(add(email, "one").await, Err(PersonError::Email)),
            "{email}"
        );
    }
}

on_both_databases!(a_person_is_added_once, crate::MIGRATIONS, |db| people(&db));
