//! Every way in which a call can fail, and what its caller is told to do.

use std::time::Duration;

use base::Secret;
use client::{Client, ClientError, OutgoingMessage, Uncertainty};
use protocol::error_code::ErrorCode;
use protocol::id::{BusinessId, LeadId};
use protocol::message::MessageText;

use crate::scripted_platform::{Reply, ScriptedPlatform, client_of};

async fn send(client: &Client) -> Result<(), ClientError> {
    let message = OutgoingMessage {
        business_id: BusinessId::from_i64(395).unwrap(),
        lead_id: LeadId::from_i64(123).unwrap(),
        text: &MessageText::parse("marked text").unwrap(),
        idempotency_key: None,
    };
    client
        .send_message(&Secret::new("marked token"), &message)
        .await
}

async fn failure_of(reply: Reply) -> ClientError {
    let platform = ScriptedPlatform::start([reply]).await;
    send(&platform.client()).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_is_told_by_its_status_and_code() {
    let error = failure_of(Reply::Answer(
        401,
        vec![("X-Request-Id", "r-1")],
        r#"{"error":"INVALID_TOKEN","error_description":"it has expired","request_id":"r-1"}"#
            .into(),
    ))
    .await;
    assert!(error.is_unauthorized());
    assert!(!error.is_retryable() && !error.may_have_had_effect());
    let rejection = error.rejection().unwrap();
    assert_eq!(rejection.code, Some(ErrorCode::InvalidToken));
    assert_eq!(rejection.description, "it has expired");
    assert_eq!(rejection.request_id.as_deref(), Some("r-1"));

    let body = r#"{"error":"INSUFFICIENT_SCOPE"}"#;
    assert!(
        failure_of(Reply::status(403, body))
            .await
            .is_insufficient_scope()
    );
    assert!(failure_of(Reply::status(404, "")).await.is_not_found());
    assert!(failure_of(Reply::status(409, "{}")).await.is_conflict());
    let grant = failure_of(Reply::status(400, r#"{"error":"INVALID_GRANT"}"#)).await;
    assert!(grant.is_invalid_grant());
}

#[tokio::test]
async fn a_busy_platform_says_when_to_come_back() {
    for status in [429, 503] {
        let error = failure_of(Reply::Answer(
            status,
            vec![("Retry-After", "7")],
            String::new(),
        ))
        .await;
        assert!(error.is_retryable(), "{status}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = Reply::Answer(302, vec![("Location", "/elsewhere")], String::new());
    let error = failure_of(answer).await;
    assert_eq!(
        error.rejection().map(|rejection| rejection.status),
        Some(302)
    );
}

#[tokio::test]
async fn a_failure_of_the_server_is_uncertain() {
    for status in [500, 502, 504] {
        let error = failure_of(Reply::status(status, "")).await;
        assert!(
            error.may_have_had_effect() && !error.is_retryable(),
            "{status}"
        );
        let expected = status;
        assert!(matches!(
            error,
            ClientError::Uncertain(Uncertainty::ServerFailed { status, .. }) if status == expected
        ));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_uncertain() {
    let error = failure_of(Reply::HangUp).await;
    assert!(matches!(
        error,
        ClientError::Uncertain(Uncertainty::Unanswered(_))
    ));
}

#[tokio::test]
async fn a_platform_that_is_not_there_was_not_sent_anything() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client_of(client::PlatformAddresses::corkboard(&url).unwrap());
    let error = send(&client).await.unwrap_err();
    assert!(matches!(error, ClientError::NotSent(_)));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_platform_at_a_forbidden_address_is_not_worth_another_try() {
    let addresses = client::PlatformAddresses::corkboard("https://10.0.0.1").unwrap();
    let error = send(&client_of(addresses)).await.unwrap_err();
    assert!(matches!(error, ClientError::NotSent(_)));
    assert!(!error.is_retryable() && !error.may_have_had_effect());
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_not_sent() {
    let platform = ScriptedPlatform::start([]).await;
    let token = Secret::new("a\r\nX-Injected: 1");
    let error = platform.client().info(&token).await.unwrap_err();
    assert!(matches!(error, ClientError::NotSent(_)));
    assert!(platform.received().is_empty());
}

#[tokio::test]
async fn every_success_with_the_promised_body_is_a_success() {
    for status in [200, 201, 202] {
        let platform = ScriptedPlatform::start([Reply::status(status, r#"{"status":"success"}"#)]);
        send(&platform.await.client()).await.unwrap();
    }
}

#[tokio::test]
async fn a_success_without_the_promised_body_may_have_had_its_effect() {
    for body in ["", "null", "[]"] {
        let error = failure_of(Reply::ok(body)).await;
        assert!(matches!(error, ClientError::Empty), "{body}");
        assert!(error.may_have_had_effect());
    }
    for body in ["<html>", "{}", r#"{"status":"failure"}"#, r#"{"status":1}"#] {
        let error = failure_of(Reply::ok(body)).await;
        assert!(matches!(error, ClientError::Malformed(_)), "{body}");
        assert!(error.may_have_had_effect());
    }
}

#[tokio::test]
async fn a_malformed_pair_names_the_members() {
    let body = r#"{"access_token":5,"expires_in":"3600"}"#;
    let platform = ScriptedPlatform::start([Reply::ok(body)]).await;
    let error = platform
        .client()
        .refresh(&Secret::new("r0"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the platform's answer is not as documented: /access_token must be a string; /refresh_token is required; \
         /expires_in must be a whole number, zero or more."
    );
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let pair = r#"{"access_token":"marked","expires_in":1,"refresh_token":"marked"}"#;
    let platform = ScriptedPlatform::start([Reply::ok(pair), Reply::HangUp]).await;
    let client = platform.client();
    let pair = client.refresh(&Secret::new("marked")).await.unwrap();
    let error = send(&client).await.unwrap_err();
    let printed = format!("{pair:?} {error:?} {error} {client:?}");
    assert!(
        !printed.contains("marked") && !printed.contains("s3cret"),
        "{printed}"
    );
}
