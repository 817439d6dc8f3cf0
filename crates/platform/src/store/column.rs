//! How the columns of a row become the protocol's types. A stored value that is none of theirs is an error of the column.

use std::fmt::Display;

use database::{Error, Row};
use jiff::Timestamp;

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

/// A text that means something, or nothing.
pub(super) fn optional_parsed<T, E: Display>(
    row: &Row,
    column: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Error> {
    let Some(text) = row.get::<Option<String>>(column)? else {
        return Ok(None);
    };
    parse(&text)
        .map(Some)
        .map_err(|error| damaged(column, &error.to_string()))
}

/// A time that is stored to the nanosecond (`…_ns`). The year 2262, where that ends, is out of reach.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// A time from a column of [`nanoseconds`].
pub(super) fn from_nanoseconds(row: &Row, column: &str) -> Result<Timestamp, Error> {
    let nanoseconds: i64 = row.get(column)?;
    Timestamp::from_nanosecond(nanoseconds.into())
        .map_err(|_| damaged(column, "expected nanoseconds since 1970"))
}

fn damaged(column: &str, problem: &str) -> Error {
    Error::Column {
        column: column.to_owned(),
        problem: problem.to_owned(),
    }
}
