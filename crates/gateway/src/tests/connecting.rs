//! Connecting a business.

use database::Db;
use database::on_both_databases;
use http::Method;
use protocol::paths::gateway;
use protocol::pkce::CodeChallenge;

use super::gateway::{BUSINESS, TestGateway, info, query, state};
use super::platform::Answer;

async fn connecting(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    assert_eq!(query(&url, "code_challenge_method"), "S256");
    assert_eq!(query(&url, "scope"), "messages targeting");
    let callback = "http://127.0.0.1:8400/connect/callback";
    assert_eq!(query(&url, "redirect_uri"), callback);
    gateway
        .platform
        .will([Answer::tokens("first"), info("Ann & Sons")]);
    let page = gateway.come_back(&url, "c0de").await.with_status(200);
    assert!(
        page.body.contains("Connected: Ann &amp; Sons"),
        "{}",
        page.body
    );

    let asked = gateway.platform.asked();
    let parameter = |name| asked[0].parameter(name).unwrap();
    assert_eq!(parameter("code"), "c0de");
    assert_eq!(parameter("redirect_uri"), callback);
    let challenge = CodeChallenge::from_stored(&query(&url, "code_challenge")).unwrap();
    assert_eq!(challenge.verify(&parameter("code_verifier")), Ok(()));
    assert_eq!(
        asked[1].header("authorization"),
        Some("Bearer first-access")
    );

    let told = gateway.call(Method::GET, gateway::CONNECTIONS, None).await;
    assert!(!told.body.contains("first-"), "{}", told.body);
    let connection = &told.json()["data"][0];
    assert_eq!(connection["business_id"], BUSINESS);
    assert_eq!(connection["state"], "connected");
    assert_eq!(connection["scope"][1], "targeting");
    assert_eq!(connection["since"], "2026-03-02T10:00:00Z");
    assert_eq!(
        connection["access_token_expires_at"],
        "2026-03-02T11:00:00Z"
    );
    assert_eq!(
        connection["refresh_token_expires_at"],
        "2026-04-01T10:00:00Z"
    );
    let business_id = BUSINESS.parse().unwrap();
    assert!(gateway.app.is_connected(business_id).await.unwrap());
}

async fn links_that_lead_nowhere(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    gateway
        .platform
        .will([Answer::tokens("first"), info("Ann")]);
    gateway.come_back(&url, "code").await.with_status(200);
    // The browser reloads the page.
    let page = gateway.come_back(&url, "code").await.with_status(404);
    assert!(page.body.contains("all is well"), "{}", page.body);

    let url = gateway.start_connection().await;
    gateway.advance(30 * 60);
    let page = gateway.come_back(&url, "code").await.with_status(404);
    assert!(page.body.contains("good for half an hour"), "{}", page.body);
    for path in ["/connect/callback", "/connect/callback?code=code"] {
        gateway.open(path).await.with_status(400);
    }
    gateway
        .open("/connect/callback?code=code&state=forged")
        .await
        .with_status(404);
    assert_eq!(gateway.platform.asked().len(), 2);
}

async fn declining(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    let path = format!(
        "/connect/callback?error=access_denied&state={}",
        state(&url)
    );
    let page = gateway.open(&path).await.with_status(200);
    assert!(page.body.contains("Nothing was connected"), "{}", page.body);
    // The link is over.
    gateway.come_back(&url, "code").await.with_status(404);

    let url = gateway.start_connection().await;
    let path = format!(
        "/connect/callback?error=invalid_scope&state={}",
        state(&url)
    );
    gateway.open(&path).await.with_status(400);
    assert!(gateway.platform.asked().is_empty());
}

async fn a_lost_answer(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    gateway.platform.will([
        Answer::new(500, ""),
        Answer::tokens("first"),
        Answer::new(503, ""),
        Answer::new(500, ""),
        info("Ann"),
    ]);
    let page = gateway.while_time_passes(gateway.come_back(&url, "c0de"));
    page.await.with_status(200);
    let asked = gateway.platform.asked();
    let codes = asked.iter().filter_map(|asked| asked.parameter("code"));
    assert_eq!(codes.collect::<Vec<_>>(), ["c0de", "c0de"]);
}

async fn a_platform_that_fails_between_tokens_and_name(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    gateway.platform.will([
        Answer::tokens("first"),
        Answer::new(503, ""),
        Answer::new(503, ""),
        Answer::new(503, ""),
    ]);
    let page = gateway.while_time_passes(gateway.come_back(&url, "code"));
    let page = page.await.with_status(503);
    assert!(page.body.contains("Reload this page"), "{}", page.body);
    gateway.platform.asked();
    // Reloading asks for no tokens again.
    gateway.platform.will([info("Ann")]);
    gateway.come_back(&url, "code").await.with_status(200);
    let asked = gateway.platform.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer first-access")
    );
    assert_eq!(gateway.connection().await["state"], "connected");
}

async fn a_code_that_is_refused(db: &Db) {
    let gateway = TestGateway::new(db).await;
    let url = gateway.start_connection().await;
    gateway
        .platform
        .will([Answer::error(400, "INVALID_GRANT", "The code is expired.")]);
    let page = gateway.come_back(&url, "code").await.with_status(400);
    assert!(page.body.contains("was too old"), "{}", page.body);
    gateway
        .platform
        .will([Answer::error(400, "INVALID_CLIENT", "No.")]);
    let page = gateway.come_back(&url, "code").await.with_status(502);
    assert!(
        page.body.contains("does not accept this gateway"),
        "{}",
        page.body
    );
}

async fn connecting_again(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    let reply_id = gateway.reply(super::LEAD, "Hello").await;
    gateway.advance(3_600);
    // The platform no longer takes the refresh token.
    gateway
        .platform
        .will([Answer::error(400, "INVALID_GRANT", "Revoked.")]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    let connection = gateway.connection().await;
    assert_eq!(connection["state"], "reconnect_needed");
    assert_eq!(connection["reason"], "grant_refused");
    assert_eq!(
        connection["reconnect_reason"],
        "the platform ended the connection"
    );
    let told = gateway
        .try_reply(super::LEAD, "Hello?")
        .await
        .with_status(409);
    assert!(
        told.body.contains("has to connect the business again"),
        "{}",
        told.body
    );
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "queued");

    gateway.connect("second").await;
    gateway.platform.asked();
    let told = gateway.call(Method::GET, gateway::CONNECTIONS, None).await;
    let connections = told.json()["data"].take();
    assert_eq!(connections.as_array().unwrap().len(), 1);
    assert_eq!(connections[0]["state"], "connected");
    // What waited need not wait longer.
    gateway.platform.will([Answer::success()]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    let asked = gateway.platform.asked();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer second-access")
    );
    assert_eq!(gateway.reply_seen(&reply_id).await["state"], "sent");
}

async fn idle_connections(db: &Db) {
    let gateway = TestGateway::new(db).await.connected().await;
    gateway.advance(24 * 3_600 - 1);
    assert_eq!(gateway.app.drain().await.unwrap(), 0);
    gateway.advance(1);
    gateway.platform.will([Answer::tokens("second")]);
    assert_eq!(gateway.app.drain().await.unwrap(), 1);
    let asked = gateway.platform.asked();
    assert_eq!(
        asked[0].parameter("refresh_token").unwrap(),
        "first-refresh"
    );
    assert_eq!(gateway.app.drain().await.unwrap(), 0);
    let connection = gateway.connection().await;
    assert_eq!(
        connection["access_token_expires_at"],
        "2026-03-03T11:00:00Z"
    );
}

on_both_databases!(a_pro_connects_a_business, crate::MIGRATIONS, |db| {
    connecting(&db)
});
on_both_databases!(
    a_link_is_good_once_and_for_half_an_hour,
    crate::MIGRATIONS,
    |db| { links_that_lead_nowhere(&db) }
);
on_both_databases!(a_pro_may_decline, crate::MIGRATIONS, |db| declining(&db));
on_both_databases!(a_lost_answer_is_asked_for_again, crate::MIGRATIONS, |db| {
    a_lost_answer(&db)
});
on_both_databases!(
    tokens_survive_a_platform_that_fails_after_them,
    crate::MIGRATIONS,
    |db| { a_platform_that_fails_between_tokens_and_name(&db) }
);
on_both_databases!(a_refusal_says_what_to_do, crate::MIGRATIONS, |db| {
    a_code_that_is_refused(&db)
});
on_both_databases!(
    a_lost_connection_is_told_and_made_again,
    crate::MIGRATIONS,
    |db| { connecting_again(&db) }
);
on_both_databases!(
    an_idle_connection_is_refreshed_daily,
    crate::MIGRATIONS,
    |db| { idle_connections(&db) }
);
