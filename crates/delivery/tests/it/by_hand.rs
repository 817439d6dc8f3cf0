//! Cancelling, and trying again.

use database::on_both_databases;
use delivery::{Called, CalledOff, Ending, MIGRATIONS, Retried, lanes_with_pending};

use crate::receiver::Reply;
use crate::world::{BUSINESS, ByHand, ENDPOINT, Hand, World};

on_both_databases!(
    a_disconnected_business_gets_nothing_more_and_others_go_on,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.record(1, "lead", 10).await;
        world.record(1, "message", 11).await;
        world.record(100, "lead", 20).await;
        world.by_hand(Hand::CancelBusiness(BUSINESS)).await;
        world.engine("a").drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [20]);
        assert_eq!(
            world.states(&[10, 11, 20]).await,
            ["cancelled", "cancelled", "delivered"]
        );
        assert_eq!(
            world.view(10).await.last_error.as_deref(),
            Some("disconnected")
        );
    }
);

on_both_databases!(
    what_is_cancelled_after_it_was_found_is_not_sent,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let (db, now) = (world.db.db().clone(), world.clock.now());
        // The directory is asked when the work was found and nothing was sent yet.
        world.routes.before_each(Box::new(move || {
            let db = db.clone();
            Box::pin(async move {
                let hand = Hand::CancelEverything;
                db.write(ByHand { hand, now }).await.unwrap();
            })
        }));
        world.record(1, "lead", 10).await;
        world.engine("a").drain().await.unwrap();
        assert_eq!(world.receiver.received().len(), 0);
        assert_eq!(world.state(10).await, "cancelled");
    }
);

on_both_databases!(
    what_is_cancelled_on_its_way_stays_cancelled_and_its_attempt_is_on_record,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|_| Reply::Hang(200));
        world.record(1, "lead", 10).await;
        world.record(1, "message", 11).await;
        let engine = world.engine("a");
        let cancel = async {
            world.receiver.wait_for(1).await;
            world.by_hand(Hand::CancelBusiness(BUSINESS)).await;
            world.receiver.release();
        };
        let (drained, ()) = tokio::join!(engine.drain(), cancel);
        drained.unwrap();
        assert_eq!(world.states(&[10, 11]).await, ["cancelled", "cancelled"]);
        assert_eq!(world.receiver.ids(), [10]);
        let attempts = world.details(10).await.attempts;
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].status, Some(200));
    }
);

on_both_databases!(
    a_retry_makes_what_waits_due_and_what_is_dead_pending,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 10 { 418 } else { 400 }));
        world.record(1, "lead", 10).await;
        world.record(2, "lead", 20).await;
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        let bodies = world.receiver.received();
        assert_eq!(world.states(&[10, 20]).await, ["pending", "dead"]);
        world.receiver.answers(|_| Reply::Status(200));
        assert_eq!(world.retry(10).await, Retried::Hastened);
        assert_eq!(world.retry(20).await, Retried::Revived);
        assert_eq!(world.retry(30).await, Retried::Unknown);
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[10, 20]).await, ["delivered", "delivered"]);
        assert_eq!(world.retry(10).await, Retried::Delivered);
        let view = world.view(20).await;
        assert_eq!(view.attempts, 4);
        let last = world.receiver.received().pop().unwrap();
        assert!(
            bodies
                .iter()
                .any(|request| request.id() == last.id() && request.body == last.body)
        );
    }
);

on_both_databases!(
    a_revived_lead_goes_before_its_waiting_messages,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 10 { 400 } else { 418 }));
        for (kind, id) in [("lead", 10), ("message", 11), ("message", 12)] {
            world.record(1, kind, id).await;
        }
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        assert_eq!(
            world.states(&[10, 11, 12]).await,
            ["dead", "pending", "pending"]
        );
        world.retry(10).await;
        let before = world.receiver.received().len();
        world.receiver.answers(|_| Reply::Status(200));
        world.advance(60);
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids()[before..], [10, 11, 12]);
    }
);

on_both_databases!(
    one_delivery_can_be_called_off_and_the_next_of_its_lane_goes,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|_| Reply::Status(500));
        for (kind, id) in [("lead", 10), ("message", 11), ("message", 12)] {
            world.record(1, kind, id).await;
        }
        engine.drain().await.unwrap();
        assert_eq!(world.cancel_one(10).await, CalledOff::Now);
        assert_eq!(world.cancel_one(12).await, CalledOff::Now);
        assert_eq!(
            world.cancel_one(10).await,
            CalledOff::Before(Ending::Cancelled)
        );
        assert_eq!(world.cancel_one(99).await, CalledOff::Unknown);
        world.receiver.answers(|_| Reply::Status(200));
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [10, 11]);
        assert_eq!(
            world.states(&[10, 11, 12]).await,
            ["cancelled", "delivered", "cancelled"]
        );
        assert_eq!(
            world.cancel_one(11).await,
            CalledOff::Before(Ending::Delivered)
        );
        let view = world.view(10).await;
        assert_eq!(view.last_error.as_deref(), Some("not wanted"));
        assert_eq!((view.attempts, view.last_status), (1, Some(500)));
        // Its bytes are kept: it can be brought back.
        assert_eq!(world.retry(10).await, Retried::Revived);
        engine.drain().await.unwrap();
        assert_eq!(world.state(10).await, "delivered");
    }
);

on_both_databases!(
    much_is_called_off_lane_by_lane,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        for lead in 1..=5 {
            world.record(lead, "lead", lead).await;
            world.record(lead, "message", lead + 10).await;
        }
        let mut reader = world.db.reader();
        let lanes = lanes_with_pending(&mut reader, ENDPOINT, Called::Everything).await;
        let lanes = lanes.unwrap();
        assert_eq!(lanes.len(), 5);
        for (lanes, count) in [(&lanes[..2], 4), (&lanes[..2], 0), (&lanes[2..], 6)] {
            assert_eq!(world.cancel_in_lanes(lanes).await, count);
        }
        assert_eq!(world.count("cancelled").await, 10);
        assert_eq!(world.count("pending").await, 0);
    }
);
