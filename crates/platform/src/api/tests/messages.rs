//! Pros' messages (protocol §3.1).

use http::{Method, header};
use protocol::id::LeadId;
use protocol::paths::partner as paths;
use serde_json::json;

use super::caller::{Caller, PASSWORD, Sent, USERNAME, basic};
use crate::service::customer_message;
use crate::settings::RequestLimit;
use crate::testing::{OTHER, OWN, TEST};

fn hello() -> serde_json::Value {
    json!({"text": " Hello "})
}

async fn texts(caller: &Caller, lead_id: LeadId) -> Vec<String> {
    let lines = customer_message::list(&caller.market.bench.core, lead_id, 0, 10).await;
    lines.unwrap().into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn a_message_is_answered_with_exactly_the_documented_bytes() {
    let caller = Caller::new().await;
    let token = caller.bearer(OWN).await;
    let business_id = caller.market.bench.business_id;
    let lead_id = caller.market.make_lead().await;
    let v2 = Sent::json(
        Method::POST,
        paths::message(business_id, lead_id),
        &token,
        &hello(),
    );
    let v1 = Sent {
        path: paths::message_v1(business_id, lead_id),
        authorization: Some(basic(USERNAME, PASSWORD)),
        content_type: Some("application/json; charset=utf-8"),
        ..v2.clone()
    };
    for sent in [v2, v1] {
        let reply = caller.send(&sent).await;
        assert_eq!(
            (reply.status, reply.text.as_str()),
            (200, r#"{"status":"success"}"#)
        );
    }
    assert_eq!(texts(&caller, lead_id).await, ["Hello", "Hello"]);
}

#[tokio::test]
async fn what_is_wrong_first_is_told_first() {
    let caller = Caller::new().await;
    let token = caller.bearer(OWN).await;
    let business = caller.market.bench.business_id;
    let lead = caller.market.make_lead().await;
    let path = |business: &str, lead: &str| format!("/v2/business/{business}/lead/{lead}/message");
    let (business, lead) = (business.to_string(), lead.to_string());
    let (good, long) = (
        hello().to_string(),
        json!({"text": "x".repeat(4_001)}).to_string(),
    );
    let json_type = Some("application/json");
    for (authorization, business_in_path, lead_in_path, content_type, body, expected) in [
        ("", "x", "x", None, "", (401, "INVALID_TOKEN")),
        (
            "Bearer nonsense",
            "x",
            "x",
            None,
            "",
            (401, "INVALID_TOKEN"),
        ),
        (token.as_str(), "x", "x", None, "", (400, "BAD_REQUEST")),
        (&token, "5", "x", None, "", (400, "BAD_REQUEST")),
        (&token, "5", "6", None, "", (401, "INVALID_TOKEN")),
        (&token, &business, "6", None, &good, (400, "BAD_REQUEST")),
        (
            &token,
            &business,
            "6",
            Some("text/plain"),
            &good,
            (400, "BAD_REQUEST"),
        ),
        (&token, &business, "6", json_type, "", (400, "BAD_REQUEST")),
        (
            &token,
            &business,
            "6",
            json_type,
            "null",
            (400, "BAD_REQUEST"),
        ),
        (
            &token,
            &business,
            "6",
            json_type,
            r#"{"text":" "}"#,
            (400, "BAD_REQUEST"),
        ),
        (
            &token,
            &business,
            "6",
            json_type,
            &long,
            (400, "BAD_REQUEST"),
        ),
        (&token, &business, "6", json_type, &good, (404, "NOT_FOUND")),
    ] {
        let sent = Sent {
            method: Method::POST,
            path: path(business_in_path, lead_in_path),
            authorization: (!authorization.is_empty()).then(|| authorization.to_owned()),
            content_type,
            idempotency_key: None,
            body: body.to_owned(),
        };
        let reply = caller.send(&sent).await;
        assert_eq!(
            reply.refusal(),
            (expected.0, expected.1.to_owned()),
            "{sent:?}"
        );
    }
    assert!(
        texts(&caller, LeadId::parse(&lead).unwrap())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_key_makes_a_repetition_harmless_and_belongs_to_one_client() {
    let caller = Caller::new().await;
    let (own, other) = (caller.bearer(OWN).await, caller.bearer(OTHER).await);
    let lead_id = caller.market.make_lead().await;
    let path = paths::message(caller.market.bench.business_id, lead_id);
    let send = async |token: &str, key, body: serde_json::Value| {
        let sent = Sent {
            idempotency_key: Some(key),
            ..Sent::json(Method::POST, &path, token, &body)
        };
        caller.send(&sent).await.status
    };
    assert_eq!(send(&own, "key", hello()).await, 200);
    assert_eq!(send(&own, "key", hello()).await, 200);
    assert_eq!(texts(&caller, lead_id).await.len(), 1);
    assert_eq!(send(&own, "key", json!({"text": "Other"})).await, 409);
    assert_eq!(send(&own, "not a key", hello()).await, 400);
    assert_eq!(send(&other, "key", json!({"text": "Other"})).await, 200);
    assert_eq!(texts(&caller, lead_id).await, ["Hello", "Other"]);
}

#[tokio::test]
async fn a_test_client_is_answered_the_same_and_nothing_is_sent() {
    let caller = Caller::new().await;
    let token = caller.bearer(TEST).await;
    let lead_id = caller.market.make_lead().await;
    let path = paths::message(caller.market.bench.business_id, lead_id);
    let reply = caller
        .send(&Sent::json(Method::POST, &path, &token, &hello()))
        .await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (200, r#"{"status":"success"}"#)
    );
    let reply = caller
        .send(&Sent::json(Method::POST, &path, &token, &json!({})))
        .await;
    assert_eq!(reply.refusal(), (400, "BAD_REQUEST".to_owned()));
    assert!(texts(&caller, lead_id).await.is_empty());
}

#[tokio::test]
async fn wrong_passwords_look_alike_and_are_slowed_down() {
    let caller = Caller::new().await;
    caller.bearer(OWN).await;
    let lead_id = caller.market.make_lead().await;
    let path = paths::message_v1(caller.market.bench.business_id, lead_id);
    let ask = async |authorization: &str| {
        caller
            .send(&Sent::json(Method::POST, &path, authorization, &hello()))
            .await
    };
    let description = async |authorization: &str| {
        let reply = ask(authorization).await;
        assert_eq!(reply.refusal(), (401, "UNAUTHORIZED".to_owned()));
        assert!(
            reply.headers[header::WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
        reply.json()["error_description"].clone()
    };
    let wrong = description(&basic(USERNAME, "wrong")).await;
    assert_eq!(description(&basic("nobody", PASSWORD)).await, wrong);
    assert_eq!(description("Bearer x").await, wrong);
    for _ in 0..20 {
        ask(&basic(USERNAME, "wrong")).await;
    }
    let slowed = ask(&basic(USERNAME, "wrong")).await;
    assert_eq!(slowed.refusal(), (429, "TOO_MANY_REQUESTS".to_owned()));
    assert!(slowed.headers.contains_key(header::RETRY_AFTER));
    // The rightful owner gets in all the same.
    assert_eq!(ask(&basic(USERNAME, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn clients_and_partners_that_ask_too_often_are_told_when_to_come_again() {
    let caller = Caller::new().await;
    let token = caller.bearer(OWN).await;
    let business_id = caller.market.bench.business_id;
    let unknown = LeadId::from_i64(5).unwrap();
    let caller = caller.under(|settings| {
        settings.request_limit = Some(RequestLimit {
            per_second: 1,
            burst: 2,
        });
    });
    for (path, authorization) in [
        (paths::message(business_id, unknown), token),
        (
            paths::message_v1(business_id, unknown),
            basic(USERNAME, PASSWORD),
        ),
    ] {
        let sent = Sent::json(Method::POST, &path, &authorization, &hello());
        for _ in 0..2 {
            assert_eq!(caller.send(&sent).await.status, 404);
        }
        let reply = caller.send(&sent).await;
        assert_eq!(reply.refusal(), (429, "TOO_MANY_REQUESTS".to_owned()));
        assert_eq!(reply.headers[header::RETRY_AFTER], "1");
    }
}
