//! The token endpoint refuses (protocol §2.2): every code of the source's table, in the source's style and in the RFC's.

use serde_json::json;
use testkit::Http;
use testkit::partner::{Partner, REDIRECT, Tokens, exchange_parameters};
use testkit::world::Engine;

use crate::support::{FIRST, OTHERS, SECOND, assert_error, world};

on_both_databases![
    each_missing_parameter_is_named,
    every_wrong_value_has_its_code,
    unknown_client_and_wrong_secret_cannot_be_told_apart,
    the_two_paths_answer_in_two_styles,
    a_parameter_with_two_values_is_refused,
    a_lenient_client_may_leave_token_type_out,
    a_client_that_is_unknown_to_the_profile_list_is_refused,
    asking_for_more_scopes_at_a_refresh_is_refused,
    the_metadata_lead_to_endpoints_that_work,
    errors_never_repeat_a_secret,
];

const SOURCE: &str = "/v2/tokens/access";
const RFC: &str = "/oauth2/token";

fn without<'a>(parameters: &[(&'a str, &'a str)], name: &str) -> Vec<(&'a str, &'a str)> {
    let kept = parameters.iter().filter(|(known, _)| *known != name);
    kept.copied().collect()
}

fn replaced<'a>(
    parameters: &[(&'a str, &'a str)],
    name: &str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let change =
        |&(known, old): &(&'a str, &'a str)| (known, if known == name { value } else { old });
    parameters.iter().map(change).collect()
}

fn refresh_parameters(token: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("token_type", "REFRESH"),
    ]
}

async fn each_missing_parameter_is_named(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let tokens = world.connect(&partner, SECOND, "messages").await;
    let exchange = exchange_parameters(&code);
    let refresh = refresh_parameters(&tokens.refresh);
    for parameters in [exchange.as_slice(), refresh.as_slice()] {
        for (name, _) in parameters {
            for sent in [without(parameters, name), replaced(parameters, name, "")] {
                let reply = partner.tokens(&sent).await;
                assert_error(&reply, 400, "INVALID_REQUEST");
                let description = reply.description();
                assert!(description.contains(name), "{name}: {description}");
            }
        }
    }
    // None of that used the code or the token up.
    Tokens::of(&partner.exchange(&code).await);
    Tokens::of(&partner.refresh(&tokens.refresh).await);
}

async fn every_wrong_value_has_its_code(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let exchange = exchange_parameters(&code);
    let refresh = refresh_parameters("AAECAwQFBgcICQoLDA0ODw");
    for (parameters, name, value, error) in [
        (
            exchange.as_slice(),
            "grant_type",
            "password",
            "UNSUPPORTED_GRANT_TYPE",
        ),
        (
            &exchange,
            "grant_type",
            "client_credentials",
            "UNSUPPORTED_GRANT_TYPE",
        ),
        (
            &exchange,
            "grant_type",
            "AUTHORIZATION_CODE",
            "UNSUPPORTED_GRANT_TYPE",
        ),
        (&exchange, "token_type", "REFRESH", "INVALID_REQUEST"),
        (&exchange, "token_type", "bearer", "INVALID_REQUEST"),
        (&exchange, "code", "AAECAwQFBgcICQoLDA0ODw", "INVALID_GRANT"),
        (&exchange, "code", "x", "INVALID_GRANT"),
        (&exchange, "code", "\u{0}\u{1F600}", "INVALID_GRANT"),
        (
            &exchange,
            "redirect_uri",
            "https://evil.example",
            "INVALID_GRANT",
        ),
        (&refresh, "token_type", "AUTH_CODE", "INVALID_REQUEST"),
        (
            &refresh,
            "refresh_token",
            "AAECAwQFBgcICQoLDA0ODw",
            "INVALID_GRANT",
        ),
        (&refresh, "refresh_token", "\u{0}", "INVALID_GRANT"),
        (&refresh, "refresh_token", code.as_str(), "INVALID_GRANT"),
    ] {
        let reply = partner.tokens(&replaced(parameters, name, value)).await;
        assert_error(&reply, 400, error);
        assert_eq!(reply.header("www-authenticate"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

async fn unknown_client_and_wrong_secret_cannot_be_told_apart(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let secret = partner.client_secret.clone();
    let unknown = Partner::new(world.http.clone(), &world.platform_url, "nobody", &secret);
    let mut bodies = Vec::new();
    for stranger in [
        &unknown,
        &partner.with_secret("wrong"),
        &partner.with_secret(""),
    ] {
        let reply = stranger.exchange(&code).await;
        assert_error(&reply, 400, "INVALID_CLIENT");
        let mut body = reply.json();
        body["request_id"] = json!(null);
        bodies.push(body);
    }
    let nothing = partner.post(&format!(
        "{SOURCE}?grant_type=authorization_code&code={code}"
    ));
    assert_error(&Http::send(nothing).await, 400, "INVALID_CLIENT");
    assert!(
        bodies.windows(2).all(|pair| pair[0] == pair[1]),
        "{bodies:?}"
    );
    // A failed authentication never touches the code.
    Tokens::of(&partner.exchange(&code).await);
}

async fn the_two_paths_answer_in_two_styles(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let wrong = partner.with_secret("wrong");
    let parameters = exchange_parameters("AAECAwQFBgcICQoLDA0ODw");

    let source = wrong.ask(SOURCE, &parameters).await;
    assert_error(&source, 400, "INVALID_CLIENT");
    assert_eq!(source.header("www-authenticate"), None);
    let rfc = wrong.ask(RFC, &parameters).await;
    assert_error(&rfc, 401, "invalid_client");
    let challenge = rfc.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Basic "), "{challenge}");

    let source = partner.ask(SOURCE, &parameters).await;
    assert_error(&source, 400, "INVALID_GRANT");
    let rfc = partner.ask(RFC, &parameters).await;
    assert_error(&rfc, 400, "invalid_grant");
    for reply in [source, rfc] {
        assert_eq!(reply.json()["error_code"], "INVALID_GRANT");
    }

    let code = world.code(&partner, FIRST, "messages").await;
    let without_type = without(&exchange_parameters(&code), "token_type");
    Tokens::of(&partner.ask(RFC, &without_type).await);
}

async fn a_parameter_with_two_values_is_refused(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    let mut twice = exchange_parameters(&code).to_vec();
    twice.push(("code", "AAECAwQFBgcICQoLDA0ODw"));
    let reply = partner.tokens(&twice).await;
    assert_error(&reply, 400, "INVALID_REQUEST");
    assert!(reply.description().contains("code"));
    // In the query and in the body.
    let query = testkit::partner::form(&exchange_parameters(&code));
    let request = partner
        .post(&format!("{SOURCE}?{query}"))
        .header("authorization", partner.basic())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("redirect_uri=https%3A%2F%2Fevil.example");
    assert_error(&Http::send(request).await, 400, "INVALID_REQUEST");
    // The same value twice is one.
    let same = [exchange_parameters(&code), exchange_parameters(&code)].concat();
    Tokens::of(&partner.tokens(&same).await);
}

async fn a_lenient_client_may_leave_token_type_out(engine: Engine) {
    let world = world(engine).await;
    for (profile, status) in [("lenient", 200), ("strict", 400)] {
        let more = json!({"profile": profile});
        let partner = world.register("test", &["messages"], more).await;
        let code = world.code(&partner, FIRST, "messages").await;
        let sent = without(&exchange_parameters(&code), "token_type");
        let reply = partner.tokens(&sent).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        if status == 200 {
            let refresh = Tokens::of(&reply).refresh;
            let sent = without(&refresh_parameters(&refresh), "token_type");
            Tokens::of(&partner.tokens(&sent).await);
            let wrong = replaced(&refresh_parameters(&refresh), "token_type", "AUTH_CODE");
            assert_error(&partner.tokens(&wrong).await, 400, "INVALID_REQUEST");
        } else {
            assert!(reply.description().contains("token_type"));
        }
    }
}

async fn a_client_that_is_unknown_to_the_profile_list_is_refused(engine: Engine) {
    let world = world(engine).await;
    let body = json!({
        "partner_id": world.partner_id().await,
        "kind": "test",
        "redirect_uris": [REDIRECT],
        "scopes": ["messages"],
        "profile": "sloppy",
    });
    let reply = world.operator().post("/operator/v1/clients", &body).await;
    assert_error(&reply, 400, "BAD_REQUEST");
    assert!(reply.description().contains("/profile"));
}

async fn asking_for_more_scopes_at_a_refresh_is_refused(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let asked = |scope: &'static str| {
        let mut parameters = refresh_parameters(&tokens.refresh).to_vec();
        parameters.push(("scope", scope));
        parameters
    };
    assert_error(
        &partner.ask(SOURCE, &asked("messages targeting")).await,
        400,
        "INSUFFICIENT_SCOPE",
    );
    assert_error(
        &partner.ask(RFC, &asked("messages targeting")).await,
        400,
        "invalid_scope",
    );
    let same = partner
        .tokens(&asked("messages"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(same.get("scope"), None, "some clients warn about it");
}

async fn the_metadata_lead_to_endpoints_that_work(engine: Engine) {
    let world = world(engine).await;
    let url = format!(
        "{}/.well-known/oauth-authorization-server",
        world.platform_url
    );
    let metadata = world.http.get(&url).await.expect_status(200).json();
    assert_eq!(metadata["issuer"], world.platform_url.as_str());
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        true
    );
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        json!(["S256"])
    );
    let path = |name: &str| {
        let url = metadata[name].as_str().unwrap_or_default().to_owned();
        url.strip_prefix(&world.platform_url)
            .expect("an address of ours")
            .to_owned()
    };
    let partner = world.partner("test");
    let code = world.code(&partner, OTHERS, "messages").await;
    let exchange = exchange_parameters(&code);
    let tokens = Tokens::of(&partner.ask(&path("token_endpoint"), &exchange).await);
    let token = [("token", tokens.access.as_str())];
    let introspection = partner.ask(&path("introspection_endpoint"), &token).await;
    assert_eq!(introspection.expect_status(200).json()["active"], true);
    let revoked = partner.ask(&path("revocation_endpoint"), &token).await;
    revoked.expect_status(200);
    let page = format!("{}?client_id=nobody", path("authorization_endpoint"));
    let page = world
        .http
        .get(&format!("{}{page}", world.platform_url))
        .await;
    assert_eq!(page.status, 400);
}

async fn errors_never_repeat_a_secret(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let marked = "marked-secret-0123456789";
    let replies = [
        partner.exchange(marked).await,
        partner.refresh(marked).await,
        partner.with_secret(marked).refresh(marked).await,
        partner.tokens(&[("grant_type", marked)]).await,
        partner
            .tokens(&replaced(
                &exchange_parameters(marked),
                "redirect_uri",
                marked,
            ))
            .await,
        partner.tokens(&[("code", marked), ("code", "other")]).await,
        partner.info(marked).await,
    ];
    for reply in replies {
        assert!((400..402).contains(&reply.status), "{}", reply.status);
        assert!(!reply.text().contains(marked), "{}", reply.text());
        assert!(!format!("{:?}", reply.headers).contains(marked));
    }
}
