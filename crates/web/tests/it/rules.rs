//! What holds for every answer: the request id, the error shape, the limits of time.

use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::routing::{get, post};
use protocol::id::BusinessId;
use web::client_address::ClientAddress;
use web::credentials::{Basic, Bearer};
use web::cursor::PageQuery;
use web::error::ApiError;
use web::headers::NoStore;
use web::path::PathSegments;
use web::request_id::RequestId;
use web::serve::ServeLimits;

use crate::kit::{Ask, Server, frame};

async fn show_service(path: PathSegments) -> Result<String, ApiError> {
    let id: BusinessId = path.id("serviceID")?;
    Ok(id.to_string())
}

async fn plain_rejection(Query(_): Query<Vec<(u8, u8)>>) {}

async fn panics() -> &'static str {
    panic!("a secret that nobody may read")
}

async fn basic(basic: Basic) -> Result<String, ApiError> {
    Ok(basic.required("leads")?.raw().name().to_owned())
}

fn patch(path: &str) -> Ask<'_> {
    Ask::new("PATCH", path)
}

fn routes() -> Router {
    Router::new()
        .route("/fine", get(|id: RequestId| async move { id.to_string() }))
        .route("/panic", get(panics))
        .route("/bearer", get(|_: Bearer| async {}))
        .route("/basic", get(basic))
        .route(
            "/address",
            get(|address: ClientAddress| async move { address.limit_key() }),
        )
        .route(
            "/page",
            get(|page: PageQuery| async move { page.limit.to_string() }),
        )
        .route("/plain", get(plain_rejection))
        .route("/token", post(|| async { NoStore("secret") }))
        .route("/busy", get(|| async { ApiError::unavailable(3) }))
        .route(
            "/services/{serviceID}/targeting",
            get(show_service).patch(show_service),
        )
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_ours() {
    let server = Server::start(routes()).await;
    let ask = Ask::new("GET", "/fine").headers(&["X-Request-Id: mine"]);
    let first = server.ask(ask).await;
    let id = first.header("x-request-id").unwrap();
    assert_eq!((first.status, first.text.as_str()), (200, id));
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let second = server.ask(ask).await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    for path in ["/nowhere", "/panic", "/bearer", "/plain"] {
        let answer = server.get(path).await;
        assert!(answer.header("x-request-id").is_some(), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("strict-transport-security").is_some());
    }
}

#[tokio::test]
async fn the_routers_own_errors_have_the_one_shape() {
    let server = Server::start(routes()).await;
    server.get("/nowhere").await.error(404, "NOT_FOUND");
    server.get("/plain?x=1").await.error(400, "BAD_REQUEST");
    let wrong_method = server
        .ask(Ask::new("DELETE", "/services/1/targeting"))
        .await;
    wrong_method.error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(wrong_method.header("allow"), Some("GET,HEAD,PATCH"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let server = Server::start(routes()).await;
    let answer = server.get("/panic").await;
    let description = answer.error(500, "INTERNAL_ERROR");
    assert!(!description.contains("secret"));
    assert_eq!(server.get("/fine").await.status, 200);
}

#[tokio::test]
async fn each_error_carries_its_header() {
    let server = Server::start(routes()).await;
    let answer = server.get("/bearer").await;
    answer.error(401, "INVALID_TOKEN");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let answer = server.get("/basic").await;
    answer.error(401, "UNAUTHORIZED");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Basic realm="leads""#)
    );
    let answer = server.get("/busy").await;
    answer.error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), Some("3"));
}

#[tokio::test]
async fn an_id_in_the_path_is_digits_and_an_empty_one_is_nowhere() {
    let server = Server::start(routes()).await;
    assert_eq!(server.ask(patch("/services/42/targeting")).await.text, "42");
    server
        .ask(patch("/services//targeting"))
        .await
        .error(404, "NOT_FOUND");
    for text in ["abc", "4a", "-1", "%20", "%FF", "0", "99999999999999999999"] {
        let path = format!("/services/{text}/targeting");
        let answer = server.ask(patch(&path)).await;
        let description = answer.error(400, "BAD_REQUEST");
        assert!(description.contains("serviceID"), "{description}");
    }
}

#[tokio::test]
async fn a_forwarded_address_is_not_believed_unasked() {
    let server = Server::start(routes()).await;
    let ask = Ask::new("GET", "/address").headers(&["X-Forwarded-For: 9.9.9.9"]);
    assert_eq!(server.ask(ask).await.text, "127.0.0.1");
}

#[tokio::test]
async fn a_wrong_cursor_is_named() {
    let server = Server::start(routes()).await;
    assert_eq!(server.get("/page").await.text, "50");
    let answer = server.get("/page?after=x").await;
    assert!(answer.error(400, "BAD_REQUEST").contains("after"));
}

#[tokio::test]
async fn what_holds_a_secret_is_not_stored() {
    let server = Server::start(routes()).await;
    let answer = server.ask(Ask::new("POST", "/token")).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_a_503() {
    let routes = Router::new().route("/", get(std::future::pending::<()>));
    let frame = frame().with_request_timeout(Duration::from_millis(50));
    let server = Server::start_with(frame.around(routes), ServeLimits::default()).await;
    let answer = server.get("/").await;
    answer.error(503, "SERVICE_UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
}
