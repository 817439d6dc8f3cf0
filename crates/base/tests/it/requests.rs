//! What a request looks like on the wire.

use base::outgoing::{AddressPolicy, Outgoing, OutgoingError, Request};
use http::{HeaderMap, Method};
use url::Url;

use crate::raw_server::RawServer;
use crate::scripted_network::lead_for;

/// The bytes of a request over the machine's own loopback.
async fn sent(change: impl FnOnce(&mut Request)) -> String {
    let server = RawServer::obliging().await;
    let outgoing = Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap();
    let mut request = lead_for(&server.url("/v1/lead"));
    change(&mut request);
    assert_eq!(outgoing.send(request).await.unwrap().status, 200);
    let host = server.address.to_string();
    let requests = server.seen().requests;
    assert_eq!(requests.len(), 1);
    requests[0].1.replace(&host, "HOST")
}

#[tokio::test]
async fn a_request_has_one_host_one_length_and_what_its_sender_gave() {
    let expected = concat!(
        "POST /v1/lead HTTP/1.1\r\n",
        "host: HOST\r\n",
        "user-agent: Corkboard/",
        env!("CARGO_PKG_VERSION"),
        "\r\n",
        "accept: */*\r\n",
        "authorization: Basic c2VjcmV0\r\n",
        "content-type: application/json\r\n",
        "content-length: 14\r\n",
        "\r\n",
        "{\"leadID\":\"1\"}"
    );
    assert_eq!(sent(|_| ()).await, expected);
}

#[tokio::test]
async fn a_header_field_cannot_change_the_host_or_where_the_message_ends() {
    let usual = sent(|_| ()).await;
    let same = sent(|request| {
        for (name, value) in [
            ("host", "127.0.0.1:1"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
        ] {
            request.headers.append(name, value.parse().unwrap());
            request.headers.append(name, value.parse().unwrap());
        }
    });
    assert_eq!(same.await, usual);
}

#[tokio::test]
async fn a_sender_may_name_itself_and_repeat_a_field() {
    let text = sent(|request| {
        let headers = &mut request.headers;
        headers.insert("user-agent", "Another/1".parse().unwrap());
        headers.insert("accept", "application/json".parse().unwrap());
        headers.append("x-colour", "red".parse().unwrap());
        headers.append("x-colour", "blue".parse().unwrap());
    });
    let text = text.await;
    for line in [
        "user-agent: Another/1",
        "accept: application/json",
        "x-colour: red",
        "x-colour: blue",
    ] {
        assert_eq!(
            text.matches(&format!("\r\n{line}\r\n")).count(),
            1,
            "{line}"
        );
    }
    assert!(!text.contains("Corkboard") && !text.contains("*/*"));
}

#[tokio::test]
async fn an_empty_post_says_so_and_a_get_has_no_length() {
    let post = sent(|request| request.body.clear()).await;
    assert!(post.contains("content-length: 0\r\n"), "{post}");
    let get = sent(|request| {
        request.method = Method::GET;
        request.body.clear();
    });
    let get = get.await;
    assert!(get.starts_with("GET /v1/lead HTTP/1.1\r\n"), "{get}");
    assert!(!get.contains("content-length"), "{get}");
}

#[tokio::test]
async fn path_and_query_go_as_they_are_and_the_fragment_stays_here() {
    for (given, expected) in [
        ("?a=b&c=%20#fragment", "/v1/lead?a=b&c=%20"),
        ("//evil.example/x", "/v1/lead//evil.example/x"),
        ("/ä ö", "/v1/lead/%C3%A4%20%C3%B6"),
        ("/a|b^c\"d'e{f}[g]`h", "/v1/lead/a|b^c%22d'e%7Bf%7D[g]%60h"),
        ("/\r\nx: y", "/v1/lead/x:%20y"),
        ("/../../etc", "/etc"),
    ] {
        let text = sent(|request| {
            request.url = Url::parse(&format!("{}{given}", request.url)).unwrap();
        });
        let line = text.await;
        let line = line.lines().next().unwrap();
        let target = line
            .trim_start_matches("POST ")
            .trim_end_matches(" HTTP/1.1");
        // The standard for URLs has changed its mind about some characters; either way they cannot do harm.
        assert_eq!(target.replace("%5E", "^"), expected);
    }
}

#[tokio::test]
async fn a_tunnel_is_not_asked_for() {
    let server = RawServer::obliging().await;
    let outgoing = Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap();
    let request = Request {
        method: Method::CONNECT,
        ..lead_for(&server.url("/"))
    };
    let error = outgoing.send(request).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
    assert_eq!(server.seen().opened, 0);
}

#[test]
fn nothing_secret_or_personal_is_shown_by_debug() {
    let request = Request {
        headers: HeaderMap::from_iter([(http::header::AUTHORIZATION, "s3cret".parse().unwrap())]),
        ..lead_for("https://partner.example/v1/lead?token=s3cret")
    };
    let text = format!("{request:?}");
    assert!(text.contains("partner.example"), "{text}");
    assert!(
        !text.contains("s3cret") && !text.contains("leadID"),
        "{text}"
    );
}
