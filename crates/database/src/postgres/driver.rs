//! The PostgreSQL database as [`Db`](crate::Db) sees it.

use deadpool_postgres::{Client, Pool};
use tokio_postgres::{Config, IsolationLevel};

use crate::counters::{Counters, Tally};
use crate::error::Error;
use crate::guard::guarded;
use crate::op::Op;
use crate::options::Options;
use crate::param::Param;
use crate::postgres::notices::Notices;
use crate::postgres::tx::{self, PostgresTx};
use crate::postgres::{failure, pool};
use crate::row::Row;
use crate::sql::{Engine, Sql};

/// How often an operation runs at most when the server asks for it to be repeated.
const TRIES: u32 = 5;

/// A pool of connections to one server.
pub(crate) struct Postgres {
    pool: Pool,
    /// For connections outside of the pool.
    config: Config,
    /// So many callers may wait for a connection.
    queue: usize,
    tally: Tally,
}

/// How one run of an operation ended.
enum Run<O: Op> {
    Finished(Result<O::Out, O::Error>),
    /// Nothing was stored and another run may succeed. Holds the answer if there is none.
    Repeat(O::Error),
}

impl<O: Op> Run<O> {
    fn failed(error: Error) -> Self {
        Self::Finished(Err(error.into()))
    }
}

impl Postgres {
    pub(crate) async fn open(config: &Config, options: &Options) -> Result<Self, Error> {
        let postgres = Self {
            pool: pool::build(config, options)?,
            config: pool::with_defaults(config, options),
            queue: options.queue,
            tally: Tally::default(),
        };
        match postgres.client().await {
            Ok(_reachable) => Ok(postgres),
            Err(Error::Unavailable(problem)) => Err(Error::Open(problem)),
            Err(error) => Err(error),
        }
    }

    /// Runs the operation in a transaction of its own, again if the server asks for it.
    pub(crate) async fn write<O: Op>(&self, op: O) -> Result<O::Out, O::Error> {
        let mut tries = 1;
        loop {
            match self.run(&op).await {
                Run::Finished(result) => return result,
                Run::Repeat(error) if tries == TRIES => return Err(error),
                Run::Repeat(_) => self.tally.repeated(),
            }
            tries += 1;
        }
    }

    pub(crate) async fn read(&self, sql: Sql, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let text = sql.text(Engine::Postgres);
        let client = self.client().await?;
        tx::query(&client, text, params)
            .await
            .map_err(|failure| failure.translate(text))
    }

    pub(crate) async fn check(&self, sql: Sql) -> Result<(), Error> {
        let text = sql.text(Engine::Postgres);
        let client = self.client().await?;
        client
            .prepare(text)
            .await
            .map_err(|error| failure::error(text, &error))?;
        Ok(())
    }

    pub(crate) async fn notify(&self, channel: &str, text: &str) -> Result<(), Error> {
        let notify = "SELECT pg_notify($1, $2)";
        let client = self.client().await?;
        let told = client.execute(notify, &[&channel, &text]).await;
        told.map(drop)
            .map_err(|error| failure::error(notify, &error))
    }

    pub(crate) async fn listen(&self, channel: &str) -> Result<Notices, Error> {
        Notices::open(&self.config, channel).await
    }

    pub(crate) fn counters(&self) -> Counters {
        self.tally.counters()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn run<O: Op>(&self, op: &O) -> Run<O> {
        let mut client = match self.client().await {
            Ok(client) => client,
            Err(error) => return Run::failed(error),
        };
        let start = client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .read_only(false);
        let transaction = match start.start().await {
            Ok(transaction) => transaction,
            // The connection died in the pool. Nothing of the operation was sent, so another one may do it.
            Err(error) if failure::is_connection_lost(&error) => {
                return Run::Repeat(failure::error("BEGIN", &error).into());
            }
            Err(error) => return Run::failed(failure::error("BEGIN", &error)),
        };
        let mut tx = PostgresTx::new(transaction);
        let result = guarded(op.run(&mut tx))
            .await
            .unwrap_or_else(|panicked| Err(panicked.into()));
        let (transaction, failed, to_be_repeated) = tx.into_parts();
        let refusal = match result {
            // The server would answer such a commit with success and roll back.
            Ok(_) if failed => Error::Poisoned.into(),
            Ok(out) => return self.commit(transaction, out).await,
            Err(refusal) => refusal,
        };
        // Waiting for the answer frees the locks before the caller goes on. If the connection is lost, they are too.
        let _freed = transaction.rollback().await;
        if to_be_repeated {
            Run::Repeat(refusal)
        } else {
            Run::Finished(Err(refusal))
        }
    }

    async fn commit<O: Op>(
        &self,
        transaction: deadpool_postgres::Transaction<'_>,
        out: O::Out,
    ) -> Run<O> {
        match transaction.commit().await {
            Ok(()) => {
                self.tally.committed(1);
                Run::Finished(Ok(out))
            }
            Err(error) if failure::is_to_be_repeated(&error) => {
                Run::Repeat(failure::error("COMMIT", &error).into())
            }
            Err(error) if failure::is_connection_lost(&error) => Run::failed(Error::Unavailable(
                "the answer to a commit was lost; whether it was stored is not known".to_owned(),
            )),
            Err(error) => Run::failed(failure::error("COMMIT", &error)),
        }
    }

    async fn client(&self) -> Result<Client, Error> {
        if self.pool.status().waiting >= self.queue {
            return Err(Error::Busy);
        }
        self.pool
            .get()
            .await
            .map_err(|error| failure::pool_error(&error))
    }
}
