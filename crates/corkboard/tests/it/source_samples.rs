//! Every request sample of the source's documentation that partners send, in the same shape and with the same values but
//! for host, code, token, secret and ids. Answers have the documented members in the documented order, and exactly 200.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::partner::{Partner, Tokens, parameter};
use testkit::world::Engine;
use testkit::{Http, Reply, World};

use crate::support::{FIRST, OTHERS, members, request, send_json, world};

on_both_databases![
    the_sample_link_ends_with_a_code_and_the_scope,
    the_sample_exchange_gives_tokens,
    the_sample_refresh_gives_the_next_pair,
    the_sample_message_is_sent,
    a_test_client_may_send_the_sample_message_to_any_lead,
    the_sample_info_request_tells_what_the_token_is_for,
    the_sample_disconnect_answers_with_business_and_client,
    both_targeting_samples_switch,
    create_lead_takes_all_three_sample_bodies,
    the_development_guide_works_step_by_step,
];

/// The source's sample header: a newline behind the secret, and one `=` more than base64 has.
fn sample_basic(partner: &Partner) -> String {
    let pair = format!("{}:{}\n", partner.client_id, partner.client_secret);
    format!("Basic {}=", BASE64.encode(pair.as_bytes()))
}

/// `curl --location --request POST 'path' --header 'Authorization: …'`
async fn curl_post(world: &World, path: &str, authorization: &str) -> Reply {
    let request = request(world, Method::POST, path);
    Http::send(request.header("authorization", authorization)).await
}

fn assert_tokens(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let body = reply.json();
    let documented = ["access_token", "token_type", "expires_in", "refresh_token"];
    assert_eq!(members(&body), documented);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], json!(3600));
    assert_eq!(body["refresh_token"].as_str().map(str::len), Some(22));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

fn assert_success(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.text(), r#"{"status":"success"}"#);
}

async fn the_sample_link_ends_with_a_code_and_the_scope(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(1);
    let business = world.business(1, 0);
    let client = world.partner("test").client_id;
    let links = [
        ("http://redirect.localhost", "messages"),
        ("http%3A%2F%2Fredirect.localhost", "messages"),
        ("http://redirect.localhost", "targeting"),
    ];
    for (redirect, scope) in links {
        let link = format!(
            "/services/partner-connect/?client_id={client}&redirect_uri={redirect}&response_type=code&scope={scope}"
        );
        let page = pro.open_logged_in(&link).await.expect_status(200);
        assert!(page.text().contains("Confirm Connection"));
        let choice = [("business_id", business.as_str())];
        let answer = pro
            .submit(&page, "business_id", &choice)
            .await
            .expect_status(303);
        let location = answer.header("location").expect("a redirect");
        let code = parameter(location, "code").expect("a code");
        assert_eq!(code.len(), 22);
        let documented = format!("http://redirect.localhost/?code={code}&scope={scope}");
        assert_eq!(location, documented);
    }
}

async fn the_sample_exchange_gives_tokens(engine: Engine) {
    let world = world(engine).await;
    for kind in ["production", "test"] {
        let partner = world.partner(kind);
        let code = world.code(&partner, OTHERS, "messages").await;
        let path = format!(
            "/v2/tokens/access?grant_type=authorization_code&code={code}\
             &redirect_uri=http://redirect.localhost&token_type=AUTH_CODE"
        );
        let reply = curl_post(&world, &path, &sample_basic(&partner)).await;
        assert_tokens(&reply);
        let token = Tokens::of(&reply).access;
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!((parts.len(), parts[0]), (3, "1"));
        let payload = BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let decoded = [
            "BusinessPK",
            "ClientID",
            "Scope",
            "ExpiresAt",
            "SrcAuthCode",
            "AccountID",
        ];
        assert_eq!(members(&payload), decoded);
        assert_eq!(payload["BusinessPK"].to_string(), world.business(1, 0));
        assert_eq!(payload["ClientID"], partner.client_id.as_str());
        assert_eq!(payload["Scope"], json!(["messages"]));
        assert!(
            !payload.to_string().contains(&code),
            "the code must not leak"
        );
    }
}

async fn the_sample_refresh_gives_the_next_pair(engine: Engine) {
    let world = world(engine).await;
    for kind in ["production", "test"] {
        let partner = world.partner(kind);
        let first = world.connect(&partner, OTHERS, "messages").await;
        let path = format!(
            "/v2/tokens/access?grant_type=refresh_token&refresh_token={}&token_type=REFRESH",
            first.refresh
        );
        let reply = curl_post(&world, &path, &sample_basic(&partner)).await;
        assert_tokens(&reply);
        let next = Tokens::of(&reply);
        assert_ne!(next.refresh, first.refresh);
        assert_eq!(partner.info(&next.access).await.status, 200);
    }
}

async fn the_sample_message_is_sent(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let lead = world.lead(FIRST).await;
    let path = format!(
        "/v2/business/{}/lead/{}/message",
        lead.business_id, lead.lead_id
    );
    let request = request(&world, Method::POST, &path)
        .header("authorization", format!("Bearer {}", tokens.access));
    let reply = send_json(request, r#"{"text": "Hello, how can I help you?"}"#).await;
    assert_success(&reply);
    assert_eq!(world.replies(&lead).await, ["Hello, how can I help you?"]);
}

async fn a_test_client_may_send_the_sample_message_to_any_lead(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let path = format!("/v2/business/{}/lead/123/message", world.business(0, 0));
    let request = request(&world, Method::POST, &path)
        .header("authorization", format!("Bearer {}", tokens.access));
    let reply = send_json(request, r#"{"text": "Hello, how can I help you?"}"#).await;
    assert_success(&reply);
}

async fn the_sample_info_request_tells_what_the_token_is_for(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let tokens = world.connect(&partner, OTHERS, "messages").await;
    let request = request(&world, Method::GET, "/v2/get-thumbtack-info")
        .header("authorization", format!("Bearer {}", tokens.access))
        .header("content-type", "application/json");
    let reply = Http::send(request).await.expect_status(200);
    let expected = json!({
        "business_pk": world.business(1, 0),
        "client_id": partner.client_id,
        "scope": ["messages"],
        "business_name": "Sparkly Cleaning Service",
    });
    assert_eq!(reply.text(), expected.to_string());
}

async fn the_sample_disconnect_answers_with_business_and_client(engine: Engine) {
    let world = world(engine).await;
    for kind in ["production", "test"] {
        let partner = world.partner(kind);
        let tokens = world.connect(&partner, FIRST, "messages").await;
        let business = world.business(0, 0);
        let path = format!("/v2/disconnect-partner?business_pk={business}");
        let reply = curl_post(&world, &path, &sample_basic(&partner)).await;
        let expected = json!({"business_pk": business, "client_id": partner.client_id});
        assert_eq!((reply.status, reply.text()), (200, expected.to_string()));
        assert_eq!(partner.info(&tokens.access).await.status, 401);
    }
}

async fn both_targeting_samples_switch(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "targeting").await;
    let business = &world.ids.pros[0].businesses[0];
    let service = format!("/v3/accounts/~/services/{}", business.business_id);
    let category = business.categories[0].category_id;
    let samples = [
        (
            format!("{service}/preferences/targeting"),
            "{\n\"enabled\": \"true\"\n}",
            201,
        ),
        (
            format!("{service}/categories/{category}/preferences/targeting"),
            "{\n\"enabled\": \"false\"\n}",
            409,
        ),
    ];
    for (path, body, offered) in samples {
        let request = request(&world, Method::PATCH, &path)
            .header("authorization", format!("Bearer {}", tokens.access));
        assert_success(&send_json(request, body).await);
        assert_eq!(world.feed_lead(FIRST).await.status, offered);
    }
}

async fn create_lead_takes_all_three_sample_bodies(engine: Engine) {
    let world = world(engine).await;
    let business = world.business(1, 0);
    // The source leaves the quotation marks of the id out.
    let given = format!("{{\n  \"businessID\": {business}\n}}");
    for body in [given.as_str(), "{}", ""] {
        let request = request(&world, Method::POST, "/v1/test/create-lead")
            .header("authorization", world.partner_basic());
        let reply = send_json(request, body).await.expect_status(200);
        let lead = reply.json();
        let own = lead["business"]["businessID"] == business.as_str();
        assert_eq!(own, body.contains(&business));
        let documented = [
            "leadID",
            "createTimestamp",
            "request",
            "customer",
            "business",
            "price",
        ];
        assert_eq!(members(&lead)[..6], documented);
        assert_eq!(members(&lead["request"])[..2], ["requestID", "category"]);
        assert_eq!(members(&lead["customer"])[..2], ["customerID", "name"]);
        assert_eq!(members(&lead["business"]), ["businessID", "name"]);
        assert!(lead["price"].is_string());
        assert_eq!(lead["leadID"].as_str().map(str::len), Some(18));
    }
}

async fn the_development_guide_works_step_by_step(engine: Engine) {
    let world = world(engine).await;
    let basic = world.partner_basic();
    let made =
        request(&world, Method::POST, "/v1/test/create-lead").header("authorization", &basic);
    let lead = send_json(made, "{}").await.expect_status(200).json();
    let (business, lead) = (&lead["business"]["businessID"], &lead["leadID"]);
    let path = format!(
        "/v1/business/{}/lead/{}/message",
        business.as_str().unwrap(),
        lead.as_str().unwrap()
    );
    let message = request(&world, Method::POST, &path).header("authorization", &basic);
    assert_success(&send_json(message, r#"{"text": "Hello, how can I help you?"}"#).await);
}
