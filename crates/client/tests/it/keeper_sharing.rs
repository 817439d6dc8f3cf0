//! Many callers, callers that go away, and several processes with one store.

use std::sync::Arc;
use std::time::Duration;

use base::Secret;
use client::TokenStore;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::keeper_setup::{CONNECTION, Setup, assert_token, pair, tokens};
use crate::scripted_platform::Reply;

fn held(status: u16, body: &str) -> (Arc<Semaphore>, Reply) {
    let permits = Arc::new(Semaphore::new(0));
    let reply = Reply::Held(permits.clone(), status, body.to_owned());
    (permits, reply)
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_callers_at_once_cause_one_refresh() {
    let setup = Setup::new([Reply::ok(&pair("second"))]).await;
    setup.at_second(3_600);
    let mut callers = JoinSet::new();
    for _ in 0..32 {
        let keeper = setup.keeper.clone();
        callers.spawn(async move { keeper.access_token(&CONNECTION).await });
    }
    for kept in callers.join_all().await {
        assert_token(kept, "second");
    }
    assert_eq!(setup.shown(), ["first-refresh"]);
}

#[tokio::test]
async fn nobody_waits_for_a_refresh_while_the_old_token_lives() {
    let (permits, reply) = held(200, &pair("second"));
    let setup = Setup::new([reply]).await;
    setup.at_second(3_540);
    let first = setup.access_token();
    let others = async {
        setup.platform.has_received(1).await;
        assert_token(setup.access_token().await, "first");
        let other_process = setup.another_process();
        assert_token(other_process.access_token(&CONNECTION).await, "first");
        permits.add_permits(1);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_token(first, "second");
    assert_eq!(setup.shown().len(), 1);
}

#[tokio::test]
async fn a_refresh_outlives_the_caller_who_started_it() {
    let (permits, reply) = held(200, &pair("second"));
    let setup = Setup::new([reply]).await;
    setup.at_second(3_600);
    tokio::select! {
        _ = setup.access_token() => panic!("the answer is held back"),
        () = setup.platform.has_received(1) => {}
    }
    permits.add_permits(1);
    assert_token(setup.access_token().await, "second");
    assert_eq!(setup.shown(), ["first-refresh"]);
}

#[tokio::test]
async fn another_process_waits_for_the_one_that_has_the_lease() {
    let (permits, reply) = held(200, &pair("second"));
    let setup = Setup::new([reply]).await;
    setup.at_second(3_600);
    let other_process = setup.another_process();
    let other = async {
        setup.platform.has_received(1).await;
        let waiting = other_process.access_token(&CONNECTION);
        let release = async {
            while setup.clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            permits.add_permits(1);
        };
        tokio::join!(waiting, release).0
    };
    let both = async { tokio::join!(setup.access_token(), other) };
    let mover = async {
        loop {
            // Only once the first process has its answer: the clock moves for the second one's polls alone.
            if permits.available_permits() == 0 && setup.stored().await.version == 2 {
                setup.clock.advance(Duration::from_millis(250));
            }
            tokio::task::yield_now().await;
        }
    };
    let (one, other) = tokio::select! {
        both = both => both,
        () = mover => unreachable!("time passes for ever"),
    };
    assert_token(one, "second");
    assert_token(other, "second");
    assert_eq!(setup.shown(), ["first-refresh"]);
}

#[tokio::test]
async fn a_process_that_died_with_the_lease_delays_the_others_for_twenty_seconds() {
    let setup = Setup::new([Reply::ok(&pair("second"))]).await;
    setup.at_second(3_600);
    let now = setup.clock.now();
    let lease = client::Lease {
        holder: "dead".to_owned(),
        now,
        until: now + Duration::from_secs(20),
    };
    setup.store.try_lease(&CONNECTION, &lease).await.unwrap();
    let step = Duration::from_millis(250);
    let kept = setup.while_time_passes(step, setup.access_token()).await;
    assert_token(kept, "second");
    assert_eq!(setup.clock.now().as_second(), 3_620);
}

#[tokio::test]
async fn a_grant_is_not_given_up_if_another_process_has_rotated_it() {
    let (permits, reply) = held(400, r#"{"error":"INVALID_GRANT"}"#);
    let setup = Setup::new([reply]).await;
    setup.at_second(3_600);
    let other_process = async {
        setup.platform.has_received(1).await;
        let rotated = tokens("other", setup.clock.now());
        assert!(setup.store.save(&CONNECTION, 1, &rotated).await.unwrap());
        permits.add_permits(1);
    };
    let (kept, ()) = tokio::join!(setup.access_token(), other_process);
    assert_token(kept, "other");
    assert_eq!(setup.stored().await.reconnect, None);
}

#[tokio::test]
async fn a_pair_that_comes_too_late_does_not_replace_a_newer_one() {
    let (permits, reply) = held(200, &pair("late"));
    let setup = Setup::new([reply]).await;
    let rejected = Secret::new("first-access");
    let refresh = setup.keeper.refresh_now(&CONNECTION, &rejected);
    let pro = async {
        setup.platform.has_received(1).await;
        setup
            .store
            .insert(CONNECTION, tokens("again", setup.clock.now()));
        permits.add_permits(1);
    };
    let (kept, ()) = tokio::join!(refresh, pro);
    assert_token(kept, "again");
    assert_eq!(
        setup.stored().await.tokens.refresh_token.expose(),
        "again-refresh"
    );
}
