//! What the order of locks is for, on the database that has several writers at once.

use std::sync::Arc;

use database::test_db::TestDb;
use database::{Op, Read as _};
use tokio::sync::Notify;

use super::*;
use crate::model::Recorded;
use crate::schema::MIGRATIONS;
use crate::store::lane;

const OLD: &str = "
    INSERT INTO delivery_lane (endpoint_id, conversation_id, next_sequence) VALUES (1, 5, 8);
    INSERT INTO delivery_outcome (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind, created_at_us,
            state, finished_at_us, attempts)
        VALUES (1, 5, 7, 10, 500, 'lead', 0, 'delivered', 0, 1);
";

/// Trims the one lane, and waits between its steps until it is told to go on.
struct SlowTrim {
    locked: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Op for SlowTrim {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        let before = Timestamp::from_microsecond(1).unwrap_or_default();
        let aged = lock_aged(tx, History::Finished, before, 9).await?;
        self.locked.notify_one();
        self.go_on.notified().await;
        let gone = delete_outcomes(tx, History::Finished, before, &aged).await?;
        delete_attempts(tx, &gone).await?;
        delete_empty_lanes(tx, &gone).await
    }
}

struct Arrange;

impl Op for Arrange {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(OLD).await
    }
}

struct Record;

impl Op for Record {
    type Out = Recorded;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Recorded, Error> {
        let new = crate::NewDelivery {
            delivery_id: DeliveryId::from_i64(11).expect("it is positive"),
            endpoint_id: EndpointId::new(1),
            conversation_id: ConversationId::new(5),
            business_id: protocol::id::BusinessId::from_i64(500).expect("it is positive"),
            kind: "message",
            body: "{}",
            created_at: Timestamp::UNIX_EPOCH,
        };
        crate::record(tx, &new).await
    }
}

/// Whether somebody waits for a lock.
const WAITING: Sql = Sql::both(
    "SELECT COUNT(*) AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'",
);

#[tokio::test]
async fn a_recording_waits_until_its_lane_is_trimmed_and_begins_it_anew() {
    let db = TestDb::postgres(&[MIGRATIONS]).await;
    db.write(Arrange).await.unwrap();
    let slow = SlowTrim {
        locked: Arc::default(),
        go_on: Arc::default(),
    };
    let (locked, go_on) = (Arc::clone(&slow.locked), Arc::clone(&slow.go_on));
    let record = async {
        locked.notified().await;
        db.write(Record).await
    };
    let let_go = async {
        wait_for_a_lock(&db).await;
        go_on.notify_one();
    };
    let (lanes, recorded, ()) = tokio::join!(db.write(slow), record, let_go);
    assert_eq!(lanes.unwrap(), 1);
    assert_eq!(recorded.unwrap(), Recorded::New);
    let pending = Sql::both("SELECT sequence, is_head FROM delivery_pending");
    let row = db.reader().query_one(pending, &[]).await.unwrap();
    assert_eq!(row.get::<i64>("sequence").unwrap(), 1);
    assert!(row.get::<bool>("is_head").unwrap());
    assert_eq!(db.write(TakeSequence).await.unwrap(), 2);
}

/// Looks until somebody waits, or for so long that nobody will.
async fn wait_for_a_lock(db: &TestDb) {
    for _ in 0..2_000 {
        let row = db.reader().query_one(WAITING, &[]).await.unwrap();
        if row.get::<i64>("waiting").unwrap() > 0 {
            return;
        }
    }
}

struct TakeSequence;

impl Op for TakeSequence {
    type Out = i64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<i64, Error> {
        lane::take_sequence(tx, EndpointId::new(1), ConversationId::new(5)).await
    }
}
