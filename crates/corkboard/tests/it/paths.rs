//! Unknown paths, wrong methods and odd requests (protocol §1, D2): told apart by their status, always in the one shape.

use reqwest::Method;
use testkit::world::{Engine, OPERATOR_KEY};
use testkit::{Http, raw};

use crate::support::{assert_error, request, world};

on_both_databases![
    an_unknown_path_is_not_found,
    a_wrong_method_is_told_the_right_ones,
    requests_that_are_no_http_are_refused_and_the_rest_goes_on,
    a_request_id_is_always_there_and_never_the_callers,
];

async fn an_unknown_path_is_not_found(engine: Engine) {
    let world = world(engine).await;
    for path in [
        "/v2",
        "/v2/tokens/access/",
        "/v3/tokens/access",
        "/v2/business/1/lead/2/message/3",
        "/v4/accounts/~/services/1/preferences/targeting",
        "/operator/v1/nothing",
        "/.well-known/openid-configuration",
        "/%2e%2e/etc/passwd",
        "/v2/get-thumbtack-info%00",
    ] {
        for method in [Method::GET, Method::POST, Method::PATCH] {
            let reply = Http::send(request(&world, method, path)).await;
            assert_error(&reply, 404, "NOT_FOUND");
        }
    }
}

async fn a_wrong_method_is_told_the_right_ones(engine: Engine) {
    let world = world(engine).await;
    let table = [
        ("/v2/tokens/access", "POST"),
        ("/oauth2/token", "POST"),
        ("/v2/tokens/revoke", "POST"),
        ("/v2/tokens/introspect", "POST"),
        ("/v2/get-thumbtack-info", "GET,HEAD"),
        ("/v2/disconnect-partner", "POST"),
        ("/v2/business/1/lead/2/message", "POST"),
        ("/v1/business/1/lead/2/message", "POST"),
        ("/v3/accounts/~/services/1/preferences/targeting", "PATCH"),
        (
            "/v3/accounts/~/services/1/categories/2/preferences/targeting",
            "PATCH",
        ),
        ("/v1/test/create-lead", "POST"),
        ("/.well-known/oauth-authorization-server", "GET,HEAD"),
        ("/operator/v1/partners", "GET,HEAD,POST"),
        ("/operator/v1/deliveries", "GET,HEAD"),
        ("/operator/v1/deliveries/1", "GET,HEAD"),
        ("/operator/v1/deliveries/1/body", "GET,HEAD"),
        ("/operator/v1/deliveries/1/retry", "POST"),
        ("/operator/v1/deliveries/1/cancel", "POST"),
        ("/operator/v1/partners/1/health", "GET,HEAD"),
        ("/operator/v1/partners/1/pause", "POST"),
        ("/operator/v1/partners/1/resume", "POST"),
        ("/operator/v1/partners/1/cancel-deliveries", "POST"),
        ("/operator/v1/partners/1/replay", "POST"),
        ("/operator/v1/replays", "GET,HEAD"),
        ("/operator/v1/replays/1", "GET,HEAD"),
        ("/operator/v1/replays/1/cancel", "POST"),
        ("/v1/deliveries", "GET,HEAD"),
        ("/v1/deliveries/1", "GET,HEAD"),
        ("/v1/endpoint", "GET,HEAD"),
    ];
    let wrong = [
        Method::DELETE,
        Method::PUT,
        Method::GET,
        Method::POST,
        Method::OPTIONS,
    ];
    for (path, allowed) in table {
        for method in wrong
            .iter()
            .filter(|method| !allowed.contains(method.as_str()))
        {
            let request = request(&world, method.clone(), path)
                .header("authorization", format!("Bearer {OPERATOR_KEY}"));
            let reply = Http::send(request).await;
            assert_error(&reply, 405, "METHOD_NOT_ALLOWED");
            let told = reply.header("allow").unwrap_or_default().replace(' ', "");
            let mut told: Vec<&str> = told.split(',').collect();
            told.sort_unstable();
            assert_eq!(told.join(","), allowed, "{method} {path}");
        }
    }
}

async fn requests_that_are_no_http_are_refused_and_the_rest_goes_on(engine: Engine) {
    let world = world(engine).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000));
    let many: Vec<String> = (0..1_000)
        .map(|number| format!("X-{number}: x\r\n"))
        .collect();
    let many = many.concat();
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    let twice = "POST /v2/tokens/access HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd";
    for (name, text) in [
        ("nonsense", "nonsense\r\n\r\n"),
        ("long", &long),
        ("many", &many),
        ("twice", twice),
        (
            "chunk",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ),
    ] {
        let reply = raw::send(&world.platform_url, text.as_bytes()).await;
        assert!(
            reply.status == 0 || (400..500).contains(&reply.status),
            "{name}: {}",
            reply.head
        );
    }
    let after = world
        .http
        .get(&format!("{}/healthz", world.platform_url))
        .await;
    assert_eq!(after.status, 200);
}

async fn a_request_id_is_always_there_and_never_the_callers(engine: Engine) {
    let world = world(engine).await;
    let mut seen = Vec::new();
    for path in [
        "/",
        "/nothing",
        "/v2/get-thumbtack-info",
        "/healthz",
        "/services",
    ] {
        let request = request(&world, Method::GET, path).header("x-request-id", "forged");
        let reply = Http::send(request).await;
        let id = reply
            .header("x-request-id")
            .expect("every answer has an id")
            .to_owned();
        assert_ne!(id, "forged");
        assert!(!seen.contains(&id));
        seen.push(id);
    }
}
