//! Databases for tests: a fresh one for each test, on either engine, gone afterwards. Not for production code.
//!
//! PostgreSQL: the variable `CORKBOARD_TEST_POSTGRES` names the server. The migrations run once per server, in a
//! template that is named by their checksum; each test's database is a copy of it.

use std::ops::Deref;
use std::time::Duration;

use deadpool_postgres::Client;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::db::Db;
use crate::error::Error;
use crate::migrate::{Migrations, checksum};
use crate::options::Options;
use crate::postgres::pool;
use crate::sql::Engine;
use crate::url::{DatabaseUrl, Target};

/// A migrated database of one test; it exists as long as this value. Use it as the [`Db`] that it is.
#[derive(Debug)]
pub struct TestDb {
    db: Db,
    url: DatabaseUrl,
    place: Place,
}

/// What has to be removed at the end.
#[derive(Debug)]
enum Place {
    Directory(#[expect(dead_code, reason = "it is removed when it is dropped")] TempDir),
    Database { server: DatabaseUrl, name: String },
}

impl TestDb {
    /// A new SQLite file.
    ///
    /// # Panics
    ///
    /// If it cannot be made: a test cannot go on without it.
    pub async fn sqlite(migrations: &[Migrations]) -> Self {
        let directory = tempfile::tempdir().expect("a directory for temporary files");
        let url = DatabaseUrl::sqlite(directory.path().join("test.db"));
        let db = open(&url).await;
        migrate(&db, migrations).await;
        let place = Place::Directory(directory);
        Self { db, url, place }
    }

    /// A new database on the PostgreSQL server that `CORKBOARD_TEST_POSTGRES` names.
    ///
    /// # Panics
    ///
    /// If the variable is not set, or the database cannot be made.
    pub async fn postgres(migrations: &[Migrations]) -> Self {
        let server = test_server();
        let admin = connect(&server).await;
        let template = template(&server, &admin, migrations).await;
        let number = fresh_number(&admin).await;
        let component = migrations.last().map_or("empty", Migrations::component);
        let name = format!("corkboard_test_{component}_{number}");
        run(
            &admin,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let url = server.with_database(&name);
        let db = open(&url).await;
        let place = Place::Database { server, name };
        Self { db, url, place }
    }

    /// The open database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where it is, to open it a second time as another node or after a restart.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for TestDb {
    /// Best effort: what is left over goes with the throw-away server.
    fn drop(&mut self) {
        let Place::Database { server, name } = &self.place else {
            return;
        };
        let (server, statement) = (
            server.clone(),
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        // A runtime cannot be entered from within another one, and a test has one.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let admin = try_connect(&server).await.ok()?;
                admin.batch_execute(&statement).await.ok()
            })
        });
        let _best_effort = dropping.join();
    }
}

/// Two tests of one sentence, one for each engine: `on_both_databases!(name, &[MIGRATIONS], |db| async move { .. })`.
///
/// `db` is a [`TestDb`].
#[macro_export]
macro_rules! on_both_databases {
    ($(#[$attribute:meta])* $name:ident, $migrations:expr, |$db:ident| $body:expr $(,)?) => {
        mod $name {
            use super::*;

            $(#[$attribute])*
            #[tokio::test]
            async fn sqlite() {
                let $db = $crate::test_db::TestDb::sqlite($migrations).await;
                $body.await;
            }

            $(#[$attribute])*
            #[tokio::test]
            async fn postgres() {
                let $db = $crate::test_db::TestDb::postgres($migrations).await;
                $body.await;
            }
        }
    };
}

/// The server for tests.
fn test_server() -> DatabaseUrl {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is a setting of the test run, which no command line reads"
    )]
    let url = std::env::var("CORKBOARD_TEST_POSTGRES");
    let url =
        url.expect("CORKBOARD_TEST_POSTGRES names no server; run `cargo xtask pg -- cargo test …`");
    DatabaseUrl::parse(&url).expect("CORKBOARD_TEST_POSTGRES is postgres://user@host:port/database")
}

async fn open(url: &DatabaseUrl) -> Db {
    Db::open(url, &Options::default())
        .await
        .expect("the database of a test opens")
}

async fn migrate(db: &Db, migrations: &[Migrations]) {
    for component in migrations {
        db.migrate(component, Timestamp::UNIX_EPOCH)
            .await
            .expect("the migrations of a test run");
    }
}

/// The name of a database on the server that these migrations have run in. Made under a lock, and renamed when it is
/// complete, so that any number of test processes may ask for it at once.
async fn template(server: &DatabaseUrl, admin: &Client, migrations: &[Migrations]) -> String {
    let name = format!("corkboard_template_{}", fingerprint(migrations));
    if exists(admin, &name).await {
        return name;
    }
    run(admin, "SELECT pg_advisory_lock(4917361800252)").await;
    if !exists(admin, &name).await {
        let unfinished = format!("{name}_unfinished");
        run(
            admin,
            &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
        )
        .await;
        run(admin, &format!("CREATE DATABASE {unfinished}")).await;
        let db = open(&server.with_database(&unfinished)).await;
        migrate(&db, migrations).await;
        db.close().await;
        run(
            admin,
            &format!("ALTER DATABASE {unfinished} RENAME TO {name}"),
        )
        .await;
    }
    run(admin, "SELECT pg_advisory_unlock(4917361800252)").await;
    name
}

/// Enough of a checksum of all the texts to tell templates apart within PostgreSQL's 63 characters.
fn fingerprint(migrations: &[Migrations]) -> String {
    let mut all = String::new();
    for component in migrations {
        for (name, text) in component.texts(Engine::Postgres) {
            all.push_str(component.component());
            all.push_str(name);
            all.push_str(text);
        }
    }
    checksum(&all).chars().take(16).collect()
}

async fn try_connect(server: &DatabaseUrl) -> Result<Client, Error> {
    let Target::Postgres(config) = server.target() else {
        return Err(Error::Open(
            "CORKBOARD_TEST_POSTGRES is not a PostgreSQL server".to_owned(),
        ));
    };
    let options = Options {
        connections: 1,
        wait: Duration::from_mins(1),
        statement_timeout: Duration::from_mins(1),
        ..Options::default()
    };
    let pool = pool::build(config, &options)?;
    let failed = |error: &dyn std::error::Error| Error::Open(error.to_string());
    let admin = pool.get().await.map_err(|error| failed(&error))?;
    let writable = "SET default_transaction_read_only = off";
    admin
        .batch_execute(writable)
        .await
        .map_err(|error| failed(&error))?;
    Ok(admin)
}

async fn connect(server: &DatabaseUrl) -> Client {
    try_connect(server)
        .await
        .expect("the server at CORKBOARD_TEST_POSTGRES answers")
}

async fn run(admin: &Client, statement: &str) {
    admin
        .batch_execute(statement)
        .await
        .expect("the test user may create databases");
}

async fn exists(admin: &Client, name: &str) -> bool {
    let found = admin
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .await;
    found.expect("the catalogue can be read").is_some()
}

/// A number that this server gives out once.
async fn fresh_number(admin: &Client) -> String {
    let row = admin.query_one("SELECT txid_current()::text", &[]).await;
    row.expect("the server counts transactions").get(0)
}
