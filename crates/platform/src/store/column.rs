//! How the columns of a row become the protocol's types. A stored value that is none of theirs is an error of the column.

use std::fmt::Display;

use database::{Error, Row};

/// An id: a positive number.
pub(super) fn id<T>(row: &Row, column: &str, make: fn(i64) -> Option<T>) -> Result<T, Error> {
    make(row.get(column)?).ok_or_else(|| damaged(column, "expected a positive id"))
}

/// An id or nothing.
pub(super) fn optional_id<T>(
    row: &Row,
    column: &str,
    make: fn(i64) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some(number) = row.get::<Option<i64>>(column)? else {
        return Ok(None);
    };
    make(number)
        .map(Some)
        .ok_or_else(|| damaged(column, "expected a positive id"))
}

/// A text that means something, such as a set of scopes.
pub(super) fn parsed<T, E: Display>(
    row: &Row,
    column: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Error> {
    let text: String = row.get(column)?;
    parse(&text).map_err(|error| damaged(column, &error.to_string()))
}

fn damaged(column: &str, problem: &str) -> Error {
    Error::Column {
        column: column.to_owned(),
        problem: problem.to_owned(),
    }
}
