//! Migrations: numbered texts that are applied once, in order, each in a transaction, and recorded.
//!
//! Each component that owns tables has its own [`Migrations`]: one folder of texts per engine, with equal names. What
//! was applied is recorded with a checksum in `schema_migration`; a text that changed afterwards, or a database that
//! knows more than the program, is refused before anything is touched.
//! `docs/decisions/0002-own-migration-runner.md` says why no library does this.

use std::fmt::Write;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::op::{Op, Read, Tx};
use crate::params;
use crate::sql::Engine;

/// Name and text.
type Texts = &'static [(&'static str, &'static str)];

crate::statements! {
    /// One migrator at a time, until the end of its transaction. The number only has to be nobody else's.
    LOCK = { sqlite: "SELECT 1", postgres: "SELECT pg_advisory_xact_lock(4917361800251)" };
    /// A migration may take as long as it takes, and so may waiting for the node that applies it.
    TAKE_TIME = { sqlite: "SELECT 1", postgres: "SELECT set_config('statement_timeout', '0', true)" };
    RECORD_EXISTS = {
        sqlite: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration') AS found",
        postgres: "SELECT to_regclass('schema_migration') IS NOT NULL AS found",
    };
    LIST_APPLIED = "SELECT name, checksum FROM schema_migration WHERE component = $1 ORDER BY name";
    RECORD = "INSERT INTO schema_migration (component, name, checksum, applied_at_us) VALUES ($1, $2, $3, $4)";
}

const CREATE_RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at_us BIGINT NOT NULL,
    PRIMARY KEY (component, name)
)";

/// The migrations of one component.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    component: &'static str,
    sqlite: Texts,
    postgres: Texts,
}

impl Migrations {
    /// The migrations of `component`, by name (`V0001__init`) and text, in the order in which they are applied.
    ///
    /// Make it a `const`: then it does not compile if the two engines' names differ or are out of order.
    ///
    /// # Panics
    ///
    /// If the names differ between the engines, or do not ascend.
    pub const fn new(component: &'static str, sqlite: Texts, postgres: Texts) -> Self {
        assert!(
            sqlite.len() == postgres.len(),
            "each migration needs a text for both engines"
        );
        let mut index = 0;
        while index < sqlite.len() {
            let name = sqlite[index].0.as_bytes();
            let equal = !is_before(name, postgres[index].0.as_bytes())
                && !is_before(postgres[index].0.as_bytes(), name);
            assert!(
                equal,
                "a migration must have the same name for both engines"
            );
            let ascending = index == 0 || is_before(sqlite[index - 1].0.as_bytes(), name);
            assert!(ascending, "migrations must be listed by ascending name");
            index += 1;
        }
        Self {
            component,
            sqlite,
            postgres,
        }
    }

    /// Who owns the tables.
    pub const fn component(&self) -> &'static str {
        self.component
    }

    pub(crate) const fn texts(&self, engine: Engine) -> Texts {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    /// What is left to apply after `recorded`, which must be the beginning of this list with the same checksums.
    fn after(&self, engine: Engine, recorded: &[Recorded]) -> Result<Texts, Error> {
        let texts = self.texts(engine);
        for (index, record) in recorded.iter().enumerate() {
            let problem = match texts.get(index) {
                Some((name, text)) if *name == record.name && checksum(text) == record.checksum => {
                    continue;
                }
                Some((name, _)) if *name == record.name => {
                    format!("{name} was changed after it was applied; add a new migration instead")
                }
                Some((name, _)) if texts.iter().any(|(known, _)| *known == record.name) => {
                    format!(
                        "{} was applied before {name}, which comes first",
                        record.name
                    )
                }
                _ => format!(
                    "the database is newer than this program: it has {}",
                    record.name
                ),
            };
            return Err(Error::Migration {
                component: self.component.to_owned(),
                problem,
            });
        }
        Ok(&texts[recorded.len()..])
    }
}

/// What a run of [`Db::migrate`](crate::Db::migrate) did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The migrations that were applied, in order. Empty if the schema was up to date.
    pub names: Vec<&'static str>,
}

/// Applies the next migration and answers its name, or `None` if there is none left.
pub(crate) struct Step {
    migrations: Migrations,
    engine: Engine,
    at: Timestamp,
}

impl Step {
    pub(crate) fn new(migrations: Migrations, engine: Engine, at: Timestamp) -> Self {
        Self {
            migrations,
            engine,
            at,
        }
    }
}

impl Op for Step {
    type Out = Option<&'static str>;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Self::Out, Error> {
        tx.query(TAKE_TIME, &[]).await?;
        tx.query(LOCK, &[]).await?;
        tx.run_script(CREATE_RECORD).await?;
        let recorded = list_applied(tx, self.migrations.component).await?;
        let Some((name, text)) = self.migrations.after(self.engine, &recorded)?.first() else {
            return Ok(None);
        };
        tx.run_script(text).await?;
        let checksum = checksum(text);
        tx.execute(
            RECORD,
            params![self.migrations.component, *name, &checksum, self.at],
        )
        .await?;
        Ok(Some(name))
    }
}

/// The names of the migrations that are not recorded yet.
pub(crate) async fn pending(
    reader: &mut impl Read,
    migrations: &Migrations,
    engine: Engine,
) -> Result<Vec<&'static str>, Error> {
    let recorded = if reader.query_one(RECORD_EXISTS, &[]).await?.get("found")? {
        list_applied(reader, migrations.component).await?
    } else {
        Vec::new()
    };
    Ok(migrations
        .after(engine, &recorded)?
        .iter()
        .map(|(name, _)| *name)
        .collect())
}

/// SHA-256 of a migration's text, in hexadecimal.
pub(crate) fn checksum(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String can always be written to");
            hex
        })
}

struct Recorded {
    name: String,
    checksum: String,
}

async fn list_applied(reader: &mut impl Read, component: &str) -> Result<Vec<Recorded>, Error> {
    let rows = reader.query(LIST_APPLIED, params![component]).await?;
    rows.iter()
        .map(|row| {
            Ok(Recorded {
                name: row.get("name")?,
                checksum: row.get("checksum")?,
            })
        })
        .collect()
}

/// Compares bytes; `str`'s own comparison cannot run while compiling.
const fn is_before(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return left[index] < right[index];
        }
        index += 1;
    }
    left.len() < right.len()
}

#[cfg(test)]
mod tests {
    use crate::migrate::STATEMENTS;
    use crate::on_both_databases;

    const MIGRATIONS: super::Migrations =
        super::Migrations::new("empty", &[("V1", "")], &[("V1", "")]);

    on_both_databases!(
        every_statement_is_accepted,
        &[MIGRATIONS],
        |db| async move {
            for (name, sql) in STATEMENTS {
                db.prepare_check(*sql)
                    .await
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    );
}
