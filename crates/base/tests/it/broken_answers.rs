//! What is no answer: garbage, floods, drops and silence. Each ends, in time and with the reason, and nobody is told that
//! the request was not sent.

use std::time::Duration;

use base::outgoing::{AddressPolicy, Outgoing, OutgoingError, Request};
use tokio::sync::watch;
use tokio::time::{Instant, interval};

use crate::raw_server::{OK, RawServer, Visit};
use crate::scripted_network::{lead_for, urgent_lead_for};

fn outgoing() -> Outgoing {
    Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap()
}

async fn failure(outgoing: &Outgoing, request: Request) -> OutgoingError {
    let error = outgoing.send(request).await.unwrap_err();
    assert!(!error.was_not_sent(), "{error}");
    error
}

/// Answers one request, so that the connection is there before a deadline that is short, and takes the next one.
async fn take_second(visit: &mut Visit) {
    visit.request().await;
    visit.say(OK).await;
    visit.request().await;
}

/// The second request times out, neither early nor late, and the server sees the connection end.
async fn assert_times_out(server: RawServer) {
    let outgoing = outgoing();
    let url = server.url("/v1/lead");
    outgoing.send(lead_for(&url)).await.unwrap();
    let began = Instant::now();
    let request = urgent_lead_for(&url);
    let deadline = request.deadline;
    let error = failure(&outgoing, request).await;
    assert!(matches!(error, OutgoingError::TimedOut(_)), "{error}");
    assert_eq!(error.to_string(), "no answer within 0.15 s");
    let took = began.elapsed();
    assert!(
        took >= deadline && took < Duration::from_secs(10),
        "{took:?}"
    );
    server.wait(|seen| seen.closed == 1).await;
    assert_eq!(server.seen().opened, 1);
}

/// Says `piece` every few milliseconds until nobody listens any more.
async fn drip(mut visit: Visit, beginning: &str, piece: &str) {
    take_second(&mut visit).await;
    visit.say(beginning).await;
    let mut ticks = interval(Duration::from_millis(5));
    while visit.say(piece).await {
        ticks.tick().await;
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    for beginning in ["", "HTT", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"] {
        let server = RawServer::start(move |mut visit| async move {
            take_second(&mut visit).await;
            visit.say(beginning).await;
            visit.wait_for_the_end().await;
        });
        assert_times_out(server.await).await;
    }
}

#[tokio::test]
async fn a_server_that_does_not_read_is_given_up() {
    let (given_up, until_given_up) = watch::channel(false);
    let server = RawServer::start(move |mut visit| {
        let mut until_given_up = until_given_up.clone();
        async move {
            visit.request().await;
            visit.say(OK).await;
            let _ = until_given_up.wait_for(|given_up| *given_up).await;
        }
    });
    let server = server.await;
    let outgoing = outgoing();
    let url = server.url("/v1/lead");
    outgoing.send(lead_for(&url)).await.unwrap();
    let request = Request {
        body: vec![b'x'; 32 << 20],
        ..urgent_lead_for(&url)
    };
    let error = failure(&outgoing, request).await;
    assert!(matches!(error, OutgoingError::TimedOut(_)), "{error}");
    given_up.send_replace(true);
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up_wherever_it_has_got_to() {
    for (beginning, piece) in [
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        ("HTTP/1.1 200 OK\r\na: ", "b"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            "x",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: ",
            "b",
        ),
    ] {
        let server = RawServer::start(move |visit| drip(visit, beginning, piece));
        assert_times_out(server.await).await;
    }
}

/// Says this without an end, as fast as it is taken.
async fn flood(beginning: &'static str, piece: String) -> OutgoingError {
    let server = RawServer::start(move |mut visit| {
        let piece = piece.clone();
        async move {
            visit.request().await;
            visit.say(beginning).await;
            while visit.say(&piece).await {}
        }
    });
    let server = server.await;
    let error = failure(&outgoing(), lead_for(&server.url("/v1/lead"))).await;
    server.wait(|seen| seen.closed == 1).await;
    error
}

#[tokio::test]
async fn a_flood_ends_at_a_cap_long_before_the_deadline() {
    let began = Instant::now();
    for (beginning, piece, reason) in [
        (
            "",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
            "do not end",
        ),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n".to_owned(), "too large"),
        ("HTTP/1.1 200 OK\r\na: ", "b".repeat(1000), "too large"),
        ("HTTP/1.1 200 ", "b".repeat(1000), "too large"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            "x".repeat(1000),
            "chunk extensions over limit",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "a: b\r\n".repeat(100),
            "trailers count overflow",
        ),
    ] {
        let error = flood(beginning, piece).await;
        assert!(matches!(error, OutgoingError::Broken(_)), "{error}");
        assert!(error.to_string().contains(reason), "{beginning}: {error}");
    }
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "220 mail.example ESMTP\r\n",
        "\u{0}\u{1}\u{2}\u{3}\r\n\r\n",
        "<html>hello</html>\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\na\u{0}: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let server = RawServer::start(move |mut visit| async move {
            visit.request().await;
            visit.say(garbage).await;
            visit.wait_for_the_end().await;
        });
        let server = server.await;
        let error = failure(&outgoing(), lead_for(&server.url("/v1/lead"))).await;
        assert!(
            matches!(error, OutgoingError::Broken(_)),
            "{garbage:?}: {error}"
        );
        server.wait(|seen| seen.closed == 1).await;
    }
}

#[tokio::test]
async fn an_answer_that_ends_early_is_none() {
    for part in [
        "",
        "HTTP/1.1 2",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n",
    ] {
        let server = RawServer::start(move |mut visit| async move {
            visit.request().await;
            visit.say(part).await;
        });
        let server = server.await;
        let error = failure(&outgoing(), lead_for(&server.url("/v1/lead"))).await;
        assert!(
            matches!(error, OutgoingError::Broken(_)),
            "{part:?}: {error}"
        );
        assert_eq!(server.seen().requests.len(), 1, "it is not sent again");
    }
}
