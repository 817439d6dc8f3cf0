//! Every call: what exactly goes over the wire, and what comes of a right answer.

use std::time::Duration;

use base::Secret;
use client::{
    CodeExchange, ConnectRequest, IdempotencyKey, Introspection, OutgoingMessage, TokenParameters,
};
use protocol::basic_credentials::Credentials;
use protocol::fixtures;
use protocol::id::{BusinessId, CategoryId, LeadId};
use protocol::message::MessageText;
use protocol::pkce::CodeChallenge;
use protocol::scope::{Scope, Scopes};
use protocol::targeting::TargetingChange;

use crate::scripted_platform::{Received, Reply, ScriptedPlatform, client_of};

/// base64 of `my client:s3cret`.
const CLIENT: &str = "Basic bXkgY2xpZW50OnMzY3JldA==";
/// base64 of `partner:pa55`.
const PARTNER: &str = "Basic cGFydG5lcjpwYTU1";
const PAIR: &str =
    r#"{"access_token":"1.a.b","token_type":"bearer","expires_in":3600,"refresh_token":"r1"}"#;
const SUCCESS: &str = r#"{"status": "success"}"#;

fn business() -> BusinessId {
    BusinessId::parse("380497492389642246").unwrap()
}

fn lead() -> LeadId {
    LeadId::parse("380497493950742534").unwrap()
}

fn partner() -> Credentials {
    Credentials::new("partner", "pa55")
}

fn token() -> Secret {
    Secret::new("1.a.b")
}

fn only(platform: &ScriptedPlatform) -> Received {
    let [request] = <[Received; 1]>::try_from(platform.received()).unwrap();
    request
}

#[tokio::test]
async fn the_connect_page_is_asked_with_every_parameter() {
    let platform = ScriptedPlatform::start([]).await;
    let scopes = Scopes::from_iter([Scope::Messages, Scope::Targeting]);
    let challenge = CodeChallenge::of(&"v".repeat(43)).unwrap();
    let url = platform.client().authorize_url(&ConnectRequest {
        scopes: &scopes,
        redirect_uri: Some("https://crm.example/callback?x=1"),
        state: Some("a b"),
        code_challenge: Some(&challenge),
    });
    assert_eq!(url.path(), "/services/partner-connect/");
    let expected = format!(
        "client_id=my%20client&redirect_uri=https%3A%2F%2Fcrm.example%2Fcallback%3Fx%3D1&response_type=code\
         &scope=messages%20targeting&state=a%20b&code_challenge={}&code_challenge_method=S256",
        challenge.as_str()
    );
    assert_eq!(url.query(), Some(expected.as_str()));
}

#[tokio::test]
async fn a_code_is_exchanged_in_a_form() {
    let platform = ScriptedPlatform::start([Reply::ok(PAIR)]).await;
    let exchange = CodeExchange {
        code: &Secret::new("c0de"),
        redirect_uri: "http://redirect.localhost",
        code_verifier: Some(&Secret::new("verifier")),
    };
    let pair = platform.client().exchange_code(&exchange).await.unwrap();
    assert_eq!(pair.access_token.expose(), "1.a.b");
    assert_eq!(pair.refresh_token.expose(), "r1");
    assert_eq!(pair.expires_in, Duration::from_hours(1));
    assert_eq!(pair.scopes, None);
    let request = only(&platform);
    assert_eq!(request.line, "POST /v2/tokens/access");
    assert_eq!(request.header("authorization"), Some(CLIENT));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        request.body,
        "grant_type=authorization_code&code=c0de&redirect_uri=http%3A%2F%2Fredirect.localhost\
         &token_type=AUTH_CODE&code_verifier=verifier"
    );
}

#[tokio::test]
async fn the_sources_platform_is_asked_for_tokens_in_the_query() {
    let platform = ScriptedPlatform::start([Reply::ok(PAIR), Reply::ok(PAIR)]).await;
    let addresses = platform
        .addresses()
        .with_token_parameters(TokenParameters::Query);
    let client = client_of(addresses);
    client.refresh(&Secret::new("_s3c-nw")).await.unwrap();
    let exchange = CodeExchange {
        code: &Secret::new("c0de"),
        redirect_uri: "http://redirect.localhost",
        code_verifier: None,
    };
    client.exchange_code(&exchange).await.unwrap();
    let requests = platform.received();
    assert_eq!(
        requests[0].line,
        "POST /v2/tokens/access?grant_type=refresh_token&refresh_token=_s3c-nw&token_type=REFRESH"
    );
    assert_eq!(
        requests[1].line,
        "POST /v2/tokens/access?grant_type=authorization_code&code=c0de\
         &redirect_uri=http%3A%2F%2Fredirect.localhost&token_type=AUTH_CODE"
    );
    for request in requests {
        assert_eq!(request.header("authorization"), Some(CLIENT));
        assert_eq!(request.header("content-type"), None);
        assert_eq!(request.body, "");
    }
}

#[tokio::test]
async fn a_refresh_tells_which_scopes_were_granted_if_the_platform_says_so() {
    let body = PAIR.replace('}', r#","scope":"messages future"}"#);
    let platform = ScriptedPlatform::start([Reply::ok(&body)]).await;
    let pair = platform.client().refresh(&Secret::new("r0")).await.unwrap();
    assert_eq!(pair.scopes, Some(Scopes::from_iter([Scope::Messages])));
    assert_eq!(
        only(&platform).body,
        "grant_type=refresh_token&refresh_token=r0&token_type=REFRESH"
    );
}

#[tokio::test]
async fn info_says_whom_a_token_speaks_for() {
    let body = r#"{"business_pk":"380497492389642246","client_id":"my client","scope":["messages","future"],
        "business_name":"Cleaners"}"#;
    let platform = ScriptedPlatform::start([Reply::ok(body)]).await;
    let info = platform.client().info(&token()).await.unwrap();
    assert_eq!(info.business_id, business());
    assert_eq!(info.client_id, "my client");
    assert_eq!(info.scopes, Scopes::from_iter([Scope::Messages]));
    assert_eq!(info.business_name, "Cleaners");
    let request = only(&platform);
    assert_eq!(request.line, "GET /v2/get-thumbtack-info");
    assert_eq!(request.header("authorization"), Some("Bearer 1.a.b"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn a_connection_is_ended_by_its_client() {
    let body = r#"{"business_pk":"380497492389642246","client_id":"my client"}"#;
    let platform = ScriptedPlatform::start([Reply::ok(body)]).await;
    let ended = platform.client().disconnect(business()).await.unwrap();
    assert_eq!(
        (ended.business_id, ended.client_id.as_str()),
        (business(), "my client")
    );
    let request = only(&platform);
    assert_eq!(
        request.line,
        "POST /v2/disconnect-partner?business_pk=380497492389642246"
    );
    assert_eq!(request.header("authorization"), Some(CLIENT));
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn a_token_is_revoked_and_inspected_in_a_form() {
    let active = r#"{"active":true,"scope":"messages","client_id":"my client","exp":1700000000}"#;
    let platform = ScriptedPlatform::start([
        Reply::ok(active),
        Reply::ok(""),
        Reply::ok(r#"{"active":false}"#),
    ])
    .await;
    let client = platform.client();
    let Introspection::Active {
        scopes,
        client_id,
        expires_at,
    } = client.introspect(&token()).await.unwrap()
    else {
        panic!("the token is active");
    };
    assert_eq!(scopes, Scopes::from_iter([Scope::Messages]));
    assert_eq!(client_id.as_deref(), Some("my client"));
    assert_eq!(expires_at.unwrap().as_second(), 1_700_000_000);
    client.revoke(&token()).await.unwrap();
    let after = client.introspect(&token()).await.unwrap();
    assert_eq!(after, Introspection::Inactive);
    let requests = platform.received();
    assert_eq!(requests[0].line, "POST /v2/tokens/introspect");
    assert_eq!(requests[1].line, "POST /v2/tokens/revoke");
    for request in requests {
        assert_eq!(request.header("authorization"), Some(CLIENT));
        assert_eq!(request.body, "token=1.a.b");
    }
}

#[tokio::test]
async fn a_message_goes_out_with_its_key() {
    let platform = ScriptedPlatform::start([Reply::ok(SUCCESS)]).await;
    let message = OutgoingMessage {
        business_id: business(),
        lead_id: lead(),
        text: &MessageText::parse("Hello \"you\"\nthere é").unwrap(),
        idempotency_key: Some(&IdempotencyKey::parse("reply-7").unwrap()),
    };
    platform
        .client()
        .send_message(&token(), &message)
        .await
        .unwrap();
    let request = only(&platform);
    assert_eq!(
        request.line,
        "POST /v2/business/380497492389642246/lead/380497493950742534/message"
    );
    assert_eq!(request.header("authorization"), Some("Bearer 1.a.b"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("idempotency-key"), Some("reply-7"));
    assert_eq!(request.body, r#"{"text":"Hello \"you\"\nthere é"}"#);
}

#[tokio::test]
async fn a_partner_without_oauth_sends_with_its_password() {
    let platform = ScriptedPlatform::start([Reply::ok(SUCCESS)]).await;
    let message = OutgoingMessage {
        business_id: business(),
        lead_id: lead(),
        text: &MessageText::parse("Hello").unwrap(),
        idempotency_key: None,
    };
    let client = platform.client();
    client
        .send_message_basic(&partner(), &message)
        .await
        .unwrap();
    let request = only(&platform);
    assert_eq!(
        request.line,
        "POST /v1/business/380497492389642246/lead/380497493950742534/message"
    );
    assert_eq!(request.header("authorization"), Some(PARTNER));
    assert_eq!(request.header("idempotency-key"), None);
}

#[tokio::test]
async fn targeting_is_switched_for_a_business_and_for_a_category() {
    let platform = ScriptedPlatform::start([Reply::ok(SUCCESS), Reply::ok(SUCCESS)]).await;
    let client = platform.client();
    let off = TargetingChange { enabled: false };
    let on = TargetingChange { enabled: true };
    let category = CategoryId::parse("109125193401647362").unwrap();
    client
        .set_targeting(&token(), business(), off)
        .await
        .unwrap();
    client
        .set_category_targeting(&token(), business(), category, on)
        .await
        .unwrap();
    let requests = platform.received();
    assert_eq!(
        requests[0].line,
        "PATCH /v3/accounts/~/services/380497492389642246/preferences/targeting"
    );
    assert_eq!(requests[0].body, r#"{"enabled":false}"#);
    assert_eq!(
        requests[1].line,
        "PATCH /v3/accounts/~/services/380497492389642246/categories/109125193401647362/preferences/targeting"
    );
    assert_eq!(requests[1].body, r#"{"enabled":true}"#);
    for request in requests {
        assert_eq!(request.header("authorization"), Some("Bearer 1.a.b"));
        assert_eq!(request.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn test_leads_are_made_with_and_without_a_business() {
    let platform = ScriptedPlatform::start([
        Reply::ok(fixtures::CREATED_LEAD),
        Reply::ok(fixtures::CREATED_LEAD),
    ])
    .await;
    let client = platform.client();
    let made = client
        .create_test_lead(&partner(), business())
        .await
        .unwrap();
    assert_eq!(made.lead_id.to_string(), "380500112233445505");
    assert!(made.price.is_some());
    client
        .create_test_lead_and_business(&partner())
        .await
        .unwrap();
    let requests = platform.received();
    assert_eq!(requests[0].body, r#"{"businessID":"380497492389642246"}"#);
    assert_eq!(requests[1].body, "{}");
    for request in requests {
        assert_eq!(request.line, "POST /v1/test/create-lead");
        assert_eq!(request.header("authorization"), Some(PARTNER));
        assert_eq!(request.header("content-type"), Some("application/json"));
    }
}
