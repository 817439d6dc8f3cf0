//! [`Db`]: an open database, whichever it is.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::counters::Counters;
use crate::error::Error;
use crate::migrate::{Applied, Migrations, Step, pending};
use crate::notices::Notices;
use crate::op::{Op, Read};
use crate::options::Options;
use crate::param::Param;
use crate::postgres::driver::Postgres;
use crate::row::Row;
use crate::sql::{Engine, Sql};
use crate::sqlite::driver::Sqlite;
use crate::url::{DatabaseUrl, Target};

/// An open database. Clones are cheap and share it.
#[derive(Clone)]
pub struct Db(Driver);

#[derive(Clone)]
enum Driver {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Opens the database. SQLite: creates the file, makes and checks its settings. PostgreSQL: connects once.
    ///
    /// [`Error::Open`] says what is wrong, without the address's password.
    pub async fn open(url: &DatabaseUrl, options: &Options) -> Result<Self, Error> {
        let driver = match url.target() {
            Target::Sqlite(file) => Driver::Sqlite(Arc::new(Sqlite::open(file, options)?)),
            Target::Postgres(config) => {
                Driver::Postgres(Arc::new(Postgres::open(config, options).await?))
            }
        };
        Ok(Self(driver))
    }

    /// Runs `op` in a transaction and answers once it is on stable storage.
    ///
    /// An `Err` of the operation rolls back what it did. [`Error::Busy`] means that nothing was done.
    /// [`Error::Unavailable`] leaves open whether it was stored (the answer to a commit may be lost), and so does
    /// dropping the future: what must happen once needs a key by which a second run recognises the first.
    pub async fn write<O: Op>(&self, op: O) -> Result<O::Out, O::Error> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.write(op).await,
            Driver::Postgres(postgres) => postgres.write(op).await,
        }
    }

    /// For point reads. On SQLite they run on the calling thread, in microseconds.
    ///
    /// Each query sees the last commit before it; two queries may see different ones.
    pub fn reader(&self) -> DbReader {
        DbReader {
            db: self.clone(),
            scans: false,
        }
    }

    /// For reads of many rows. On SQLite they run on a thread for blocking work.
    pub fn scanner(&self) -> DbReader {
        DbReader {
            db: self.clone(),
            scans: true,
        }
    }

    /// Brings the tables of one component up to date, one transaction for each migration. Any number of nodes may
    /// do it at the same time. `at` is recorded as the time of what is applied.
    pub async fn migrate(&self, migrations: &Migrations, at: Timestamp) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        while let Some(name) = self
            .write(Step::new(*migrations, self.engine(), at))
            .await?
        {
            tracing::info!(
                migration.component = migrations.component(),
                migration.name = name,
                "applied a migration"
            );
            applied.names.push(name);
        }
        Ok(applied)
    }

    /// The names of the migrations that [`Db::migrate`] would apply. Changes nothing.
    pub async fn pending_migrations(
        &self,
        migrations: &Migrations,
    ) -> Result<Vec<&'static str>, Error> {
        pending(&mut self.reader(), migrations, self.engine()).await
    }

    /// Says `text` (less than 8,000 bytes) on a channel to every process that [listens](Db::listen). Not durable. With SQLite
    /// nobody else is there, and nothing happens.
    pub async fn notify(&self, channel: &str, text: &str) -> Result<(), Error> {
        match &self.0 {
            Driver::Sqlite(_) => Ok(()),
            Driver::Postgres(postgres) => postgres.notify(channel, text).await,
        }
    }

    /// Listens to what other processes say on a channel, on a connection of its own; this process hears itself, too.
    /// With SQLite there is nobody to listen to: `None`.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Notices>, Error> {
        match &self.0 {
            Driver::Sqlite(_) => Ok(None),
            Driver::Postgres(postgres) => postgres.listen(channel).await.map(Notices).map(Some),
        }
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Driver::Sqlite(_) => Engine::Sqlite,
            Driver::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether the database answers a query.
    pub async fn ping(&self) -> Result<(), Error> {
        self.reader()
            .query_one(Sql::both("SELECT 1 AS one"), &[])
            .await
            .map(drop)
    }

    /// Whether the engine accepts a statement: its text, tables, columns and parameters. Runs nothing.
    pub async fn prepare_check(&self, sql: Sql) -> Result<(), Error> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.check(sql),
            Driver::Postgres(postgres) => postgres.check(sql).await,
        }
    }

    /// Counts of what was written since the database was opened.
    pub fn counters(&self) -> Counters {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.counters(),
            Driver::Postgres(postgres) => postgres.counters(),
        }
    }

    /// Ends it for all clones: queued writes are finished first, later ones are refused as unavailable.
    pub async fn close(self) {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.close().await,
            Driver::Postgres(postgres) => postgres.close(),
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Db").field(&self.engine()).finish()
    }
}

/// Reads outside of any transaction: what [`Db::reader`] and [`Db::scanner`] return.
#[derive(Debug, Clone)]
pub struct DbReader {
    db: Db,
    scans: bool,
}

impl Read for DbReader {
    async fn query(&mut self, sql: Sql, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        match &self.db.0 {
            Driver::Sqlite(sqlite) if self.scans => sqlite.scan(sql, params).await,
            Driver::Sqlite(sqlite) => sqlite.read(sql, params),
            Driver::Postgres(postgres) => postgres.read(sql, params).await,
        }
    }
}
