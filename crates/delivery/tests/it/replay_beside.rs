//! Replays and whatever happens beside them: crashes, other processes, other replays, other hands.

use database::on_both_databases;
use delivery::replay::{self, Advanced, ReplayState, ReplayView};
use delivery::{EndpointId, MIGRATIONS};

use crate::replaying::{CreateAndFail, replay_id};
use crate::world::{ENDPOINT, World};

on_both_databases!(
    a_crash_between_two_advances_changes_nothing,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 30).await;
        let before = world.receiver.received().len();
        world.replay(1, world.start, 10).await;
        drop(engine);
        // Nobody gave the shards up: another process gets them when the leases have run out.
        let other = world.engine("b");
        other.drain().await.unwrap();
        assert_eq!(world.found(1).await.replayed, 10);
        world.advance(60);
        other.drain().await.unwrap();
        assert_eq!(world.found(1).await.replayed, 20);
        assert_eq!(
            world.advance_replays("a").await,
            Advanced::default(),
            "it has no shards any more"
        );
        world.advance(1);
        other.drain().await.unwrap();
        let mut ids = world.receiver.ids().split_off(before);
        ids.sort_unstable();
        assert_eq!(ids, (1..=30).collect::<Vec<i64>>(), "once each");
        assert_eq!(world.found(1).await.state.as_str(), "done");
    }
);

on_both_databases!(
    a_transaction_that_fails_leaves_neither_job_nor_deliveries,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 3).await;
        let new = world.new_replay(1, world.start, 10).await;
        assert!(world.db.write(CreateAndFail(new)).await.is_err());
        let found = replay::find(&mut world.db.reader(), replay_id(1)).await;
        assert_eq!(found.unwrap(), None);
        assert_eq!(world.count("dead").await, 3);
    }
);

on_both_databases!(
    two_processes_that_advance_at_once_put_nothing_back_twice,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 40).await;
        world.replay(1, world.start, 10).await;
        let mut revived = 10;
        while world.found(1).await.state == ReplayState::Running {
            world.advance(1);
            let (one, other, third) = tokio::join!(
                world.advance_replays("a"),
                world.advance_replays("a"),
                world.advance_replays("a")
            );
            let together = one.revived + other.revived + third.revived;
            assert!(together <= 10, "{together} in a second");
            revived += together;
        }
        assert_eq!(revived, 40);
        assert_eq!(world.found(1).await.replayed, 40);
    }
);

on_both_databases!(
    what_somebody_else_put_back_is_left_alone,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 4).await;
        world.replay(1, world.start, 1).await;
        world.retry(2).await;
        world.cancel_one(2).await;
        world.retry(3).await;
        engine.drain().await.unwrap();
        for _ in 0..5 {
            world.advance(1);
            world.advance_replays("a").await;
        }
        engine.drain().await.unwrap();
        let replay = world.found(1).await;
        assert_eq!(
            (replay.total, replay.replayed, replay.state.as_str()),
            (4, 2, "done")
        );
        assert_eq!(
            world.states(&[1, 2, 3, 4]).await,
            ["delivered", "cancelled", "delivered", "delivered"]
        );
    }
);

on_both_databases!(
    the_jobs_of_an_endpoint_wait_for_each_other,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.dead_leads(&engine, 1, 6).await;
        world.replay(1, world.start, 2).await;
        let second = world.replay(2, world.start, 2).await;
        assert_eq!(
            (second.total, second.replayed),
            (4, 0),
            "not while the first one runs"
        );
        for _ in 0..2 {
            world.advance(1);
            assert_eq!(world.advance_replays("a").await.revived, 2);
        }
        assert_eq!(world.found(1).await.replayed, 6);
        // The second finds nothing that is left, and ends.
        world.advance_replays("a").await;
        let second = world.found(2).await;
        assert_eq!((second.replayed, second.state.as_str()), (0, "done"));
        let reader = &mut world.db.reader();
        let all = replay::list(reader, None, None, 9).await.unwrap();
        let ids = |views: &[ReplayView]| -> Vec<i64> {
            views.iter().map(|view| view.replay_id.get()).collect()
        };
        assert_eq!(ids(&all), [2, 1]);
        let rest = replay::list(reader, Some(ENDPOINT), Some(replay_id(2)), 9).await;
        assert_eq!(ids(&rest.unwrap()), [1]);
        let others = replay::list(reader, Some(EndpointId::new(2)), None, 9).await;
        assert_eq!(ids(&others.unwrap()), [0_i64; 0]);
    }
);
