//! The SQLite database as [`Db`](crate::Db) sees it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};

use crate::counters::{Counters, Tally};
use crate::error::Error;
use crate::op::Op;
use crate::options::Options;
use crate::param::Param;
use crate::row::Row;
use crate::sql::{Engine, Sql};
use crate::sqlite::queue::Queue;
use crate::sqlite::reader::Readers;
use crate::sqlite::writer::{Job, Pending};
use crate::sqlite::{connection, statement, writer};
use crate::value::Value;

/// One file, its writer thread and its readers.
pub(crate) struct Sqlite {
    queue: Arc<Queue<Box<dyn Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Arc<Readers>,
    scans: Semaphore,
    tally: Arc<Tally>,
}

impl Sqlite {
    pub(crate) fn open(file: &Path, options: &Options) -> Result<Self, Error> {
        let connection = connection::open_writer(file)?;
        let queue = Arc::new(Queue::new(options.queue));
        let tally = Arc::new(Tally::default());
        let (its_queue, its_tally) = (Arc::clone(&queue), Arc::clone(&tally));
        let writer = std::thread::Builder::new()
            .name("corkboard-sqlite-writer".to_owned())
            .spawn(move || writer::run(connection, &its_queue, &its_tally))
            .map_err(|error| Error::Open(format!("no thread for the writer: {error}")))?;
        Ok(Self {
            queue,
            writer: Mutex::new(Some(writer)),
            readers: Arc::new(Readers::new(file.to_owned(), options.readers)),
            scans: Semaphore::new(options.scanners),
            tally,
        })
    }

    pub(crate) async fn write<O: Op>(&self, op: O) -> Result<O::Out, O::Error> {
        let (answer, answered) = oneshot::channel();
        self.queue.push(Box::new(Pending::new(op, answer)))?;
        answered.await.unwrap_or_else(|_| {
            let problem = "the writer ended before it answered".to_owned();
            Err(Error::Unavailable(problem).into())
        })
    }

    /// Reads on the calling thread: a point read takes microseconds, less than handing it over.
    pub(crate) fn read(&self, sql: Sql, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let text = sql.text(Engine::Sqlite);
        self.readers
            .read(|connection| statement::query(connection, text, params))
    }

    /// Reads on a thread for blocking work, a few at a time.
    pub(crate) async fn scan(&self, sql: Sql, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let _turn = self
            .scans
            .acquire()
            .await
            .map_err(|_| Error::Unavailable("it was closed".to_owned()))?;
        let text = sql.text(Engine::Sqlite);
        let readers = Arc::clone(&self.readers);
        let owned: Vec<Value> = params.iter().copied().map(Value::from).collect();
        tokio::task::spawn_blocking(move || {
            let params: Vec<Param<'_>> = owned.iter().map(Param::from).collect();
            readers.read(|connection| statement::query(connection, text, &params))
        })
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable("the scan was stopped".to_owned())))
    }

    pub(crate) fn check(&self, sql: Sql) -> Result<(), Error> {
        self.readers
            .read(|connection| statement::check(connection, sql.text(Engine::Sqlite)))
    }

    pub(crate) fn counters(&self) -> Counters {
        self.tally.counters()
    }

    pub(crate) async fn close(&self) {
        self.queue.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.readers.close();
        if let Some(writer) = writer {
            // An error means that the thread panicked, which its own message has told; there is nothing to add.
            let _ended = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

impl Drop for Sqlite {
    /// The writer finishes what waits and ends by itself.
    fn drop(&mut self) {
        self.queue.close();
    }
}
