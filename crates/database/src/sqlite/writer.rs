//! The writer thread: takes all waiting operations, runs each in a savepoint of one transaction, commits with one
//! sync for all of them, and only then answers. This is the promise "durable before acknowledged, and fast".
//!
//! What can fail, and who hears of it:
//! - An operation refuses or panics: its savepoint is rolled back; it alone hears of it.
//! - The transaction cannot begin, cannot commit, or is gone (a full disk makes SQLite roll all of it back): every
//!   operation in it hears of it, nothing of them is kept, and the writer goes on with the next ones.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::counters::Tally;
use crate::error::Error;
use crate::guard::guarded;
use crate::op::{Op, Read, Tx};
use crate::param::Param;
use crate::row::Row;
use crate::sql::{Engine, Sql};
use crate::sqlite::queue::Queue;
use crate::sqlite::{failure, statement};

/// The most operations in one commit. It bounds how long the first of them waits for the last.
const LARGEST_GROUP: usize = 512;

/// An operation that waits for the writer, whatever its type.
pub(crate) trait Job: Send {
    /// Runs in the open transaction and remembers the result. `Err` if the whole transaction is spoilt.
    fn run(&mut self, connection: &mut Connection) -> Result<(), Spoilt>;

    /// Whether the operation ran and wants to be stored.
    fn succeeded(&self) -> bool;

    /// Tells the caller, once the transaction is committed or lost.
    fn answer(self: Box<Self>, commit: Result<(), &Spoilt>);
}

/// Why nothing of a whole transaction was kept.
#[derive(Debug)]
pub(crate) enum Spoilt {
    /// One of the statements around the operations failed.
    Failed(&'static str, rusqlite::Error),
    /// SQLite had to end the transaction inside of an operation.
    RolledBack,
}

impl Spoilt {
    fn error(&self) -> Error {
        match self {
            Self::Failed(statement, error) => failure::error(statement, error),
            Self::RolledBack => {
                Error::Unavailable("the transaction was rolled back by SQLite".to_owned())
            }
        }
    }
}

/// The life of the writer thread: until the queue is closed and empty.
pub(crate) fn run(mut connection: Connection, queue: &Queue<Box<dyn Job>>, tally: &Arc<Tally>) {
    let _closed_even_after_a_panic = CloseOnDrop(queue);
    loop {
        let mut jobs = queue.take(LARGEST_GROUP);
        if jobs.is_empty() {
            break;
        }
        let commit = run_group(&mut connection, &mut jobs);
        if let Err(spoilt) = &commit {
            tracing::error!(operations = jobs.len(), error = %spoilt.error(), "a transaction was not committed");
        }
        if commit.is_ok() {
            // Before the answers, so that whoever has one finds it counted.
            tally.committed(jobs.iter().filter(|job| job.succeeded()).count() as u64);
        }
        for job in jobs {
            job.answer(commit.as_ref().copied());
        }
    }
    // A courtesy to whoever copies the file: without it the next start would replay the log.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the write-ahead log was not folded into the database at the end");
    }
}

/// Callers must get an error and not wait for ever if the thread ends for a reason that nobody thought of.
struct CloseOnDrop<'q>(&'q Queue<Box<dyn Job>>);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
        drop(self.0.take(usize::MAX));
    }
}

fn run_group(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Spoilt> {
    let result = run_transaction(connection, jobs);
    if result.is_err() && !connection.is_autocommit() {
        // A rollback can only fail if there is nothing left to roll back.
        let _nothing_left = connection.execute_batch("ROLLBACK");
    }
    result
}

fn run_transaction(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Spoilt> {
    control(connection, "BEGIN IMMEDIATE")?;
    for job in jobs {
        job.run(connection)?;
    }
    control(connection, "COMMIT")
}

/// Runs a statement that controls the transaction.
fn control(connection: &Connection, text: &'static str) -> Result<(), Spoilt> {
    let run = || connection.prepare_cached(text)?.raw_execute();
    run().map(drop).map_err(|error| Spoilt::Failed(text, error))
}

/// An operation, its result once it ran, and who waits for it.
pub(crate) struct Pending<O: Op> {
    op: O,
    result: Option<Result<O::Out, O::Error>>,
    answer: oneshot::Sender<Result<O::Out, O::Error>>,
}

impl<O: Op> Pending<O> {
    pub(crate) fn new(op: O, answer: oneshot::Sender<Result<O::Out, O::Error>>) -> Self {
        Self {
            op,
            result: None,
            answer,
        }
    }
}

impl<O: Op> Job for Pending<O> {
    fn run(&mut self, connection: &mut Connection) -> Result<(), Spoilt> {
        control(connection, "SAVEPOINT operation")?;
        let result = run_operation(&self.op, connection);
        let stored = result.is_ok();
        self.result = Some(result);
        if connection.is_autocommit() {
            return Err(Spoilt::RolledBack);
        }
        if !stored {
            control(connection, "ROLLBACK TO operation")?;
        }
        control(connection, "RELEASE operation")
    }

    fn succeeded(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, commit: Result<(), &Spoilt>) {
        let answer = match (self.result, commit) {
            (Some(Ok(out)), Ok(())) => Ok(out),
            (Some(Err(refusal)), _) => Err(refusal),
            (None | Some(Ok(_)), Err(spoilt)) => Err(spoilt.error().into()),
            (None, Ok(())) => {
                Err(Error::Unavailable("the operation did not run".to_owned()).into())
            }
        };
        // Nobody waits any more if the caller was cancelled; what it wrote is stored all the same.
        let _cancelled = self.answer.send(answer);
    }
}

fn run_operation<O: Op>(op: &O, connection: &mut Connection) -> Result<O::Out, O::Error> {
    let mut tx = SqliteTx {
        connection,
        failed: false,
    };
    // Every future of the transaction is ready when it is made, so one poll runs the operation to its end.
    let poll = pin!(guarded(op.run(&mut tx))).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(result) = poll else {
        return Err(Error::Awaited.into());
    };
    let out = result??;
    if tx.failed {
        return Err(Error::Poisoned.into());
    }
    Ok(out)
}

/// The transaction that an operation sees.
struct SqliteTx<'c> {
    /// Exclusive although shared would do: a shared connection is not `Send`, which a transaction must be.
    connection: &'c mut Connection,
    failed: bool,
}

impl SqliteTx<'_> {
    fn attempt<R>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.failed {
            return Err(Error::Poisoned);
        }
        let result = work(self.connection);
        self.failed = result.is_err();
        result
    }
}

impl Read for SqliteTx<'_> {
    fn query(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send {
        let text = sql.text(Engine::Sqlite);
        std::future::ready(self.attempt(|connection| statement::query(connection, text, params)))
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<u64, Error>> + Send {
        let text = sql.text(Engine::Sqlite);
        std::future::ready(self.attempt(|connection| statement::execute(connection, text, params)))
    }

    fn run_script(&mut self, script: &str) -> impl Future<Output = Result<(), Error>> + Send {
        let run = |connection: &Connection| {
            connection
                .execute_batch(script)
                .map_err(|error| failure::error(script, &error))
        };
        std::future::ready(self.attempt(run))
    }
}
