//! What OAuth client libraries were seen to send to a token endpoint, one test for each row of the table in `oauth.md`.

use data_encoding::BASE64;
use serde_json::json;
use testkit::partner::{Partner, REDIRECT, Tokens, exchange_parameters, form, parameter};
use testkit::world::Engine;
use testkit::{Http, Reply, World, raw};

use crate::support::{FIRST, assert_error, world};

on_both_databases![
    curl_posts_without_body_content_type_and_content_length,
    a_rails_crm_sends_an_empty_json_body,
    authlib_finds_a_string_error_at_the_top,
    requests_oauthlib_gets_no_scope_that_it_asked_for,
    openid_client_sends_credentials_in_the_body_and_a_slash_for_the_path,
    simple_oauth2_encodes_its_credentials_and_posts_json,
    passport_sends_credentials_twice_and_never_gets_null,
    go_tries_the_same_code_again_with_credentials_in_the_body,
    omniauth_sends_the_whole_callback_address,
    rust_gets_a_number_of_seconds,
    credentials_that_contradict_each_other_are_refused,
    basic_credentials_are_read_in_every_padding,
];

const SOURCE: &str = "/v2/tokens/access";
const RFC: &str = "/oauth2/token";
const FORM: &str = "application/x-www-form-urlencoded";

async fn start(engine: Engine) -> (World, Partner, String) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, FIRST, "messages").await;
    (world, partner, code)
}

/// A form body with these parameters, without Basic credentials.
async fn post_form(partner: &Partner, path: &str, parameters: &[(&str, &str)]) -> Reply {
    let request = partner.post(path).header("content-type", FORM);
    Http::send(request.body(form(parameters))).await
}

/// The parameters of the exchange, with the credentials among them.
fn with_credentials<'a>(partner: &'a Partner, code: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut parameters = exchange_parameters(code).to_vec();
    parameters.push(("client_id", &partner.client_id));
    parameters.push(("client_secret", &partner.client_secret));
    parameters
}

/// Basic credentials with every character percent-encoded, as a strict reader of RFC 6749 §2.3.1 may write them.
fn encoded_basic(partner: &Partner) -> String {
    let encode = |text: &str| {
        let encoded: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        encoded.concat()
    };
    let pair = format!(
        "{}:{}",
        encode(&partner.client_id),
        encode(&partner.client_secret)
    );
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

async fn curl_posts_without_body_content_type_and_content_length(engine: Engine) {
    let (world, partner, code) = start(engine).await;
    let query = form(&exchange_parameters(&code));
    for (path, expected) in [
        (format!("{SOURCE}?{query}"), 200),
        (format!("{SOURCE}?x=1"), 400),
    ] {
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {}\r\n\r\n",
            partner.basic()
        );
        let reply = raw::send(&world.platform_url, text.as_bytes()).await;
        assert_eq!(reply.status, expected, "{} {}", reply.head, reply.body);
    }
}

async fn a_rails_crm_sends_an_empty_json_body(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    let send = async |query: String| {
        let request = partner
            .post(&format!("{SOURCE}?{query}"))
            .header("authorization", partner.basic())
            .header("content-type", "application/json")
            .header("accept", "application/json");
        Http::send(request.body("")).await
    };
    let tokens = Tokens::of(&send(form(&exchange_parameters(&code))).await);
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}&token_type=REFRESH",
        tokens.refresh
    );
    Tokens::of(&send(refresh).await);
}

async fn authlib_finds_a_string_error_at_the_top(engine: Engine) {
    let (_world, partner, _code) = start(engine).await;
    let wrong = partner.with_secret("wrong");
    for path in [SOURCE, RFC] {
        for reply in [
            partner.ask(path, &[]).await,
            partner.ask(path, &exchange_parameters("x")).await,
            wrong.ask(path, &exchange_parameters("x")).await,
            partner.ask(path, &[("grant_type", "password")]).await,
            Http::send(partner.post(path)).await,
            Http::send(partner.post(path).body("not a form")).await,
        ] {
            let body = reply.json();
            assert!(reply.status >= 400 && body["error"].is_string(), "{body}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
        }
    }
}

async fn requests_oauthlib_gets_no_scope_that_it_asked_for(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    let mut parameters = with_credentials(&partner, &code);
    parameters.push(("scope", "messages"));
    let reply = post_form(&partner, RFC, &parameters)
        .await
        .expect_status(200);
    assert_eq!(reply.json().get("scope"), None);
}

async fn openid_client_sends_credentials_in_the_body_and_a_slash_for_the_path(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    let wrong = partner.with_secret("wrong");
    for path in [SOURCE, RFC] {
        let refused = post_form(&partner, path, &with_credentials(&wrong, &code)).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        // The header would hide the body from this client.
        assert_eq!(refused.header("www-authenticate"), None);
        assert_eq!(refused.error().to_ascii_lowercase(), "invalid_client");
    }
    let mut parameters = with_credentials(&partner, &code);
    parameters[2].1 = "http://redirect.localhost/";
    Tokens::of(&post_form(&partner, RFC, &parameters).await);
}

async fn simple_oauth2_encodes_its_credentials_and_posts_json(engine: Engine) {
    let (world, partner, code) = start(engine).await;
    let send = async |body: serde_json::Value| {
        let request = partner
            .post(SOURCE)
            .header("authorization", encoded_basic(&partner))
            .header("content-type", "application/json; charset=utf-8");
        Http::send(request.body(body.to_string())).await
    };
    let mut body = json!({
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "token_type": "AUTH_CODE",
    });
    Tokens::of(&send(body.clone()).await);
    body["code"] = world.code(&partner, FIRST, "messages").await.into();
    body["redirect_uri"] = json!(["x"]);
    let refused = send(body).await;
    assert_error(&refused, 400, "INVALID_REQUEST");
    assert!(refused.description().contains("redirect_uri"));
}

async fn passport_sends_credentials_twice_and_never_gets_null(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    let request = partner
        .post(RFC)
        .header("authorization", partner.basic())
        .header("content-type", FORM)
        .body(form(&with_credentials(&partner, &code)));
    let reply = Http::send(request).await;
    Tokens::of(&reply);
    assert!(reply.json().is_object());
}

async fn go_tries_the_same_code_again_with_credentials_in_the_body(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    // The first try fails: Basic credentials that are wrong.
    let first = partner
        .with_secret("wrong")
        .ask(RFC, &exchange_parameters(&code))
        .await;
    assert_error(&first, 401, "invalid_client");
    let second = post_form(&partner, RFC, &with_credentials(&partner, &code)).await;
    let tokens = Tokens::of(&second);
    // A second try after a success whose answer was lost is denied, and takes nothing away.
    let third = post_form(&partner, RFC, &with_credentials(&partner, &code)).await;
    assert_error(&third, 400, "invalid_grant");
    assert_eq!(partner.info(&tokens.access).await.status, 200);
}

async fn omniauth_sends_the_whole_callback_address(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let more = [("state", "s t+a&te")];
    let asked =
        testkit::partner::connect_parameters(&partner.client_id, "messages targeting", &more);
    let location = world.confirm(FIRST, &asked).await.expect("a redirect");
    let code = parameter(location.as_str(), "code").expect("a code");
    let mut parameters = with_credentials(&partner, &code);
    // One that carried another state was not sent for this code.
    let other = location.as_str().replace("state=s", "state=x");
    parameters[2].1 = &other;
    let refused = post_form(&partner, SOURCE, &parameters).await;
    assert_error(&refused, 400, "INVALID_GRANT");
    parameters[2].1 = location.as_str();
    Tokens::of(&post_form(&partner, SOURCE, &parameters).await);
}

async fn rust_gets_a_number_of_seconds(engine: Engine) {
    let (_world, partner, code) = start(engine).await;
    let request = partner
        .post(RFC)
        .header("authorization", encoded_basic(&partner))
        .header("content-type", FORM)
        .body(form(&exchange_parameters(&code)));
    let reply = Http::send(request).await.expect_status(200);
    assert_eq!(reply.json()["expires_in"].as_u64(), Some(3600));
    assert_eq!(reply.json()["token_type"], "bearer");
}

async fn credentials_that_contradict_each_other_are_refused(engine: Engine) {
    let (world, partner, code) = start(engine).await;
    let other = world.partner("production");
    for (id, secret) in [
        (other.client_id.as_str(), other.client_secret.as_str()),
        (&partner.client_id, &other.client_secret),
        (&other.client_id, &partner.client_secret),
    ] {
        let mut parameters = exchange_parameters(&code).to_vec();
        parameters.extend([("client_id", id), ("client_secret", secret)]);
        let request = partner
            .post(SOURCE)
            .header("authorization", partner.basic())
            .header("content-type", FORM)
            .body(form(&parameters));
        assert_error(&Http::send(request).await, 400, "INVALID_CLIENT");
    }
    Tokens::of(&partner.exchange(&code).await);
}

async fn basic_credentials_are_read_in_every_padding(engine: Engine) {
    let (world, partner, _code) = start(engine).await;
    let pair = format!("{}:{}", partner.client_id, partner.client_secret);
    for ending in ["", "\n"] {
        let encoded = BASE64.encode(format!("{pair}{ending}").as_bytes());
        let bare = encoded.trim_end_matches('=');
        for padding in ["", "=", "==", "==="] {
            let code = world.code(&partner, FIRST, "messages").await;
            let request = partner
                .post(&format!("{SOURCE}?{}", form(&exchange_parameters(&code))))
                .header("authorization", format!("basic {bare}{padding}"));
            let reply = Http::send(request).await;
            assert_eq!(reply.status, 200, "{ending:?} {padding}: {}", reply.text());
        }
    }
}
