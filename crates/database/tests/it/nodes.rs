//! PostgreSQL: several nodes, deadlocks, and connections that die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use database::test_db::TestDb;
use database::{Db, Error, Op, Options, Tx, params};
use tokio::sync::Barrier;

use crate::actors::{Add, COUNTERS, LOCK, SET, cut_off_others, sql, value};

/// Locks two counters in the given order. In its first run it waits in between until the other has locked one too:
/// an operation of the product must not wait for such a thing, and on SQLite it could not.
struct Cross {
    first: i64,
    second: i64,
    both_hold_one: Arc<Barrier>,
    ran_before: AtomicBool,
}

impl Op for Cross {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.query(LOCK, params![self.first]).await?;
        if !self.ran_before.swap(true, Ordering::SeqCst) {
            self.both_hold_one.wait().await;
        }
        let value: i64 = tx
            .query_one(LOCK, params![self.second])
            .await?
            .get("value")?;
        tx.execute(SET, params![self.second, value + 1]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_deadlock_is_resolved_by_running_one_operation_again() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    db.write(Add(1)).await.unwrap();
    db.write(Add(2)).await.unwrap();
    let both_hold_one = Arc::new(Barrier::new(2));
    let cross = |first, second| {
        let op = Cross {
            first,
            second,
            both_hold_one: Arc::clone(&both_hold_one),
            ran_before: AtomicBool::new(false),
        };
        let db = db.db().clone();
        async move { db.write(op).await }
    };
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(cross(1, 2));
    tasks.spawn(cross(2, 1));
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_eq!(value(&mut db.reader(), 1).await, Some(1));
    assert_eq!(value(&mut db.reader(), 2).await, Some(1));
    // Twice, if the one that was rolled back came first again.
    assert!(db.counters().repeats >= 1);
}

/// Ends its own connection.
struct CutOff;

impl Op for CutOff {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.query(sql("SELECT pg_terminate_backend(pg_backend_pid())"), &[])
            .await
            .map(drop)
    }
}

#[tokio::test]
async fn a_lost_connection_is_unavailable_and_the_next_write_gets_another() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    let error = db.write(CutOff).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    db.write(Add(1)).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_replaced() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    let other = Db::open(db.url(), &Options::default()).await.unwrap();
    assert_eq!(cut_off_others(&other).await, 1);
    db.write(Add(1)).await.unwrap();
}

/// Keeps its connection for longer than the tests below wait.
struct Sleep;

impl Op for Sleep {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.query(sql("SELECT pg_sleep(30)"), &[]).await.map(drop)
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    let options = Options {
        statement_timeout: Duration::from_millis(50),
        ..Options::default()
    };
    let hasty = Db::open(db.url(), &options).await.unwrap();
    let error = hasty.write(Sleep).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unavailable_in_time() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    let options = Options {
        connections: 1,
        wait: Duration::from_millis(100),
        ..Options::default()
    };
    let small = Db::open(db.url(), &options).await.unwrap();
    let sleeper = small.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { sleeper.write(Sleep).await });
    tokio::task::yield_now().await;
    let error = small.write(Add(1)).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn no_more_callers_than_may_wait_for_a_connection() {
    let db = TestDb::postgres(&[COUNTERS]).await;
    let options = Options {
        connections: 1,
        queue: 1,
        wait: Duration::from_secs(20),
        ..Options::default()
    };
    let small = Db::open(db.url(), &options).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    // One has the connection, one waits.
    for _ in 0..2 {
        let sleeper = small.clone();
        tasks.spawn(async move { sleeper.write(Sleep).await });
        tokio::task::yield_now().await;
    }
    let error = small.write(Add(1)).await.unwrap_err();
    assert!(error.is_busy(), "{error}");
}
