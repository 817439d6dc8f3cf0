//! The table and the operations that the tests share.

use std::sync::{Mutex, mpsc};

use database::{Error, Migrations, Op, Read, Sql, Tx, params};

/// A table of numbered counters.
pub(crate) const COUNTERS: Migrations = Migrations::new(
    "counters",
    &[(
        "V0001__init",
        "CREATE TABLE counter (id BIGINT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    )],
    &[(
        "V0001__init",
        "CREATE TABLE counter (id BIGINT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    )],
);

database::statements! {
    pub(crate) ADD = "INSERT INTO counter (id, value) VALUES ($1, $2)";
    pub(crate) FIND = "SELECT value FROM counter WHERE id = $1";
    pub(crate) COUNT = "SELECT count(*) AS total FROM counter";
    pub(crate) LOCK = for_update "SELECT value FROM counter WHERE id = $1";
    pub(crate) SET = "UPDATE counter SET value = $2 WHERE id = $1";
}

/// Adds a counter.
pub(crate) struct Add(pub(crate) i64);

impl Op for Add {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        tx.execute(ADD, params![self.0, 0]).await
    }
}

/// Reads a counter, locks it, and counts up.
pub(crate) struct Increment(pub(crate) i64);

impl Op for Increment {
    type Out = i64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<i64, Error> {
        let value = tx
            .query_one(LOCK, params![self.0])
            .await?
            .get::<i64>("value")?
            + 1;
        tx.execute(SET, params![self.0, value]).await?;
        Ok(value)
    }
}

/// Keeps SQLite's writer busy: tells when it has begun, and ends when it is told to.
pub(crate) struct Hold {
    begun: mpsc::Sender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

/// The test's ends of a [`Hold`].
pub(crate) struct Holder {
    pub(crate) begun: mpsc::Receiver<()>,
    pub(crate) release: mpsc::Sender<()>,
}

impl Hold {
    pub(crate) fn new() -> (Self, Holder) {
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let hold = Self {
            begun,
            released: Mutex::new(released),
        };
        (
            hold,
            Holder {
                begun: has_begun,
                release,
            },
        )
    }
}

impl Op for Hold {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, _: &mut T) -> Result<(), Error> {
        self.begun.send(()).unwrap();
        self.released.lock().unwrap().recv().unwrap();
        Ok(())
    }
}

pub(crate) async fn count(reader: &mut impl Read) -> i64 {
    reader
        .query_one(COUNT, &[])
        .await
        .unwrap()
        .get("total")
        .unwrap()
}

pub(crate) async fn value(reader: &mut impl Read, id: i64) -> Option<i64> {
    let row = reader.query_optional(FIND, params![id]).await.unwrap();
    row.map(|row| row.get("value").unwrap())
}

/// A statement of a test; both engines get the same text.
pub(crate) const fn sql(text: &'static str) -> Sql {
    Sql::both(text)
}

/// Ends every other connection to this PostgreSQL database; how many those were.
pub(crate) async fn cut_off_others(db: &database::Db) -> i64 {
    let kill = "SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_type = 'client backend'";
    let row = db.reader().query_one(sql(kill), &[]).await.unwrap();
    row.get("ended").unwrap()
}
