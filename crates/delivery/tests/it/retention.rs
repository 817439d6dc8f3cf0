//! History goes by age, in small batches; what is pending stays, whatever its age.

use std::sync::Arc;
use std::time::Duration;

use database::test_db::TestDb;
use database::{Db, Error, Op, Read as _, Sql, Tx, on_both_databases};
use delivery::retention::{Policy, Trimmed, trim};
use delivery::{ConversationId, EndpointId, MIGRATIONS, NewDelivery};
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::receiver::Reply;
use crate::world::{ENDPOINT, Hand, Route, World, business_id, delivery_id};

const DAY: u64 = 24 * 3_600;

async fn trimmed(world: &World) -> Trimmed {
    let done = trim(&world.db, &Policy::default(), world.clock.now()).await;
    done.unwrap()
}

/// The first column of the first row.
async fn number(db: &Db, sql: &'static str) -> i64 {
    let row = db.reader().query_one(Sql::both(sql), &[]).await;
    row.unwrap().get("number").unwrap()
}

async fn lanes(db: &Db) -> i64 {
    number(db, "SELECT COUNT(*) AS number FROM delivery_lane").await
}

/// Runs a text of statements.
#[derive(Clone, Copy)]
struct Script(&'static str);

impl Op for Script {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(self.0).await
    }
}

on_both_databases!(
    what_is_over_goes_after_its_time_and_the_dead_stay_longer,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let elsewhere = EndpointId::new(2);
        world.routes.set(elsewhere, Route::Hold);
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 20 { 400 } else { 200 }));
        world.record(1, "lead", 10).await;
        world.record(2, "lead", 20).await;
        world.record_to(elsewhere, 3, "lead", 30).await;
        for _ in 0..8 {
            world.engine("a").drain().await.unwrap();
            world.advance(1);
        }
        world.record(4, "lead", 40).await;
        world.by_hand(Hand::CancelEverything).await;
        let ids = [10, 20, 30, 40];
        let states = ["delivered", "dead", "pending", "cancelled"];
        assert_eq!(world.states(&ids).await, states);

        world.advance(30 * DAY - 8);
        assert_eq!(trimmed(&world).await, Trimmed::default(), "not yet");
        world.advance(9);
        let expected = Trimmed {
            deliveries: 2,
            attempts: 1,
            lanes: 2,
        };
        assert_eq!(trimmed(&world).await, expected);
        assert_eq!(world.states(&ids[1..3]).await, states[1..3]);
        for gone in [10, 40] {
            let found = delivery::find(&mut world.db.reader(), delivery_id(gone)).await;
            assert_eq!(found.unwrap(), None);
        }
        assert_eq!(world.details(20).await.attempts.len(), 3);

        world.advance(334 * DAY);
        assert_eq!(trimmed(&world).await, Trimmed::default());
        assert_eq!(world.state(20).await, "dead", "it can still be sent");
        world.advance(2 * DAY);
        let expected = Trimmed {
            deliveries: 1,
            attempts: 3,
            lanes: 1,
        };
        assert_eq!(trimmed(&world).await, expected);
        world.advance(10_000 * DAY);
        assert_eq!(trimmed(&world).await, Trimmed::default());
        assert_eq!(world.state(30).await, "pending");
    }
);

on_both_databases!(what_is_kept_is_a_choice, &[MIGRATIONS], |db| async move {
    let world = World::new(db).await;
    world.record(1, "lead", 10).await;
    world.engine("a").drain().await.unwrap();
    world.advance(3_601);
    assert_eq!(trimmed(&world).await, Trimmed::default());
    let policy = Policy {
        finished: Duration::from_hours(1),
        ..Policy::default()
    };
    let done = trim(&world.db, &policy, world.clock.now()).await.unwrap();
    assert_eq!(done.rows(), 3);
});

on_both_databases!(
    a_lane_goes_with_its_last_row_and_then_begins_anew,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.record(1, "lead", 10).await;
        world.engine("a").drain().await.unwrap();
        world.advance(31 * DAY);
        world.record(1, "message", 11).await;
        assert_eq!(trimmed(&world).await.lanes, 0, "something waits in it");
        let sequence = "SELECT sequence AS number FROM delivery_pending";
        assert_eq!(number(&world.db, sequence).await, 2);
        world.engine("a").drain().await.unwrap();
        assert_eq!(trimmed(&world).await.rows(), 0, "its last row is young");
        world.advance(31 * DAY);
        assert_eq!(trimmed(&world).await.lanes, 1);
        assert_eq!(lanes(&world.db).await, 0);
        world.record(1, "message", 12).await;
        assert_eq!(number(&world.db, sequence).await, 1);
        world.engine("a").drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [10, 11, 12]);
    }
);

/// Each of 10,000 conversations had a lead and a message, delivered at the first moment; 100 more have a pending one; the
/// first 50 have both.
const TEN_THOUSAND: &str = "
    INSERT INTO delivery_lane (endpoint_id, conversation_id, next_sequence)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) SELECT 1, i, 4 FROM n;
    INSERT INTO delivery_outcome (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind, created_at_us,
            state, finished_at_us, attempts)
        SELECT 1, conversation_id, 1, conversation_id * 10, 5, 'lead', 0, 'delivered', 0, 2 FROM delivery_lane
        WHERE conversation_id <= 10000
        UNION ALL SELECT 1, conversation_id, 2, conversation_id * 10 + 1, 5, 'message', 0, 'delivered', 0, 1
        FROM delivery_lane WHERE conversation_id <= 10000;
    INSERT INTO delivery_attempt (endpoint_id, delivery_id, attempt, started_at_us, ended_at_us, class)
        SELECT 1, delivery_id, 1, 0, 0, 'endpoint' FROM delivery_outcome
        UNION ALL SELECT 1, delivery_id, 2, 0, 0, 'delivered' FROM delivery_outcome WHERE attempts = 2;
    INSERT INTO delivery_pending (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind, body,
            created_at_us, is_head, next_attempt_at_us, attempts, steps, waited_us, refusals)
        SELECT 1, conversation_id, 3, conversation_id * 10 + 2, 5, 'message', '{}', 0, TRUE, 0, 0, 0, 0, 0
        FROM delivery_lane WHERE conversation_id <= 50 OR conversation_id > 10000;
";

on_both_databases!(
    a_long_history_goes_in_many_small_transactions_and_nothing_pending_with_it,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.db.write(Script(TEN_THOUSAND)).await.unwrap();
        let pending =
            "SELECT CAST(SUM(sequence + delivery_id) AS BIGINT) AS number FROM delivery_pending";
        let before = number(&world.db, pending).await;
        let writes = world.db.counters().operations;
        let done = trimmed(&world).await;
        let expected = Trimmed {
            deliveries: 20_000,
            attempts: 30_000,
            lanes: 9_950,
        };
        assert_eq!(done, expected);
        let writes = world.db.counters().operations - writes;
        // 500 deliveries in each, one that finds nothing more, and those for the dead and for long rows of attempts.
        assert!((41..=45).contains(&writes), "{writes} transactions");
        assert_eq!(number(&world.db, pending).await, before);
        assert_eq!(lanes(&world.db).await, 100);
        assert_eq!(trimmed(&world).await, Trimmed::default());
    }
);

/// A pending delivery that was tried 1,500 times, one that was tried 200 times, and one 201 times.
const MANY_ATTEMPTS: &str = "
    INSERT INTO delivery_attempt (endpoint_id, delivery_id, attempt, started_at_us, ended_at_us, class)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
        SELECT 1, 10, i, 0, 0, 'endpoint' FROM n
        UNION ALL SELECT 1, 20, i, 0, 0, 'endpoint' FROM n WHERE i <= 200
        UNION ALL SELECT 1, 30, i, 0, 0, 'endpoint' FROM n WHERE i <= 201;
";

on_both_databases!(
    of_very_many_attempts_the_first_and_the_last_stay,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.routes.set(ENDPOINT, Route::Hold);
        for (lead, id) in [(1, 10), (2, 20), (3, 30)] {
            world.record(lead, "lead", id).await;
        }
        world.db.write(Script(MANY_ATTEMPTS)).await.unwrap();
        assert_eq!(trimmed(&world).await.attempts, 1_301);
        let numbers = |details: delivery::DeliveryDetails| -> Vec<u32> {
            details.attempts.iter().map(|one| one.attempt).collect()
        };
        let kept: Vec<u32> = (1..=20).chain(1_321..=1_500).collect();
        assert_eq!(numbers(world.details(10).await), kept);
        let kept: Vec<u32> = (1..=200).collect();
        assert_eq!(numbers(world.details(20).await), kept);
        let kept: Vec<u32> = (1..=20).chain(22..=201).collect();
        assert_eq!(numbers(world.details(30).await), kept);
        assert_eq!(trimmed(&world).await.attempts, 0);
    }
);

/// Records a message about lead 1, and commits when it is told to.
struct SlowRecord {
    recorded: Arc<Notify>,
    commit: Arc<Notify>,
    now: Timestamp,
}

impl Op for SlowRecord {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let new = NewDelivery {
            delivery_id: delivery_id(11),
            endpoint_id: ENDPOINT,
            conversation_id: ConversationId::new(1),
            business_id: business_id(500),
            kind: "message",
            body: "{}",
            created_at: self.now,
        };
        delivery::record(tx, &new).await?;
        self.recorded.notify_one();
        self.commit.notified().await;
        Ok(())
    }
}

/// PostgreSQL only: SQLite has one writer, and operations there wait for nothing.
#[tokio::test]
async fn a_lane_that_somebody_writes_to_is_passed_over_and_keeps_its_counter() {
    let world = World::new(TestDb::postgres(&[MIGRATIONS]).await).await;
    for lead in [1, 2] {
        world.record(lead, "lead", lead * 10).await;
    }
    world.engine("a").drain().await.unwrap();
    world.advance(31 * DAY);
    let slow = SlowRecord {
        recorded: Arc::default(),
        commit: Arc::default(),
        now: world.clock.now(),
    };
    let (recorded, commit) = (Arc::clone(&slow.recorded), Arc::clone(&slow.commit));
    let trim_meanwhile = async {
        recorded.notified().await;
        let done = trimmed(&world).await;
        commit.notify_one();
        done
    };
    let (written, done) = tokio::join!(world.db.write(slow), trim_meanwhile);
    written.unwrap();
    assert_eq!((done.deliveries, done.lanes), (1, 1), "the other one");
    let done = trimmed(&world).await;
    assert_eq!((done.deliveries, done.lanes), (1, 0), "only what is old");
    let sequence = "SELECT sequence AS number FROM delivery_pending";
    assert_eq!(number(&world.db, sequence).await, 2);
}

on_both_databases!(
    a_counter_never_begins_anew_while_a_row_has_one_of_its_numbers,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.advance(31 * DAY);
        let policy = Policy::default();
        for round in 1..=60 {
            // An old outcome in the lane, and a recording that races with two processes that trim.
            world.record(1, "message", round * 10).await;
            world.engine("a").drain().await.unwrap();
            world.advance(31 * DAY);
            let now = world.clock.now();
            let (_, first, second) = tokio::join!(
                world.record(1, "message", round * 10 + 1),
                trim(&world.db, &policy, now),
                trim(&world.db, &policy, now),
            );
            first.unwrap();
            second.unwrap();
            let behind = "SELECT COUNT(*) AS number FROM delivery_pending AS p
                LEFT JOIN delivery_lane AS l ON l.conversation_id = p.conversation_id
                    AND l.endpoint_id = p.endpoint_id AND l.next_sequence > p.sequence
                WHERE l.endpoint_id IS NULL";
            assert_eq!(number(&world.db, behind).await, 0, "round {round}");
            assert_eq!(lanes(&world.db).await, 1, "round {round}");
            world.engine("a").drain().await.unwrap();
            world.advance(31 * DAY);
        }
        assert_eq!(world.receiver.ids().len(), 120);
    }
);
