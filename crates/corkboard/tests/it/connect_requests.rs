//! The connect page judges a partner's link (protocol §2.1): what is an error page without a redirect, what is told to the
//! client by a redirect, and which ways of writing a request mean the same.

use serde_json::json;
use testkit::partner::{REDIRECT, connect_parameters, form, parameter};
use testkit::world::Engine;
use testkit::{Reply, World};

use crate::support::world;

on_both_databases![
    a_wrong_client_is_an_error_page_and_no_redirect,
    no_hostile_redirect_uri_gets_a_redirect,
    every_other_fault_is_told_to_the_client,
    a_fault_of_a_request_without_redirect_uri_is_an_error_page,
    only_the_rfc_path_names_the_issuer,
    a_scope_that_the_client_was_not_given_is_refused,
    several_scopes_may_be_written_in_four_ways,
    the_link_works_with_and_without_the_last_slash,
];

const SOURCE_PATH: &str = "/services/partner-connect/";
const RFC_PATH: &str = "/oauth2/auth";

async fn open(world: &World, path: &str, query: &str) -> Reply {
    world
        .http
        .get(&format!("{}{path}?{query}", world.platform_url))
        .await
}

#[track_caller]
fn assert_error_page(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 400, "{what}: {}", reply.text());
    assert_eq!(reply.header("location"), None, "{what}");
    let kind = reply.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{what}: {kind}");
}

async fn a_wrong_client_is_an_error_page_and_no_redirect(engine: Engine) {
    let world = world(engine).await;
    let id = world.partner("test").client_id;
    let rest = "redirect_uri=http://redirect.localhost&response_type=code&scope=messages&state=s";
    let long = "a".repeat(10_000);
    for path in [SOURCE_PATH, RFC_PATH] {
        for client in [
            String::new(),
            "client_id=".to_owned(),
            "client_id=nobody".to_owned(),
            "client_id=THUMBTACK%20INTERNAL".to_owned(),
            format!("client_id={id}&client_id=other"),
            format!("client_id={id}%00"),
            format!("client_id={id}%0d%0aLocation:%20https://evil.example"),
            format!("client_id={long}"),
            "client_id=%FF%FE".to_owned(),
        ] {
            let reply = open(&world, path, &format!("{client}&{rest}")).await;
            assert_error_page(&reply, &client);
            assert!(!reply.text().contains("redirect.localhost"));
        }
    }
}

/// Variations on the registered `http://127.0.0.1:8999/callback` and `http://redirect.localhost`.
fn hostile_redirects() -> Vec<String> {
    let mut uris: Vec<String> = [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "http:/\\evil.example",
        "http://redirect.localhost@evil.example",
        "http://redirect.localhost:80@evil.example/",
        "http://evil.example\\@redirect.localhost",
        "http://redirect.localhost.evil.example",
        "http://evilredirect.localhost",
        "http://redirect.localhost:8080",
        "http://redirect.localhost:80",
        "http://redirect.localhost.",
        "http://redirect.localhost/",
        "http://redirect.localhost//",
        "http://redirect.localhost/other",
        "http://redirect.localhost?x=1",
        "http://redirect.localhost#fragment",
        "http://redirect.localhost%00",
        "http://redirect.localhost%2eevil.example",
        "http://REDIRECT.localhost",
        "HTTP://redirect.localhost",
        "https://redirect.localhost",
        " http://redirect.localhost",
        "http://redirect.localhost ",
        "\thttp://redirect.localhost",
        "http://redirect.localhost\r\nLocation: https://evil.example",
        "http://127.0.0.1:8999/callback/",
        "http://127.0.0.1:8999/callback/../evil",
        "http://127.0.0.1:8999/%63allback",
        "http://127.0.0.1:8999/callback?next=https://evil.example",
        "http://127.0.0.1:8999/Callback",
        "http://127.1:8999/callback",
        "http://localhost:8999/callback",
        "http://user:password@127.0.0.1:8999/callback",
        "javascript:alert(document.domain)",
        "data:text/html,x",
        "http://ⓡedirect.localhost",
        "callback",
    ]
    .map(str::to_owned)
    .into();
    uris.push(format!("http://redirect.localhost/{}", "a".repeat(12_000)));
    uris
}

async fn no_hostile_redirect_uri_gets_a_redirect(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let client = world.partner("test").client_id;
    let sound = form(&connect_parameters(&client, "messages", &[]));
    let sound = format!("{SOURCE_PATH}?{sound}");
    pro.open_logged_in(&sound).await.expect_status(200);
    for uri in hostile_redirects() {
        // With a second fault, which would otherwise be told by a redirect.
        for response_type in ["code", "token"] {
            let query = form(&[
                ("client_id", &client),
                ("redirect_uri", &uri),
                ("response_type", response_type),
                ("scope", "messages"),
            ]);
            for path in [SOURCE_PATH, RFC_PATH] {
                assert_error_page(&open(&world, path, &query).await, &uri);
            }
            let page = pro.open(&format!("{SOURCE_PATH}?{query}")).await;
            assert_error_page(&page, &uri);
            assert!(!page.text().contains("evil.example"), "{uri}");
        }
    }
    let twice = format!(
        "client_id={client}&redirect_uri={REDIRECT}&redirect_uri=https://evil.example&response_type=code&scope=messages"
    );
    assert_error_page(&open(&world, SOURCE_PATH, &twice).await, &twice);
}

async fn every_other_fault_is_told_to_the_client(engine: Engine) {
    let world = world(engine).await;
    let client = world.partner("test").client_id;
    let faults = [
        ("scope=messages", "invalid_request"),
        (
            "response_type=token&scope=messages",
            "unsupported_response_type",
        ),
        ("response_type=code", "invalid_scope"),
        ("response_type=code&scope=", "invalid_scope"),
        (
            "response_type=code&scope=messages%20everything",
            "invalid_scope",
        ),
        ("response_type=code&scope=Messages", "invalid_scope"),
        (
            "response_type=code&response_type=token&scope=messages",
            "invalid_request",
        ),
        (
            "response_type=code&scope=messages&code_challenge=x&code_challenge_method=plain",
            "invalid_request",
        ),
        (
            "response_type=code&scope=messages&code_challenge_method=S256",
            "invalid_request",
        ),
        (
            "response_type=code&scope=messages&code_challenge=short&code_challenge_method=S256",
            "invalid_request",
        ),
    ];
    for (query, error) in faults {
        let query = format!("client_id={client}&redirect_uri={REDIRECT}&state=a%26b%20c&{query}");
        let reply = open(&world, SOURCE_PATH, &query).await;
        assert_eq!(reply.status, 303, "{query}: {}", reply.text());
        let location = reply.header("location").expect("a redirect");
        assert!(
            location.starts_with("http://redirect.localhost/?error="),
            "{location}"
        );
        assert_eq!(
            parameter(location, "error").as_deref(),
            Some(error),
            "{query}"
        );
        assert_eq!(parameter(location, "state").as_deref(), Some("a&b c"));
        let description = parameter(location, "error_description");
        assert!(
            description.is_some_and(|words| !words.is_empty()),
            "{location}"
        );
        assert_eq!(parameter(location, "iss"), None);
        assert_eq!(parameter(location, "code"), None);
    }
}

async fn a_fault_of_a_request_without_redirect_uri_is_an_error_page(engine: Engine) {
    let world = world(engine).await;
    let client = world.partner("test").client_id;
    for rest in [
        "",
        "&response_type=token&scope=messages",
        "&response_type=code&scope=everything",
    ] {
        let query = format!("client_id={client}{rest}");
        assert_error_page(&open(&world, SOURCE_PATH, &query).await, rest);
    }
}

async fn only_the_rfc_path_names_the_issuer(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let business = world.business(0, 0);
    let client = world.partner("test").client_id;
    let query = form(&connect_parameters(
        &client,
        "messages",
        &[("state", "xyz")],
    ));
    let issuer = world.platform_url.clone();
    for (path, expected) in [(SOURCE_PATH, None), (RFC_PATH, Some(issuer))] {
        let wrong = query.replace("response_type=code", "response_type=x");
        let refused = open(&world, path, &wrong).await.expect_status(303);
        let page = pro.open_logged_in(&format!("{path}?{query}")).await;
        let confirmed = pro
            .submit(&page, "business_id", &[("business_id", &business)])
            .await;
        let page = pro.open(&format!("{path}?{query}")).await;
        let declined = pro.submit(&page, "decline", &[("decline", "yes")]).await;
        for reply in [refused, confirmed, declined] {
            let location = reply.header("location").expect("a redirect");
            assert_eq!(parameter(location, "iss"), expected, "{location}");
            assert_eq!(parameter(location, "state").as_deref(), Some("xyz"));
        }
    }
}

async fn a_scope_that_the_client_was_not_given_is_refused(engine: Engine) {
    let world = world(engine).await;
    let partner = world.register("test", &["messages"], json!({})).await;
    let query = form(&connect_parameters(
        &partner.client_id,
        "messages targeting",
        &[],
    ));
    let reply = open(&world, SOURCE_PATH, &query).await.expect_status(303);
    let location = reply.header("location").expect("a redirect");
    assert_eq!(
        parameter(location, "error").as_deref(),
        Some("invalid_scope")
    );
    let description = parameter(location, "error_description").unwrap();
    assert!(description.contains("targeting"), "{description}");
}

async fn several_scopes_may_be_written_in_four_ways(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let business = world.business(0, 0);
    let partner = world.partner("test");
    for scope in [
        "scope=targeting%20messages",
        "scope=targeting+messages",
        "scope=targeting%2Bmessages",
        "scope=targeting,messages",
        "scope=targeting&scope=messages",
    ] {
        let path = format!(
            "{SOURCE_PATH}?client_id={}&redirect_uri={REDIRECT}&response_type=code&{scope}",
            partner.client_id
        );
        let page = pro.open_logged_in(&path).await.expect_status(200);
        let sent = pro
            .submit(&page, "business_id", &[("business_id", &business)])
            .await;
        let location = sent.header("location").expect("a redirect").to_owned();
        assert_eq!(
            parameter(&location, "scope").as_deref(),
            Some("targeting messages")
        );
        let code = parameter(&location, "code").expect("a code");
        let tokens = testkit::partner::Tokens::of(&partner.exchange(&code).await);
        let info = partner.info(&tokens.access).await.json();
        assert_eq!(info["scope"], json!(["targeting", "messages"]), "{scope}");
    }
}

async fn the_link_works_with_and_without_the_last_slash(engine: Engine) {
    let world = world(engine).await;
    let client = world.partner("test").client_id;
    let query = form(&connect_parameters(&client, "messages", &[]));
    for path in [SOURCE_PATH, "/services/partner-connect", RFC_PATH] {
        let reply = open(&world, path, &query).await.expect_status(200);
        assert!(reply.text().contains("name=\"password\""), "{path}");
    }
}
