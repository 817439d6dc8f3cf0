//! Who may call what with a bearer token (protocol §3): every endpoint with every kind of token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::partner::{LeadIds, Partner, Tokens};
use testkit::world::Engine;
use testkit::{Http, Reply, World};

use crate::support::{FIRST, OTHERS, SECOND, assert_error, request, world};

on_both_databases![
    a_live_token_works_for_its_own_business_and_no_other,
    a_dead_token_works_nowhere,
    a_token_without_the_scope_is_refused_before_anything_else_is_judged,
    no_forged_or_malformed_token_works,
    the_token_is_judged_before_path_owner_and_body,
    after_the_answer_to_a_disconnect_no_request_succeeds_on_any_instance,
];

/// An endpoint for bearer tokens: the method, the path for one business, the body, the scope that it needs.
struct Endpoint {
    method: Method,
    path: String,
    body: Value,
    scope: Option<&'static str>,
}

/// All of them, for a business with a lead.
fn endpoints(world: &World, business: (usize, usize), lead: &LeadIds) -> Vec<Endpoint> {
    let ids = &world.ids.pros[business.0].businesses[business.1];
    let (id, category) = (ids.business_id, ids.categories[0].category_id);
    let service = format!("/v3/accounts/~/services/{id}");
    let endpoint = |method, path, body, scope| Endpoint {
        method,
        path,
        body,
        scope,
    };
    let targeting = Some("targeting");
    let on = json!({"enabled": true});
    vec![
        endpoint(
            Method::GET,
            "/v2/get-thumbtack-info".to_owned(),
            Value::Null,
            None,
        ),
        endpoint(
            Method::POST,
            format!("/v2/business/{id}/lead/{}/message", lead.lead_id),
            json!({"text": "Hello"}),
            Some("messages"),
        ),
        endpoint(
            Method::PATCH,
            format!("{service}/preferences/targeting"),
            on.clone(),
            targeting,
        ),
        endpoint(
            Method::PATCH,
            format!("{service}/categories/{category}/preferences/targeting"),
            on,
            targeting,
        ),
    ]
}

async fn call(world: &World, endpoint: &Endpoint, authorization: Option<&str>) -> Reply {
    let mut request = request(world, endpoint.method.clone(), &endpoint.path);
    if !endpoint.body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(endpoint.body.to_string());
    }
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    Http::send(request).await
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[track_caller]
fn assert_invalid_token(reply: &Reply) {
    assert_error(reply, 401, "INVALID_TOKEN");
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer"), "{challenge}");
}

async fn a_live_token_works_for_its_own_business_and_no_other(engine: Engine) {
    let world = world(engine).await;
    let everything = "messages targeting";
    let partner = world.partner("production");
    let production = world.connect(&partner, FIRST, everything).await;
    let test = world
        .connect(&world.partner("test"), FIRST, everything)
        .await;
    for (business, is_own) in [(FIRST, true), (SECOND, false), (OTHERS, false)] {
        let lead = world.lead(business).await;
        for endpoint in endpoints(&world, business, &lead) {
            for tokens in [&production, &test] {
                let reply = call(&world, &endpoint, Some(&bearer(&tokens.access))).await;
                if is_own || endpoint.scope.is_none() {
                    assert_eq!(reply.status, 200, "{} {}", endpoint.path, reply.text());
                } else {
                    assert_invalid_token(&reply);
                }
            }
        }
    }
}

async fn a_dead_token_works_nowhere(engine: Engine) {
    let world = world(engine).await;
    let lead = world.lead(FIRST).await;
    let partner = world.partner("test");
    let connect = async || world.connect(&partner, FIRST, "messages targeting").await;
    let expired = connect().await;
    world.advance(Duration::from_hours(1));
    let given_back = connect().await;
    let token = [("token", given_back.access.as_str())];
    partner
        .ask("/v2/tokens/revoke", &token)
        .await
        .expect_status(200);
    let ended = connect().await;
    let token = [("token", ended.refresh.as_str())];
    partner
        .ask("/v2/tokens/revoke", &token)
        .await
        .expect_status(200);
    let refresh = connect().await.refresh;
    for endpoint in endpoints(&world, FIRST, &lead) {
        for dead in [&expired.access, &given_back.access, &ended.access, &refresh] {
            assert_invalid_token(&call(&world, &endpoint, Some(&bearer(dead))).await);
        }
    }
    let last = connect().await;
    world.advance(Duration::from_millis(3_599_999));
    assert_eq!(partner.info(&last.access).await.status, 200);
    partner
        .disconnect(&world.business(0, 0))
        .await
        .expect_status(200);
    for endpoint in endpoints(&world, FIRST, &lead) {
        assert_invalid_token(&call(&world, &endpoint, Some(&bearer(&last.access))).await);
    }
}

async fn a_token_without_the_scope_is_refused_before_anything_else_is_judged(engine: Engine) {
    let world = world(engine).await;
    let lead = world.lead(FIRST).await;
    let partner = world.partner("test");
    for scope in ["messages", "targeting", "availability bookings"] {
        let tokens = world.connect(&partner, FIRST, scope).await;
        for mut endpoint in endpoints(&world, FIRST, &lead) {
            let missing = endpoint.scope.filter(|needed| !scope.contains(needed));
            let Some(missing) = missing else { continue };
            for path in [
                endpoint.path.clone(),
                endpoint.path.replace(&world.business(0, 0), "x"),
            ] {
                endpoint.path = path;
                let reply = call(&world, &endpoint, Some(&bearer(&tokens.access))).await;
                assert_error(&reply, 403, "INSUFFICIENT_SCOPE");
                assert!(reply.description().contains(missing), "{}", reply.text());
                let challenge = reply.header("www-authenticate").unwrap_or_default();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
            }
        }
    }
}

/// Another character whose first four bits are those of `last`, which alone count at the end of 32 bytes.
fn sloppy(last: &str) -> char {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = last.as_bytes()[0];
    let value = ALPHABET.iter().position(|known| *known == last);
    char::from(ALPHABET[value.expect("base64url") ^ 1])
}

/// What comes close to a good token.
fn forgeries(good: &str) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let (number, payload, signature) = (parts[0], parts[1], parts[2]);
    let mut claims: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap();
    claims["Scope"] = json!(["messages", "targeting", "bookings", "availability"]);
    let stretched = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let mut flipped = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    flipped[0] ^= 1;
    let flipped = BASE64URL_NOPAD.encode(&flipped);
    // The last character carries two bits that mean nothing; only one way to write them is right.
    let (start, last) = signature.split_at(signature.len() - 1);
    [
        format!("{number}.{stretched}.{signature}"),
        format!("{number}.{payload}.{flipped}"),
        format!("{number}.{payload}.{start}{}", sloppy(last)),
        format!("{number}.{payload}.{signature}="),
        format!("{number}.{payload}="),
        format!("{number}.{payload}."),
        format!("{number}.{payload}"),
        format!("{number}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("0.{payload}.{signature}"),
        format!("2.{payload}.{signature}"),
        format!("01.{payload}.{signature}"),
        format!("+1.{payload}.{signature}"),
        format!("99999999999999999999.{payload}.{signature}"),
        format!("{number}.{payload}.{signature}.{signature}"),
        format!("{number}.{payload}.{}", signature.to_ascii_lowercase()),
        "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        "x".to_owned(),
        "x".repeat(5_000),
    ]
    .into()
}

async fn no_forged_or_malformed_token_works(engine: Engine) {
    let world = world(engine).await;
    let lead = world.lead(FIRST).await;
    let partner = world.partner("test");
    let good = world
        .connect(&partner, FIRST, "messages targeting")
        .await
        .access;
    let mut headers: Vec<String> = forgeries(&good).iter().map(|token| bearer(token)).collect();
    headers.extend([
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        good.clone(),
        format!("Basic {good}"),
        format!("Bearer{good}"),
        format!("Bearer {good} {good}"),
        format!("Bearer \"{good}\""),
        partner.basic(),
        world.partner_basic(),
    ]);
    for endpoint in endpoints(&world, FIRST, &lead) {
        assert_invalid_token(&call(&world, &endpoint, None).await);
        for header in &headers {
            assert_invalid_token(&call(&world, &endpoint, Some(header)).await);
        }
        let twice = request(&world, endpoint.method.clone(), &endpoint.path)
            .header("authorization", bearer(&good))
            .header("authorization", bearer(&good));
        assert_invalid_token(&Http::send(twice).await);
        let in_query = format!("{}?access_token={good}", endpoint.path);
        let in_query = request(&world, endpoint.method.clone(), &in_query);
        assert_invalid_token(&Http::send(in_query).await);
        // The scheme is read in any case.
        let reply = call(&world, &endpoint, Some(&format!("bearer {good}"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

async fn the_token_is_judged_before_path_owner_and_body(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let own = world.business(0, 0);
    let other = world.business(0, 1);
    let send = async |token: &str, business: &str, lead: &str, body: &str| {
        let path = format!("/v2/business/{business}/lead/{lead}/message");
        let request = request(&world, Method::POST, &path)
            .header("authorization", bearer(token))
            .header("content-type", "application/json");
        Http::send(request.body(body.to_owned())).await
    };
    assert_invalid_token(&send("1.a.b", "x", "y", "{").await);
    assert_error(
        &send(&tokens.access, "x", "y", "{").await,
        400,
        "BAD_REQUEST",
    );
    let path = send(&tokens.access, &other, "y", "{").await;
    assert_error(&path, 400, "BAD_REQUEST");
    assert!(path.description().contains("lead"), "{}", path.text());
    assert_invalid_token(&send(&tokens.access, &other, "1", "{").await);
    let body = send(&tokens.access, &own, "1", "{").await;
    assert_error(&body, 400, "BAD_REQUEST");
    assert!(body.description().contains("JSON"), "{}", body.text());
    assert_error(
        &send(&tokens.access, &own, "1", r#"{"text":"x"}"#).await,
        404,
        "NOT_FOUND",
    );
}

/// Sends messages until one is refused; whether each was asked for after the disconnect had been answered.
async fn send_until_refused(
    partner: Partner,
    tokens: Tokens,
    lead: LeadIds,
    disconnected: Arc<AtomicBool>,
) {
    for _ in 0..10_000 {
        let late = disconnected.load(Ordering::SeqCst);
        let info = partner.info(&tokens.access).await;
        let message = partner.send_message(&tokens.access, &lead, "Hello").await;
        for reply in [info, message] {
            match reply.status {
                200 => assert!(
                    !late,
                    "a request succeeded after the disconnect was answered"
                ),
                _ => assert_invalid_token(&reply),
            }
        }
        if late {
            return;
        }
    }
    panic!("the disconnect was never answered");
}

async fn after_the_answer_to_a_disconnect_no_request_succeeds_on_any_instance(engine: Engine) {
    let world = world(engine).await;
    let (_other, url) = world.second_platform().await;
    let partner = world.partner("production");
    let lead = world.lead(FIRST).await;
    for _ in 0..3 {
        let tokens = world.connect(&partner, FIRST, "messages").await;
        let disconnected = Arc::new(AtomicBool::new(false));
        let mut senders = tokio::task::JoinSet::new();
        for number in 0..6 {
            let at = if number % 2 == 0 {
                partner.clone()
            } else {
                partner.at(&url)
            };
            senders.spawn(send_until_refused(
                at,
                tokens.clone(),
                lead.clone(),
                disconnected.clone(),
            ));
        }
        // Let them get going: each round trip of this one is as long as theirs.
        for _ in 0..10 {
            partner.info(&tokens.access).await.expect_status(200);
        }
        let at = partner.at(&url);
        at.disconnect(&lead.business_id).await.expect_status(200);
        let sent = world.replies(&lead).await.len();
        disconnected.store(true, Ordering::SeqCst);
        senders.join_all().await;
        assert_eq!(
            world.replies(&lead).await.len(),
            sent,
            "a message was stored afterwards"
        );
    }
}
