//! Switching targeting.

use database::{Db, on_both_databases};
use http::Method;
use protocol::paths::gateway;
use serde_json::{Value, json};

use super::gateway::{BUSINESS, TestGateway, Told};
use super::platform::Answer;

async fn switch(gateway: &TestGateway, body: Value) -> Told {
    let path = gateway::targeting(BUSINESS.parse().unwrap());
    gateway.call(Method::PUT, &path, Some(body)).await
}

async fn switching(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    gateway.platform.will([
        Answer::success(),
        Answer::error(401, "INVALID_TOKEN", "The token is revoked."),
        Answer::tokens("second"),
        Answer::success(),
    ]);
    let told = switch(&gateway, json!({"enabled": false})).await;
    assert_eq!(told.with_status(200).json(), json!({"enabled": false}));
    let category = 123_456_789.to_string().parse().unwrap();
    let path = gateway::category_targeting(BUSINESS.parse().unwrap(), category);
    let told = gateway.call(Method::PUT, &path, Some(json!({"enabled": "true"})));
    assert_eq!(told.await.with_status(200).json(), json!({"enabled": true}));

    let asked = gateway.platform.asked();
    let of_business = format!("PATCH /v3/accounts/~/services/{BUSINESS}");
    assert_eq!(
        asked[0].line,
        format!("{of_business}/preferences/targeting")
    );
    assert_eq!(asked[0].body, r#"{"enabled":false}"#);
    let of_category = format!("{of_business}/categories/123456789/preferences/targeting");
    assert_eq!(asked[3].line, of_category);
    assert_eq!(
        asked[3].header("authorization"),
        Some("Bearer second-access")
    );
}

async fn refusals(db: &Db) {
    let gateway = TestGateway::new(db).await;
    switch(&gateway, json!({"enabled": true}))
        .await
        .with_status(404);
    let gateway = gateway.connected().await;
    switch(&gateway, json!({"enabled": 1}))
        .await
        .with_status(400);
    for (answer, status, sentence) in [
        (
            Answer::error(404, "NOT_FOUND", "No such category."),
            404,
            "No such category.",
        ),
        (
            Answer::error(403, "INSUFFICIENT_SCOPE", "No."),
            409,
            "did not grant",
        ),
        (Answer::error(400, "BAD_REQUEST", "Odd."), 409, "Odd."),
        (Answer::new(503, ""), 503, "try again"),
        (Answer::new(500, ""), 503, "try again"),
    ] {
        gateway.platform.will([answer]);
        let told = switch(&gateway, json!({"enabled": true}))
            .await
            .with_status(status);
        assert!(told.body.contains(sentence), "{}", told.body);
    }
    gateway.advance(31 * 24 * 3_600);
    let told = switch(&gateway, json!({"enabled": true}))
        .await
        .with_status(409);
    assert!(told.body.contains("not used for 30 days"), "{}", told.body);
}

on_both_databases!(targeting_is_passed_on, crate::MIGRATIONS, |db| switching(
    &db
));
on_both_databases!(every_refusal_says_why, crate::MIGRATIONS, |db| refusals(
    &db
));
