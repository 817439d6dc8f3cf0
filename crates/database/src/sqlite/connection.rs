//! Opens connections with the settings that durability and speed depend on, and reads the settings back.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use crate::error::Error;

/// Earlier ones can corrupt the file when one connection resets the write-ahead log while another checkpoints it.
const OLDEST_VERSION: i32 = 3_051_003;

/// Statements that a connection keeps prepared.
const CACHED_STATEMENTS: usize = 256;

/// Setting, value as it is written, value as it is read back.
///
/// `temp_store` looks out of place: without it each savepoint writes its statement journal to disk, which doubles
/// the writes of a commit.
const SETTINGS: [(&str, &str, &str); 5] = [
    ("busy_timeout", "5000", "5000"),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("temp_store", "MEMORY", "2"),
];

/// The connection that writes. Creates the file, readable by its owner only, if there is none.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, Error> {
    if rusqlite::version_number() < OLDEST_VERSION {
        let found = rusqlite::version();
        return Err(Error::Open(format!(
            "SQLite {found} is too old, 3.51.3 is needed"
        )));
    }
    create_private(file)?;
    open(file)
}

/// A connection that cannot write, to a file that [`open_writer`] has opened.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, Error> {
    let connection = open(file)?;
    set(&connection, file, "query_only", "ON", "1")?;
    Ok(connection)
}

fn open(file: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(file, flags).map_err(|error| failed(file, &error))?;
    for (name, value, expected) in SETTINGS {
        set(&connection, file, name, value, expected)?;
    }
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Makes a setting and insists on it: SQLite ignores a setting that it cannot make.
fn set(
    connection: &Connection,
    file: &Path,
    name: &str,
    value: &str,
    expected: &str,
) -> Result<(), Error> {
    connection
        .execute_batch(&format!("PRAGMA {name} = {value}"))
        .map_err(|error| failed(file, &error))?;
    let found: Value = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(|error| failed(file, &error))?;
    let found = match found {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found != expected {
        let problem = format!(
            "{}: {name} is {found} although {value} was set",
            file.display()
        );
        return Err(Error::Open(problem));
    }
    Ok(())
}

fn create_private(file: &Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) => Err(failed(file, &error)),
    }
}

fn failed(file: &Path, error: &dyn std::error::Error) -> Error {
    Error::Open(format!("{}: {error}", file.display()))
}
