//! The ways in which real clients send parameters (protocol §1).

use axum::Router;
use axum::routing::post;
use web::error::{ApiError, ErrorStyle};
use web::parameters::Parameters;

use crate::kit::{Ask, Server};

const JSON: &[&str] = &["Content-Type: application/json"];
const FORM: &[&str] = &["Content-Type: application/x-www-form-urlencoded"];

/// Path, headers, body, answer.
type Case = (
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    &'static str,
);

async fn server() -> Server {
    async fn show(parameters: Result<Parameters, ApiError>) -> Result<String, ApiError> {
        let parameters = parameters?;
        let code = parameters.required("code")?;
        let state = parameters.get("state").unwrap_or("-");
        Ok(format!("{code} {state}"))
    }
    async fn show_for_token(parameters: Result<Parameters, ApiError>) -> Result<String, ApiError> {
        show(parameters)
            .await
            .map_err(|error| error.in_style(ErrorStyle::RfcToken))
    }
    let routes = Router::new()
        .route("/token", post(show))
        .route("/oauth2/token", post(show_for_token));
    Server::start(routes).await
}

#[tokio::test]
async fn parameters_come_from_query_form_or_json() {
    let server = server().await;
    let cases: [Case; 11] = [
        // curl, as in the source: no body, no Content-Type, no Content-Length.
        ("/token?code=a%2Bb&state=s", &[], None, "a+b s"),
        // A CRM in production: JSON announced, nothing sent.
        ("/token?code=a", JSON, Some(""), "a -"),
        (
            "/token?code=a",
            &["Content-Type: text/xml"],
            Some(""),
            "a -",
        ),
        ("/token", FORM, Some("code=a&state=x+y"), "a x y"),
        (
            "/token",
            &["Content-Type: application/x-www-form-urlencoded; charset=UTF-8"],
            Some("code=a"),
            "a -",
        ),
        ("/token", JSON, Some(r#"{"code":"a","state":5}"#), "a 5"),
        ("/token", JSON, Some(r#"{"code":"a","state":null}"#), "a -"),
        ("/token?code=a", FORM, Some("state=s"), "a s"),
        ("/token?code=a", FORM, Some("code=a"), "a -"),
        ("/token?code=a&code=a&state=", &[], None, "a -"),
        ("/token?code=&code=a", &[], None, "a -"),
    ];
    for (path, headers, body, expected) in cases {
        let mut ask = Ask::new("POST", path).headers(headers);
        if let Some(body) = body {
            ask = ask.body(body);
        }
        let answer = server.ask(ask).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, expected),
            "{path} {body:?}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_invalid_request_and_names_the_parameter() {
    let server = server().await;
    let cases: [(&str, &[&str], &str, &str); 9] = [
        ("/token?code=one&code=two", &[], "", "code is given twice"),
        ("/token?code=one", FORM, "code=two", "code is given twice"),
        (
            "/token?code=one",
            JSON,
            r#"{"code":"two"}"#,
            "code is given twice",
        ),
        ("/token?state=s", FORM, "code=", "code is missing"),
        (
            "/token",
            JSON,
            r#"{"code":["one"]}"#,
            "code must be a string",
        ),
        (
            "/token",
            JSON,
            r#"{"code":{"a":"one"}}"#,
            "code must be a string",
        ),
        ("/token", JSON, r#"["one"]"#, "JSON object"),
        ("/token", JSON, "{one", "not valid JSON"),
        (
            "/token",
            &["Content-Type: text/plain"],
            "code=one",
            "Content-Type",
        ),
    ];
    for (path, headers, body, reason) in cases {
        let ask = Ask::new("POST", path).headers(headers).body(body);
        let description = server.ask(ask).await.error(400, "INVALID_REQUEST");
        assert!(description.contains(reason), "{description}");
        assert!(
            !description.contains("one") && !description.contains("two"),
            "{description}"
        );
    }
}

#[tokio::test]
async fn the_rfcs_style_is_lower_case_with_the_sources_code_beside() {
    let server = server().await;
    let answer = server.ask(Ask::new("POST", "/oauth2/token")).await;
    let body = answer.json();
    assert_eq!(answer.status, 400);
    assert_eq!(body["error"], "invalid_request");
    assert_eq!(body["error_code"], "INVALID_REQUEST");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
