//! Sending an endpoint again what died: which, how fast, in which order, and until when.

use std::time::Duration;

use database::on_both_databases;
use delivery::replay::{Advanced, ReplayState, Stopped};
use delivery::{EndpointId, MIGRATIONS};

use crate::world::{ENDPOINT, Hand, World};

on_both_databases!(
    a_replay_sends_what_died_since_then_and_nothing_else,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 900, 1).await;
        let since = world.clock.now();
        world.dead_leads(&engine, 1, 40).await;
        let other = EndpointId::new(2);
        world.record_to(other, 1, "lead", 800).await;
        world.let_all_die(&engine).await;
        assert_eq!(world.count("dead").await, 42);
        let (_, survey) = world.survey(ENDPOINT, since).await;
        assert_eq!(survey.total, 40);
        let before = world.receiver.received().len();
        let made = world.replay(1, since, 1_000).await;
        assert_eq!((made.total, made.replayed), (40, 40));
        assert_eq!(made.state.as_str(), "done", "it all fits into one second");
        engine.drain().await.unwrap();
        assert_eq!(world.count("delivered").await, 40);
        assert_eq!(world.states(&[900, 800]).await, ["dead", "dead"]);
        let again = world.receiver.received().split_off(before);
        assert_eq!(again.len(), 40, "once each");
        assert!(
            again
                .iter()
                .all(|request| { request.body == format!("{{\"id\":\"{}\"}}", request.id()) })
        );
    }
);

on_both_databases!(a_replay_keeps_to_its_rate, &[MIGRATIONS], |db| async move {
    let world = World::new(db).await;
    let engine = world.engine("a");
    world.dead_leads(&engine, 1, 50).await;
    let made = world.replay(1, world.start, 10).await;
    assert_eq!(
        (made.total, made.replayed),
        (50, 10),
        "a second's worth at once"
    );
    assert_eq!(world.advance_replays("a").await.revived, 0);
    let mut counts = Vec::new();
    for _ in 0..8 {
        world.clock.advance(Duration::from_millis(500));
        counts.push(world.advance_replays("a").await.revived);
    }
    assert_eq!(counts, [5; 8]);
    let last = world.found(1).await;
    assert_eq!((last.replayed, last.state.as_str()), (50, "done"));
    assert_eq!(last.state.finished_at(), Some(world.clock.now()));
    world.advance(60);
    let idle = world.advance_replays("a").await;
    assert_eq!(idle, Advanced::default(), "there is nothing to do any more");
});

on_both_databases!(
    whoever_advances_is_told_when_to_come_back,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 5).await;
        world.replay(1, world.start, 1).await;
        let due = world.advance_replays("a").await.next_due;
        assert_eq!(due, Some(world.clock.now() + Duration::from_secs(1)));
        world.advance(1);
        let advanced = world.advance_replays("a").await;
        assert_eq!(advanced.revived, 1);
        assert_eq!(
            advanced.next_due,
            Some(world.clock.now() + Duration::from_secs(1))
        );
    }
);

on_both_databases!(
    a_batch_is_small_however_high_the_rate,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 450).await;
        let made = world.replay(1, world.start, 1_000).await;
        assert_eq!(made.replayed, 200);
        let second = world.advance_replays("a").await;
        assert_eq!(
            (second.revived, second.next_due),
            (200, Some(world.clock.now()))
        );
        assert_eq!(world.advance_replays("a").await.revived, 50);
        engine.drain().await.unwrap();
        assert_eq!(world.count("delivered").await, 450);
    }
);

on_both_databases!(
    what_dies_again_meanwhile_is_not_put_back_twice,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 20).await;
        world.replay(1, world.start, 1).await;
        for _ in 0..40 {
            // Each one dies again, some while the job still runs: the engine goes on with it.
            world.let_all_die(&engine).await;
        }
        assert_eq!(world.found(1).await.replayed, 20);
        assert_eq!(world.count("dead").await, 20);
        assert_eq!(world.found(1).await.state.as_str(), "done");
        for id in 1..=20 {
            assert_eq!(world.view(id).await.attempts, 6, "{id}");
        }
    }
);

on_both_databases!(
    a_lead_goes_before_its_messages_again,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 10, 1).await;
        world.by_hand(Hand::Pause).await;
        for id in [11, 12] {
            world.record(10, "message", id).await;
        }
        world.replay(1, world.start, 100).await;
        world.by_hand(Hand::Resume).await;
        let before = world.receiver.received().len();
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids()[before..], [10, 11, 12]);
    }
);

on_both_databases!(
    a_cancelled_replay_goes_no_further,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 6).await;
        world.replay(1, world.start, 2).await;
        let now = world.clock.now();
        let Stopped::Now(stopped) = world.stop_replay(1).await else {
            panic!("it was running");
        };
        assert_eq!(stopped.state, ReplayState::Cancelled { at: now });
        assert_eq!(stopped.replayed, 2);
        world.advance(60);
        assert_eq!(world.advance_replays("a").await, Advanced::default());
        engine.drain().await.unwrap();
        assert_eq!(
            world.count("delivered").await,
            2,
            "what was put back goes on"
        );
        assert_eq!(world.count("dead").await, 4);
        let again = world.stop_replay(1).await;
        assert_eq!(again, Stopped::Before(world.found(1).await));
        let unknown = world.stop_replay(99).await;
        assert_eq!(unknown, Stopped::Unknown);
    }
);

on_both_databases!(
    nothing_to_replay_is_done_at_once,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let made = world.replay(1, world.start, 10).await;
        assert_eq!(made.total, 0);
        assert_eq!(
            made.state,
            ReplayState::Done {
                at: world.clock.now()
            }
        );
        assert_eq!(world.found(1).await, made);
    }
);
