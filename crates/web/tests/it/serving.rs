//! Connections: the time that a request's head may take, the number that may be open, and shutdown.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use web::serve::ServeLimits;

use crate::kit::{PATIENCE, Server, frame, read_answer};

fn fine() -> Router {
    frame().around(Router::new().route("/", get(|| async { "fine" })))
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_and_others_are_served() {
    let limits = ServeLimits {
        head_timeout: Duration::from_millis(100),
        ..ServeLimits::default()
    };
    let server = Server::start_with(fine(), limits).await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    assert_eq!(server.get("/").await.text, "fine");
    let mut rest = Vec::new();
    let closed = slow.read_to_end(&mut rest);
    tokio::time::timeout(PATIENCE, closed)
        .await
        .unwrap()
        .unwrap();
    let rest = String::from_utf8(rest).unwrap();
    assert!(!rest.contains("200 OK"), "{rest}");
}

#[tokio::test]
async fn a_connection_too_many_waits_for_a_place() {
    let limits = ServeLimits {
        connections: 1,
        ..ServeLimits::default()
    };
    let server = Server::start_with(fine(), limits).await;
    let mut first = server.connect().await;
    first
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    first.readable().await.unwrap();
    let second = server.get("/");
    let mut second = std::pin::pin!(second);
    let waiting = tokio::time::timeout(Duration::from_millis(50), second.as_mut());
    assert!(waiting.await.is_err());
    drop(first);
    assert_eq!(second.await.text, "fine");
}

#[tokio::test]
async fn shutdown_finishes_what_is_under_way_and_closes_what_is_idle() {
    let (begun, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (handler_begun, handler_goes_on) = (begun.clone(), goes_on.clone());
    let handler = move || async move {
        handler_begun.notify_one();
        handler_goes_on.notified().await;
        "finished"
    };
    let routes = frame().around(Router::new().route("/", get(handler)));
    let server = Server::start_with(routes, ServeLimits::default()).await;
    let _idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    server.tasks.begin_stop();
    let stop = server.tasks.stop(PATIENCE);
    let answer = async {
        goes_on.notify_one();
        read_answer(&mut busy).await
    };
    let (stopped, answer) = tokio::join!(stop, answer);
    assert!(stopped);
    assert_eq!(answer.text, "finished");
    assert!(
        tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
    );
}
