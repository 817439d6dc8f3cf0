//! Several processes on one database, and processes that end in the middle.

use database::on_both_databases;
use delivery::{EndpointId, MIGRATIONS};

use crate::receiver::Reply;
use crate::world::World;

/// Longer than a renewal takes to fall due, shorter than a lease.
const THIRD: u64 = 14;
/// Longer than a lease.
const LEASE: u64 = 41;

on_both_databases!(
    two_engines_share_the_endpoints_and_send_nothing_twice,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let (one, other) = (world.engine("one"), world.engine("other"));
        // The first takes all, learns of the second at its next renewal, and gives half up.
        for _ in 0..3 {
            one.drain().await.unwrap();
            other.drain().await.unwrap();
            world.advance(THIRD);
        }
        world.receiver.answers(|_| Reply::Hang(200));
        for endpoint in 1..=60 {
            world
                .record_to(EndpointId::new(endpoint), 1, "lead", endpoint)
                .await;
        }
        let look = async {
            world.receiver.wait_for(60).await;
            world.receiver.release();
        };
        let (first, second, ()) = tokio::join!(one.drain(), other.drain(), look);
        first.unwrap();
        second.unwrap();
        let mut ids = world.receiver.ids();
        ids.sort_unstable();
        assert_eq!(ids, (1..=60).collect::<Vec<i64>>());
        // Each of them works for its share alone.
        for endpoint in 1..=60 {
            world
                .record_to(EndpointId::new(endpoint), 1, "message", 100 + endpoint)
                .await;
        }
        one.drain().await.unwrap();
        let share = world.count("delivered").await - 60;
        assert!((15..=45).contains(&share), "{share} of 60");
        other.drain().await.unwrap();
        assert_eq!(world.count("delivered").await, 120);
    }
);

on_both_databases!(
    an_engine_that_dies_in_a_request_is_succeeded_when_its_lease_has_run_out,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|_| Reply::Hang(200));
        world.record(1, "lead", 10).await;
        world.record(1, "message", 11).await;
        let doomed = world.engine("doomed");
        tokio::select! {
            _ = doomed.drain() => panic!("the request hangs"),
            () = world.receiver.wait_for(1) => {}
        }
        drop(doomed);
        world.receiver.answers(|_| Reply::Status(200));
        let heir = world.engine("heir");
        heir.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [10]);
        assert_eq!(world.state(10).await, "pending");
        world.advance(LEASE);
        heir.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [10, 10, 11]);
        let received = world.receiver.received();
        assert_eq!(received[0].body, received[1].body);
        assert_eq!(world.states(&[10, 11]).await, ["delivered", "delivered"]);
    }
);

on_both_databases!(
    an_engine_that_returns_under_its_name_goes_on_at_once,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|_| Reply::Hang(200));
        world.record(1, "lead", 10).await;
        let killed = world.engine("node-1");
        tokio::select! {
            _ = killed.drain() => panic!("the request hangs"),
            () = world.receiver.wait_for(1) => {}
        }
        drop(killed);
        world.receiver.answers(|_| Reply::Status(200));
        world.engine("node-1").drain().await.unwrap();
        assert_eq!(world.state(10).await, "delivered");
    }
);

on_both_databases!(
    an_engine_that_stops_leaves_its_endpoints_to_others_at_once,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let leaving = world.engine("leaving");
        leaving.drain().await.unwrap();
        let staying = world.engine("staying");
        world.record(1, "lead", 10).await;
        leaving.stop().await.unwrap();
        staying.drain().await.unwrap();
        assert_eq!(world.state(10).await, "delivered");
    }
);

on_both_databases!(
    an_outcome_that_comes_after_the_lease_was_lost_changes_nothing,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|_| Reply::Hang(400));
        world.record(1, "lead", 10).await;
        let frozen = world.engine("frozen");
        let heir = world.engine("heir");
        let succession = async {
            world.receiver.wait_for(1).await;
            world.advance(LEASE);
            world.receiver.answers(|_| Reply::Status(418));
            heir.drain().await.unwrap();
            world.receiver.release();
        };
        let (drained, ()) = tokio::join!(frozen.drain(), succession);
        drained.unwrap();
        let details = world.details(10).await;
        assert_eq!(details.delivery.attempts, 1);
        assert_eq!(details.attempts.len(), 1);
        assert_eq!(details.attempts[0].status, Some(418));
    }
);

on_both_databases!(
    a_process_whose_name_another_took_sends_nothing_and_takes_nothing_from_it,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let (old, new) = (world.engine("one"), world.engine("one"));
        old.drain().await.unwrap();
        new.drain().await.unwrap();
        // Its next renewal finds out.
        world.advance(THIRD);
        world.record(1, "lead", 1).await;
        old.drain().await.unwrap();
        assert_eq!(world.state(1).await, "pending");
        new.drain().await.unwrap();
        assert_eq!(world.state(1).await, "delivered");
        let shards = world.shards_by_owner().await;
        old.stop().await.unwrap();
        assert_eq!(world.shards_by_owner().await, shards);
        world.record(2, "lead", 2).await;
        new.drain().await.unwrap();
        assert_eq!(world.states(&[1, 2]).await, ["delivered"; 2]);
    }
);
