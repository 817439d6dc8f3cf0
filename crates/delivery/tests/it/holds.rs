//! What follows when the endpoint as a whole is in trouble (protocol §4.5).

use std::time::Duration;

use database::on_both_databases;
use delivery::{Engine, HoldReason, MIGRATIONS};

use crate::receiver::Reply;
use crate::world::{Hand, Routes, World};

/// Lets so much time pass, stopping wherever something falls due.
async fn pass(world: &World, engine: &Engine<Routes>, seconds: i64) {
    let end = world.clock.now() + jiff::SignedDuration::from_secs(seconds);
    engine.drain().await.unwrap();
    while let Some(due) = engine.next_due().await.unwrap() {
        if due > end {
            break;
        }
        let left = due.duration_since(world.clock.now());
        world
            .clock
            .advance(Duration::try_from(left).unwrap_or_default());
        engine.drain().await.unwrap();
    }
    let left = end.duration_since(world.clock.now());
    world
        .clock
        .advance(Duration::try_from(left).unwrap_or_default());
}

on_both_databases!(
    refused_credentials_hold_the_endpoint_until_a_probe_succeeds,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::Status(401));
        world.record(1, "lead", 1).await;
        engine.drain().await.unwrap();
        let hold = world.endpoint().await.hold.expect("it is held");
        assert_eq!(hold.reason, HoldReason::Credentials);
        for lead in 2..=20 {
            world.record(lead, "lead", lead).await;
        }
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [1]);
        // 1, 2, 5, 10, 15 and 30 s, then every 30 s.
        pass(&world, &engine, 600).await;
        let probes = world.receiver.received().len() - 1;
        assert!((22..=25).contains(&probes), "{probes} probes");
        world.receiver.answers(|_| Reply::Status(200));
        pass(&world, &engine, 40).await;
        assert_eq!(world.count("delivered").await, 20);
        assert_eq!(world.endpoint().await.hold, None);
    }
);

on_both_databases!(
    one_lead_that_is_forbidden_for_its_own_reasons_does_not_hold_the_others_for_ever,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 1 { 403 } else { 200 }));
        for lead in 1..=5 {
            world.record(lead, "lead", lead).await;
        }
        pass(&world, &engine, 5).await;
        for lead in 6..=9 {
            world.record(lead, "lead", lead).await;
        }
        pass(&world, &engine, 30).await;
        assert_eq!(world.count("delivered").await, 8);
        assert_eq!(world.state(1).await, "pending");
    }
);

on_both_databases!(
    an_endpoint_that_is_down_for_days_loses_nothing_and_burns_nothing,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::Status(503));
        for lead in 1..=6 {
            world.record(lead, "lead", lead * 10).await;
            world.record(lead, "message", lead * 10 + 1).await;
        }
        pass(&world, &engine, 60).await;
        let hold = world.endpoint().await.hold.expect("it is held");
        assert_eq!(hold.reason, HoldReason::Failing);
        // The clock jumps: a probe is due, whatever was missed.
        world.advance(100 * 3_600);
        pass(&world, &engine, 3_600).await;
        assert_eq!(world.count("pending").await, 12);
        world.receiver.answers(|_| Reply::Status(200));
        pass(&world, &engine, 360).await;
        assert_eq!(world.count("delivered").await, 12);
        assert_eq!(world.endpoint().await.hold, None);
    }
);

on_both_databases!(
    a_wish_for_time_is_granted_to_the_whole_endpoint_and_burns_no_attempt,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::RetryAfter(429, 120));
        world.record(1, "lead", 1).await;
        engine.drain().await.unwrap();
        world.receiver.answers(|_| Reply::Status(200));
        world.record(2, "lead", 2).await;
        world.advance(119);
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [1]);
        world.advance(1);
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[1, 2]).await, ["delivered", "delivered"]);
    }
);

on_both_databases!(
    a_410_holds_everything_until_the_settings_change,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::Status(410));
        world.record(1, "lead", 1).await;
        engine.drain().await.unwrap();
        assert!(world.endpoint().await.gone);
        world.record(2, "lead", 2).await;
        pass(&world, &engine, 3_600).await;
        assert_eq!(world.receiver.ids(), [1]);
        assert_eq!(engine.next_due().await.unwrap(), None);
        world.receiver.answers(|_| Reply::Status(200));
        world.by_hand(Hand::Release).await;
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[1, 2]).await, ["delivered", "delivered"]);
    }
);

on_both_databases!(
    a_release_lets_everything_go_without_waiting_for_a_probe,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::Status(401));
        world.record(1, "lead", 1).await;
        world.record(2, "lead", 2).await;
        pass(&world, &engine, 7_200).await;
        world.receiver.answers(|_| Reply::Status(200));
        world.by_hand(Hand::Release).await;
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[1, 2]).await, ["delivered", "delivered"]);
    }
);

on_both_databases!(
    a_paused_endpoint_keeps_what_is_recorded,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.by_hand(Hand::Pause).await;
        world.record(1, "lead", 1).await;
        pass(&world, &engine, 3_600).await;
        assert_eq!(world.receiver.received().len(), 0);
        world.by_hand(Hand::Resume).await;
        engine.drain().await.unwrap();
        assert_eq!(world.state(1).await, "delivered");
    }
);
