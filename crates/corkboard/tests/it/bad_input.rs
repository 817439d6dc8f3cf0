//! Bodies that no endpoint of the platform may choke on (protocol §1): each JSON endpoint with each of them. Always a D2
//! error body, never 500.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Http, Reply};

use crate::json_endpoints::{Endpoint, endpoints};
use crate::support::{assert_error, request, send_json, world};

on_both_databases![
    every_endpoint_takes_its_body_with_unknown_members_and_any_charset,
    a_body_that_is_too_large_is_413,
    a_body_that_is_no_json_object_is_refused,
    a_body_needs_its_content_type,
    compressed_bodies_are_not_read,
    members_of_wrong_types_are_named,
    token_endpoints_read_bad_bodies_without_harm,
];

#[track_caller]
fn assert_refused(reply: &Reply, endpoint: &Endpoint, word: &str) {
    assert_eq!(reply.status, 400, "{}: {}", endpoint.path, reply.text());
    assert_error(reply, 400, "BAD_REQUEST");
    let description = reply.description();
    assert!(
        description.contains(word),
        "{}: {word} in {description}",
        endpoint.path
    );
}

async fn every_endpoint_takes_its_body_with_unknown_members_and_any_charset(engine: Engine) {
    let world = world(engine).await;
    for endpoint in endpoints(&world).await {
        let mut body = endpoint.body.clone();
        body["unknown"] = json!({"deep": [1, 2.5, null, "x", 1e30, u64::MAX]});
        let request = endpoint
            .request(&world)
            .header("content-type", "Application/JSON ; charset=\"utf-8\"");
        let reply = Http::send(request.body(body.to_string())).await;
        assert_eq!(
            reply.status,
            endpoint.status,
            "{}: {}",
            endpoint.path,
            reply.text()
        );
        assert!(reply.header("x-request-id").is_some());
    }
}

async fn a_body_that_is_too_large_is_413(engine: Engine) {
    let world = world(engine).await;
    let large = format!("{{\"text\": \"{}\"}}", "a".repeat(2_000_000));
    for endpoint in endpoints(&world).await {
        let reply = send_json(endpoint.request(&world), large.clone()).await;
        assert_eq!(reply.status, 413, "{}", endpoint.path);
        assert_error(&reply, 413, "PAYLOAD_TOO_LARGE");
    }
}

async fn a_body_that_is_no_json_object_is_refused(engine: Engine) {
    let world = world(engine).await;
    let deep = format!("{{\"text\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: Vec<(Vec<u8>, &str)> = vec![
        (deep.into_bytes(), "nested"),
        ("[".repeat(500_000).into_bytes(), "nested"),
        (b"{\"text\": \"\xff\xfe\"}".to_vec(), "UTF-8"),
        (b"\xef\xbb\xbf{}".to_vec(), "JSON"),
        (b"[]".to_vec(), "object"),
        (b"\"text\"".to_vec(), "object"),
        (b"null".to_vec(), "object"),
        (b"12".to_vec(), "object"),
        (b"   ".to_vec(), "empty"),
        (b"{".to_vec(), "JSON"),
        (b"{\"text\": \"x\",}".to_vec(), "JSON"),
        (b"{'text': 'x'}".to_vec(), "JSON"),
        (b"{\"text\": NaN}".to_vec(), "JSON"),
        (b"{\"text\": 1e400}".to_vec(), "JSON"),
        (b"{\"text\": \"\\ud800\"}".to_vec(), "JSON"),
        (b"{\"text\": \"a\nb\"}".to_vec(), "JSON"),
        (b"{} {}".to_vec(), "JSON"),
        (b"text=Hello".to_vec(), "JSON"),
        (b"{\"text\": \"a\", \"text\": \"b\"}".to_vec(), "twice"),
        (
            b"{\"x\": [{\"enabled\": 1, \"enabled\": 1}]}".to_vec(),
            "enabled",
        ),
    ];
    for endpoint in endpoints(&world).await {
        for (body, word) in &bodies {
            let reply = send_json(endpoint.request(&world), body.clone()).await;
            assert_refused(&reply, &endpoint, word);
        }
        if !endpoint.required.is_empty() {
            let empty = send_json(endpoint.request(&world), "").await;
            assert_refused(&empty, &endpoint, "empty");
        }
    }
}

async fn a_body_needs_its_content_type(engine: Engine) {
    let world = world(engine).await;
    for endpoint in endpoints(&world).await {
        let body = endpoint.body.to_string();
        let none = Http::send(endpoint.request(&world).body(body.clone())).await;
        assert_refused(&none, &endpoint, "Content-Type");
        for wrong in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/jsonp",
            "application/problem+json",
            "",
        ] {
            let request = endpoint.request(&world).header("content-type", wrong);
            let reply = Http::send(request.body(body.clone())).await;
            assert_refused(&reply, &endpoint, "Content-Type");
        }
    }
}

async fn compressed_bodies_are_not_read(engine: Engine) {
    let world = world(engine).await;
    for endpoint in endpoints(&world).await {
        for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
            let request = endpoint
                .request(&world)
                .header("content-encoding", encoding);
            let reply = send_json(request, endpoint.body.to_string()).await;
            assert_refused(&reply, &endpoint, "Content-Encoding");
        }
    }
}

async fn members_of_wrong_types_are_named(engine: Engine) {
    let world = world(engine).await;
    let wrong: Vec<Value> = vec![
        json!(null),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        serde_json::from_str("99999999999999999999999999").expect("a large number"),
        json!([[]]),
        json!({"a": 1}),
        json!("\u{0}"),
        json!(""),
    ];
    for endpoint in endpoints(&world).await {
        for member in endpoint.required {
            let mut missing = endpoint.body.clone();
            missing.as_object_mut().expect("an object").remove(*member);
            let reply = send_json(endpoint.request(&world), missing.to_string()).await;
            assert_refused(&reply, &endpoint, &format!("/{member}"));
            for value in &wrong {
                // A password is kept as its hash only, so it may hold anything.
                if *member == "password" && *value == "\u{0}" {
                    continue;
                }
                let mut body = endpoint.body.clone();
                body[*member] = value.clone();
                let reply = send_json(endpoint.request(&world), body.to_string()).await;
                assert_refused(&reply, &endpoint, &format!("/{member}"));
            }
        }
    }
}

async fn token_endpoints_read_bad_bodies_without_harm(engine: Engine) {
    let world = world(engine).await;
    let basic = world.partner("test").basic();
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for path in [
        "/v2/tokens/access",
        "/oauth2/token",
        "/v2/tokens/revoke",
        "/oauth2/revoke",
        "/v2/tokens/introspect",
        "/oauth2/introspect",
        "/v2/disconnect-partner",
    ] {
        let send = async |kind: &str, body: Vec<u8>| {
            let request = request(&world, Method::POST, path)
                .header("authorization", &basic)
                .header("content-type", kind);
            Http::send(request.body(body)).await
        };
        for (kind, body) in [
            (json, deep.clone().into_bytes()),
            (json, b"{".to_vec()),
            (json, b"[]".to_vec()),
            (json, b"{\"token\": \"\xff\"}".to_vec()),
            (json, b"{\"token\": {\"a\": 1}}".to_vec()),
            (json, b"{\"grant_type\": 1e400}".to_vec()),
            (
                json,
                b"{\"grant_type\": \"a\", \"grant_type\": \"b\"}".to_vec(),
            ),
            (json, b"{\"business_pk\": 99999999999999999999}".to_vec()),
            (form, b"%".to_vec()),
            (form, b"a=%ff%fe&=&&&grant_type=".to_vec()),
            (form, b"grant_type=a&grant_type=b".to_vec()),
            ("text/plain", b"grant_type=refresh_token".to_vec()),
        ] {
            let reply = send(kind, body).await;
            let code = reply.error().to_ascii_lowercase();
            assert_eq!(
                (reply.status, code.as_str()),
                (400, "invalid_request"),
                "{path}"
            );
            assert_error(&reply, 400, &reply.error());
        }
        let large = send(form, vec![b'a'; 2_000_000]).await;
        assert_eq!(large.status, 413, "{path}");
        assert_error(&large, 413, &large.error());
    }
}
