//! Connections that are used again, and what happens when the other side has closed one: a request is sent once more only
//! if it certainly was not sent.

use std::sync::Arc;
use std::time::Duration;

use base::outgoing::{AddressPolicy, Outgoing, OutgoingError};

use tokio::sync::Notify;

use crate::raw_server::{OK, RawServer, Visit, oblige};
use crate::scripted_network::{Road, ScriptedNetwork, lead_for, urgent_lead_for};

fn outgoing() -> Outgoing {
    Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap()
}

/// Sends a lead, which must be answered.
async fn deliver(outgoing: &Outgoing, server: &RawServer) {
    let answer = outgoing.send(lead_for(&server.url("/v1/lead"))).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection_also_among_clones() {
    let server = RawServer::obliging().await;
    let outgoing = outgoing();
    for _ in 0..20 {
        deliver(&outgoing, &server).await;
        deliver(&outgoing.clone(), &server).await;
    }
    assert_eq!(server.seen().opened, 1);
    assert_eq!(server.seen().requests.len(), 40);
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own_which_are_kept() {
    let server = RawServer::obliging().await;
    let outgoing = outgoing();
    for _ in 0..3 {
        let [a, b, c] = [(); 3].map(|()| deliver(&outgoing, &server));
        tokio::join!(a, b, c);
    }
    assert_eq!(server.seen().opened, 3);
    assert_eq!(server.seen().requests.len(), 9);
}

#[tokio::test]
async fn servers_with_the_same_address_and_another_port_are_others() {
    let (one, other) = (RawServer::obliging().await, RawServer::obliging().await);
    let outgoing = outgoing();
    for server in [&one, &other, &one, &other] {
        deliver(&outgoing, server).await;
    }
    assert_eq!((one.seen().opened, other.seen().opened), (1, 1));
    assert_eq!(one.seen().requests.len(), 2);
}

#[tokio::test]
async fn a_connection_that_the_server_announced_to_close_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok",
    ] {
        let server = RawServer::start(move |mut visit| async move {
            while visit.request().await.is_some() {
                visit.say(answer).await;
            }
        });
        let server = server.await;
        let outgoing = outgoing();
        deliver(&outgoing, &server).await;
        deliver(&outgoing, &server).await;
        assert_eq!(server.seen().opened, 2, "{answer}");
    }
}

/// One answer for each connection, which is then closed without a word.
async fn answer_once(mut visit: Visit) {
    visit.request().await;
    visit.say(OK).await;
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_costs_nothing_but_a_new_one() {
    let server = RawServer::start(answer_once).await;
    let outgoing = outgoing();
    for count in 1..=5 {
        deliver(&outgoing, &server).await;
        server.wait_closed(count).await;
    }
    let seen = server.seen();
    assert_eq!(seen.opened, 5);
    let connections: Vec<usize> = seen.requests.iter().map(|(number, _)| *number).collect();
    assert_eq!(connections, [0, 1, 2, 3, 4], "each was sent once");
}

#[tokio::test]
async fn many_kept_connections_that_were_closed_meanwhile_fail_no_request() {
    let server = RawServer::start(answer_once).await;
    let outgoing = outgoing();
    let [a, b, c, d] = [(); 4].map(|()| deliver(&outgoing, &server));
    tokio::join!(a, b, c, d);
    server.wait_closed(4).await;
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().requests.len(), 5);
    assert_eq!(server.seen().opened, 5);
}

#[tokio::test]
async fn one_kept_connection_that_was_closed_leaves_the_other_to_be_used() {
    let other_is_kept = Arc::new(Notify::new());
    let awaited = Arc::clone(&other_is_kept);
    let server = RawServer::start(move |visit| {
        let awaited = Arc::clone(&awaited);
        async move {
            if visit.number == 0 {
                awaited.notified().await;
                answer_once(visit).await;
            } else {
                oblige(visit).await;
            }
        }
    });
    let server = server.await;
    let outgoing = outgoing();
    tokio::join!(deliver(&outgoing, &server), async {
        server.wait(|seen| seen.opened == 1).await;
        deliver(&outgoing, &server).await;
        other_is_kept.notify_one();
    });
    server.wait_closed(1).await;
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().opened, 2);
    assert_eq!(server.seen().requests.len(), 3);
}

#[tokio::test]
async fn a_request_that_a_kept_connection_swallowed_is_not_sent_again() {
    let server = RawServer::start(|mut visit| async move {
        visit.request().await;
        visit.say(OK).await;
        visit.request().await;
    });
    let server = server.await;
    let outgoing = outgoing();
    deliver(&outgoing, &server).await;
    let error = outgoing.send(lead_for(&server.url("/v1/lead"))).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Broken(_)), "{error}");
    assert!(!error.was_not_sent());
    assert_eq!(server.seen().opened, 1);
    assert_eq!(server.seen().requests.len(), 2);
}

#[tokio::test]
async fn a_request_that_the_first_connection_swallowed_is_not_sent_again_either() {
    let server = RawServer::start(|mut visit| async move {
        visit.request().await;
    });
    let server = server.await;
    let error = outgoing().send(lead_for(&server.url("/v1/lead"))).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Broken(_)), "{error}");
    assert!(!error.was_not_sent());
    assert_eq!((server.seen().opened, server.seen().requests.len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_closes_before_it_was_asked_has_seen_nothing() {
    let server = RawServer::start(|_| async {}).await;
    let network = ScriptedNetwork::new();
    network.other_roads(Road::Closed(server.address));
    let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
    let error = outgoing.send(lead_for("http://127.0.0.1:1/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
    assert!(error.was_not_sent());
}

/// Otherwise whoever answers one request could put words into the mouth of the next answer.
#[tokio::test]
async fn what_comes_without_being_asked_for_is_the_answer_to_nothing() {
    let forged = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
    let at_once = RawServer::start(move |mut visit| async move {
        while visit.request().await.is_some() {
            visit.say(&format!("{OK}{forged}")).await;
        }
    });
    let later = RawServer::start(move |mut visit| async move {
        visit.request().await;
        visit.say(OK).await;
        visit.say(forged).await;
        if visit.number > 0 {
            oblige(visit).await;
        }
    });
    let (at_once, later) = (at_once.await, later.await);
    for server in [at_once, later] {
        let outgoing = outgoing();
        for _ in 0..3 {
            deliver(&outgoing, &server).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(server.seen().opened, 3);
        assert_eq!(server.seen().requests.len(), 3);
    }
}

#[tokio::test]
async fn after_a_time_out_the_other_kept_connections_are_not_tried_one_by_one() {
    let server = RawServer::start(|mut visit| async move {
        visit.request().await;
        visit.say(OK).await;
        if visit.number < 2 {
            // From here on this machine is as good as switched off.
            visit.request().await;
            visit.wait_for_the_end().await;
        }
        oblige(visit).await;
    });
    let server = server.await;
    let outgoing = outgoing();
    tokio::join!(deliver(&outgoing, &server), deliver(&outgoing, &server));
    let request = urgent_lead_for(&server.url("/v1/lead"));
    let error = outgoing.send(request).await.unwrap_err();
    assert!(matches!(error, OutgoingError::TimedOut(_)), "{error}");
    server.wait(|seen| seen.closed == 2).await;
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().opened, 3);
}

#[tokio::test]
async fn a_caller_that_gives_up_closes_its_connection_at_once() {
    let server = RawServer::start(|mut visit| async move {
        visit.request().await;
        visit.wait_for_the_end().await;
    });
    let server = server.await;
    let outgoing = outgoing();
    tokio::select! {
        _ = outgoing.send(lead_for(&server.url("/v1/lead"))) => panic!("nobody answers"),
        () = server.wait(|seen| seen.requests.len() == 1) => {}
    }
    server.wait(|seen| seen.closed == 1).await;
}

/// Lets time pass without waiting for it.
async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_connection_that_nobody_uses_for_half_a_minute_is_closed() {
    let server = RawServer::obliging().await;
    let outgoing = outgoing();
    deliver(&outgoing, &server).await;
    pass(Duration::from_secs(25)).await;
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().opened, 1);
    pass(Duration::from_secs(36)).await;
    server.wait_closed(1).await;
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().opened, 2);
}

#[tokio::test]
async fn a_connection_in_use_is_replaced_after_five_minutes() {
    let server = RawServer::obliging().await;
    let outgoing = outgoing();
    for _ in 0..16 {
        deliver(&outgoing, &server).await;
        assert_eq!(server.seen().opened, 1);
        pass(Duration::from_secs(20) - Duration::from_millis(900)).await;
    }
    deliver(&outgoing, &server).await;
    assert_eq!(server.seen().opened, 2);
}

#[tokio::test]
async fn the_last_sender_takes_its_connections_along() {
    let server = RawServer::obliging().await;
    let outgoing = outgoing();
    deliver(&outgoing, &server).await;
    deliver(&outgoing.clone(), &server).await;
    assert_eq!(server.seen().closed, 0);
    drop(outgoing);
    server.wait_closed(1).await;
}

#[tokio::test]
async fn a_name_that_turned_hostile_gets_no_new_connection_while_the_old_one_leads_where_it_led() {
    let server = RawServer::start_tls(|mut visit| async move {
        visit.request().await;
        visit.say(OK).await;
        visit.request().await;
        visit
            .say("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .await;
    });
    let server = server.await;
    let network = ScriptedNetwork::new();
    network.answers("partner.example", &["93.184.216.34"]);
    network.answers("partner.example", &["93.184.216.34", "127.0.0.1"]);
    network.other_roads(Road::To(server.address));
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    let send = || outgoing.send(lead_for("https://partner.example/"));

    assert_eq!(send().await.unwrap().status, 200);
    assert_eq!(send().await.unwrap().status, 200);
    assert_eq!(network.looked_up().len(), 1);
    let error = send().await.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
    assert_eq!(network.dialled(), ["93.184.216.34:443"]);
    assert_eq!(server.seen().requests.len(), 2);
}
