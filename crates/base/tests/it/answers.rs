//! Answers that are answers, however odd: of any status, of any length, in any pieces.

use std::time::Duration;

use base::outgoing::{AddressPolicy, Answer, LONGEST_ANSWER, Outgoing, OutgoingError, Request};
use http::Method;
use tokio::sync::watch;

use crate::raw_server::{OK, RawServer};
use crate::scripted_network::lead_for;

fn outgoing() -> Outgoing {
    Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap()
}

/// The answer of a server that says this and then nothing more, without closing.
async fn answer_to(text: impl Into<String>) -> Result<Answer, OutgoingError> {
    let text = text.into();
    let server = RawServer::start(move |mut visit| {
        let text = text.clone();
        async move {
            visit.request().await;
            visit.say(&text).await;
            visit.wait_for_the_end().await;
        }
    });
    let server = server.await;
    outgoing().send(lead_for(&server.url("/v1/lead"))).await
}

#[tokio::test]
async fn every_status_is_an_answer() {
    for status in [
        200, 201, 204, 302, 304, 400, 401, 404, 410, 429, 500, 503, 599, 999,
    ] {
        let text = format!("HTTP/1.1 {status} X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
        let answer = answer_to(text).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["retry-after"], "7");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_switch_of_protocols_is_an_answer_with_nothing_after_it() {
    let text = "HTTP/1.1 101 Switching Protocols\r\nupgrade: odd\r\nconnection: upgrade\r\n\r\nodd";
    let answer = answer_to(text).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (101, 0));
}

#[tokio::test]
async fn header_fields_may_take_nearly_as_much_as_a_body() {
    let long = "x".repeat(60_000);
    let text = format!("HTTP/1.1 200 OK\r\nlong: {long}\r\ncontent-length: 0\r\n\r\n");
    let answer = answer_to(text).await.unwrap();
    assert_eq!(answer.headers["long"], long);
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let text = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n{OK}");
    let answer = answer_to(text).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
    assert!(!answer.headers.contains_key("link"));
}

#[tokio::test]
async fn a_body_may_come_in_chunks_or_end_with_the_connection() {
    let chunks = "3;odd=\"x\"\r\none\r\n00004\r\n two\r\n0\r\ntrailer: x\r\n\r\n";
    let text = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
    assert_eq!(answer_to(text).await.unwrap().body, b"one two");

    let server = RawServer::start(|mut visit| async move {
        visit.request().await;
        visit.say("HTTP/1.1 200 OK\r\n\r\none two").await;
    });
    let server = server.await;
    let answer = outgoing().send(lead_for(&server.url("/"))).await;
    assert_eq!(answer.unwrap().body, b"one two");
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let text = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\ngzip";
    let answer = answer_to(text).await.unwrap();
    assert_eq!(answer.body, b"gzip");
    assert_eq!(answer.headers["content-encoding"], "gzip");
}

#[tokio::test]
async fn no_cookie_comes_back() {
    let server = RawServer::start(|mut visit| async move {
        while visit.request().await.is_some() {
            visit
                .say("HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    });
    let server = server.await;
    let outgoing = outgoing();
    for _ in 0..2 {
        outgoing.send(lead_for(&server.url("/"))).await.unwrap();
    }
    assert!(!server.seen().requests[1].1.contains("cookie"));
}

#[tokio::test]
async fn a_body_up_to_the_cap_is_whole_and_a_longer_one_is_cut_off() {
    for (length, kept) in [
        (LONGEST_ANSWER - 1, LONGEST_ANSWER - 1),
        (LONGEST_ANSWER, LONGEST_ANSWER),
        (4 * LONGEST_ANSWER, LONGEST_ANSWER),
    ] {
        let server = RawServer::start(move |mut visit| async move {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            while visit.request().await.is_some() {
                visit.say(&head).await;
                visit.say(&"x".repeat(length)).await;
            }
        });
        let server = server.await;
        let outgoing = outgoing();
        for _ in 0..2 {
            let answer = outgoing.send(lead_for(&server.url("/"))).await.unwrap();
            assert_eq!((answer.status, answer.body.len()), (200, kept));
        }
        // What is left of a body that was cut off is not read just to keep the connection.
        let opened = if length > kept { 2 } else { 1 };
        assert_eq!(server.seen().opened, opened, "{length}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off_and_the_server_is_left_to_itself() {
    for (framing, piece) in [
        (
            "transfer-encoding: chunked",
            format!("1000\r\n{}\r\n", "x".repeat(0x1000)),
        ),
        ("content-length: 99999999999", "x".repeat(0x1000)),
        ("x: until the connection ends", "x".repeat(0x1000)),
    ] {
        let (said, mut spoke) = watch::channel(None);
        let server = RawServer::start(move |mut visit| {
            let (said, piece) = (said.clone(), piece.clone());
            async move {
                visit.request().await;
                visit
                    .say(&format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"))
                    .await;
                let mut bytes = 0;
                while visit.say(&piece).await {
                    bytes += piece.len();
                }
                said.send_replace(Some(bytes));
            }
        });
        let server = server.await;
        let answer = outgoing().send(lead_for(&server.url("/"))).await.unwrap();
        assert_eq!(answer.body.len(), LONGEST_ANSWER, "{framing}");
        let said = spoke.wait_for(Option::is_some).await.unwrap().unwrap();
        // What the sockets' buffers took besides is the operating system's.
        assert!(said < 32 << 20, "{framing}: {said} bytes were taken");
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_read_is_taken() {
    let server = RawServer::start(|mut visit| async move {
        visit
            .say("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
            .await;
        std::future::pending::<()>().await;
    });
    let server = server.await;
    let outgoing = outgoing();
    for _ in 0..2 {
        let request = Request {
            body: vec![b'x'; 32 << 20],
            ..lead_for(&server.url("/"))
        };
        assert_eq!(outgoing.send(request).await.unwrap().status, 413);
    }
    assert_eq!(server.seen().opened, 2, "the rest of a body is in the way");
}

#[tokio::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let server = RawServer::start(|mut visit| async move {
        while visit.request().await.is_some() {
            visit
                .say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                .await;
        }
    });
    let server = server.await;
    let outgoing = outgoing();
    for _ in 0..2 {
        let request = Request {
            method: Method::HEAD,
            body: Vec::new(),
            deadline: Duration::from_secs(20),
            ..lead_for(&server.url("/"))
        };
        assert!(outgoing.send(request).await.unwrap().body.is_empty());
    }
    assert_eq!(server.seen().opened, 1);
}
