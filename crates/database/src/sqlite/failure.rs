//! Translates SQLite's errors.

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID,
    SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::{Error as SqliteError, ErrorCode};

use crate::error::Error;

/// What a caller gets to know of `error`, which `statement` met.
///
/// SQLite's messages name tables and columns, never values.
pub(crate) fn error(statement: &str, error: &SqliteError) -> Error {
    let message = match error {
        SqliteError::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    };
    let Some(code) = error.sqlite_error() else {
        return Error::statement(statement, message);
    };
    match (code.code, code.extended_code) {
        (_, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID) => {
            Error::Conflict(message)
        }
        (_, SQLITE_CONSTRAINT_FOREIGNKEY) => Error::Reference(message),
        (
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase,
            _,
        ) => Error::Unavailable(message),
        _ => Error::statement(statement, message),
    }
}
