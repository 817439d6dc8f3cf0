//! SQLite's writer: many operations, one commit, and nobody is told "stored" before it.

use std::pin::Pin;
use std::task::Poll;

use database::test_db::TestDb;
use database::{Db, Error, Op, Options, Tx};

use crate::actors::{Add, COUNTERS, Hold, Holder, count, sql};

/// A future that was polled once: a write that is in the queue.
type Begun<T> = Pin<Box<dyn Future<Output = T>>>;

async fn begin<T>(future: impl Future<Output = T> + 'static) -> Begun<T> {
    let mut future: Begun<T> = Box::pin(future);
    let poll = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
    assert!(poll.is_pending(), "it ended before it could be held up");
    future
}

/// Queues a write without waiting for its answer.
async fn queue<O: Op>(db: &Db, op: O) -> Begun<Result<O::Out, O::Error>> {
    let db = db.clone();
    begin(async move { db.write(op).await }).await
}

/// Occupies the writer until the holder releases it.
async fn hold(db: &Db) -> (Holder, Begun<Result<(), Error>>) {
    let (op, holder) = Hold::new();
    let held = queue(db, op).await;
    holder.begun.recv().unwrap();
    (holder, held)
}

#[tokio::test]
async fn operations_that_wait_together_are_committed_together() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    let before = db.counters();
    let (holder, held) = hold(&db).await;
    let mut writes = Vec::new();
    for id in 0..100 {
        writes.push(queue(&db, Add(id)).await);
    }
    assert_eq!(count(&mut db.reader()).await, 0);
    holder.release.send(()).unwrap();
    held.await.unwrap();
    for write in writes {
        write.await.unwrap();
    }
    let after = db.counters();
    assert_eq!(after.operations - before.operations, 101);
    assert_eq!(after.commits - before.commits, 2);
    let reopened = Db::open(db.url(), &Options::default()).await.unwrap();
    assert_eq!(count(&mut reopened.reader()).await, 100);
}

#[tokio::test]
async fn an_operation_that_fails_takes_no_other_with_it() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    let (holder, held) = hold(&db).await;
    let mut writes = Vec::new();
    for id in [1, 2, 1, 3] {
        writes.push(queue(&db, Add(id)).await);
    }
    holder.release.send(()).unwrap();
    held.await.unwrap();
    let mut refusals = Vec::new();
    for write in writes {
        refusals.extend(write.await.err());
    }
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].is_conflict());
    assert_eq!(count(&mut db.reader()).await, 3);
}

#[tokio::test]
async fn a_full_queue_answers_busy_at_once() {
    let file = TestDb::sqlite(&[COUNTERS]).await;
    let options = Options {
        queue: 2,
        ..Options::default()
    };
    let db = Db::open(file.url(), &options).await.unwrap();
    let (holder, held) = hold(&db).await;
    let (first, second) = (queue(&db, Add(1)).await, queue(&db, Add(2)).await);
    assert!(db.write(Add(3)).await.unwrap_err().is_busy());
    holder.release.send(()).unwrap();
    held.await.unwrap();
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(count(&mut db.reader()).await, 2);
}

#[tokio::test]
async fn closing_waits_for_what_is_queued() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    let (holder, held) = hold(&db).await;
    let queued = queue(&db, Add(1)).await;
    let closing = begin(db.db().clone().close()).await;
    assert!(db.write(Add(2)).await.unwrap_err().is_unavailable());
    holder.release.send(()).unwrap();
    closing.await;
    held.await.unwrap();
    queued.await.unwrap();
    assert_eq!(count(&mut db.reader()).await, 1);
}

#[tokio::test]
async fn a_write_whose_caller_left_is_stored() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    let (holder, held) = hold(&db).await;
    drop(queue(&db, Add(1)).await);
    holder.release.send(()).unwrap();
    held.await.unwrap();
    db.write(Add(2)).await.unwrap();
    assert_eq!(count(&mut db.reader()).await, 2);
}

/// Awaits something that only another thread could complete.
struct Wanders;

impl Op for Wanders {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.execute(sql("INSERT INTO counter (id, value) VALUES (1, 1)"), &[])
            .await?;
        std::future::pending().await
    }
}

#[tokio::test]
async fn an_operation_that_awaits_something_else_is_rolled_back() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    assert!(matches!(
        db.write(Wanders).await.unwrap_err(),
        Error::Awaited
    ));
    assert_eq!(count(&mut db.reader()).await, 0);
}
