//! JSON bodies: what is read and what is refused, and that a refusal says why.

use axum::Router;
use axum::routing::post;
use web::body::{JsonBody, OptionalJsonBody, RawJsonBody};
use web::error::ApiError;

use crate::kit::{Ask, Server};

const JSON: &[&str] = &["Content-Type: application/json"];

async fn show_raw(body: RawJsonBody) -> String {
    format!("{} {}", body.bytes.len(), body.value.is_ok())
}

async fn judge_later(body: Result<JsonBody, ApiError>) -> Result<String, ApiError> {
    // Stands for a check that comes before the body, such as the token's.
    Ok(body.is_ok().to_string())
}

async fn server() -> Server {
    let show_optional = |body: OptionalJsonBody| async move {
        body.0.map_or("none".to_owned(), |value| value.to_string())
    };
    let routes = Router::new()
        .route(
            "/json",
            post(|body: JsonBody| async move { body.0.to_string() }),
        )
        .route("/optional", post(show_optional))
        .route("/raw", post(show_raw))
        .route("/later", post(judge_later));
    Server::start(routes).await
}

#[tokio::test]
async fn a_json_object_is_read_as_it_is() {
    let server = server().await;
    for body in [
        r#"{"z":1,"a":{"b":[1.5,true,null,"é"]}}"#,
        // Beyond 2^63 it is a number still.
        r#"{"n":18446744073709551615}"#,
    ] {
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let header = format!("Content-Type: {kind}");
            let headers = [header.as_str()];
            let answer = server
                .ask(Ask::new("POST", "/json").headers(&headers).body(body))
                .await;
            assert_eq!((answer.status, answer.text.as_str()), (200, body));
        }
    }
}

#[tokio::test]
async fn what_is_no_json_object_is_a_400_that_says_why() {
    let server = server().await;
    let deep = "[".repeat(5_000);
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{\"a\": 1,}", "line 1"),
        (b"{\"a\": \"\xff\"}", "UTF-8"),
        (deep.as_bytes(), "32 levels"),
        (b"{\"a\":1,\"a\":2}", "\"a\" occurs twice"),
        (b"[]", "JSON object"),
        (b"\"text\"", "JSON object"),
        (b"{\"a\":1e400}", "not valid JSON"),
    ];
    for (body, reason) in cases {
        let ask = Ask::new("POST", "/json").headers(JSON).body(body);
        let description = server.ask(ask).await.error(400, "BAD_REQUEST");
        assert!(description.contains(reason), "{description}");
    }
}

#[tokio::test]
async fn the_content_type_must_be_json() {
    let server = server().await;
    let cases: [&[&str]; 5] = [
        &[],
        &["Content-Type: text/plain"],
        &["Content-Type: application/problem+json"],
        &["Content-Type: application/x-www-form-urlencoded"],
        &["Content-Type: "],
    ];
    for headers in cases {
        let ask = Ask::new("POST", "/json").headers(headers).body("{}");
        let description = server.ask(ask).await.error(400, "BAD_REQUEST");
        assert!(description.contains("Content-Type"), "{description}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let server = server().await;
    let headers = ["Content-Type: application/json", "Content-Encoding: gzip"];
    let ask = Ask::new("POST", "/json").headers(&headers).body("{}");
    let description = server.ask(ask).await.error(400, "BAD_REQUEST");
    assert!(description.contains("Content-Encoding"));
}

#[tokio::test]
async fn a_body_larger_than_a_mebibyte_is_a_413() {
    let server = server().await;
    let of_size = |size: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8));
    for path in ["/json", "/optional", "/raw"] {
        let fits = of_size(1 << 20);
        let ask = Ask::new("POST", path).headers(JSON).body(&fits);
        assert_eq!(server.ask(ask).await.status, 200);
        for size in [(1 << 20) + 1, 2 << 20, 10 << 20] {
            let large = of_size(size);
            let ask = Ask::new("POST", path).headers(JSON).body(&large);
            server.ask(ask).await.error(413, "PAYLOAD_TOO_LARGE");
        }
    }
}

#[tokio::test]
async fn an_optional_body_may_be_absent_with_any_content_type() {
    let server = server().await;
    let ask = Ask::new("POST", "/optional");
    assert_eq!(server.ask(ask).await.text, "none");
    assert_eq!(server.ask(ask.headers(JSON)).await.text, "none");
    assert_eq!(server.ask(ask.headers(JSON).body("")).await.text, "none");
    assert_eq!(server.ask(ask.headers(JSON).body("{}")).await.text, "{}");
    server.ask(ask.body("{}")).await.error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_handler_may_judge_the_body_itself() {
    let server = server().await;
    let raw = Ask::new("POST", "/raw").headers(JSON);
    assert_eq!(server.ask(raw.body("[1]")).await.text, "3 true");
    assert_eq!(server.ask(raw.body("[1")).await.text, "2 false");
    let later = Ask::new("POST", "/later");
    assert_eq!(server.ask(later.body("{}")).await.text, "false");
}
