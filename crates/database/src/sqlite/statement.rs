//! Prepares, binds and runs one statement on one connection.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::error::Error;
use crate::param::{self, Param};
use crate::row::Row;
use crate::sqlite::failure;
use crate::value::Value;

/// All rows that `text` finds.
pub(crate) fn query(
    connection: &Connection,
    text: &str,
    params: &[Param<'_>],
) -> Result<Vec<Row>, Error> {
    let mut statement = prepare(connection, text)?;
    bind(&mut statement, text, params)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|error| failure::error(text, &error))? {
        let mut values = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let value = row
                .get_ref(index)
                .map_err(|error| failure::error(text, &error))?;
            values.push(owned(column, value)?);
        }
        rows.push(Row::new(Arc::clone(&columns), values));
    }
    Ok(rows)
}

/// Runs `text`, which returns no rows; answers how many rows it changed.
pub(crate) fn execute(
    connection: &Connection,
    text: &str,
    params: &[Param<'_>],
) -> Result<u64, Error> {
    let mut statement = prepare(connection, text)?;
    bind(&mut statement, text, params)?;
    let changed = statement
        .raw_execute()
        .map_err(|error| failure::error(text, &error))?;
    Ok(changed as u64)
}

/// Whether `text` is a statement whose parameters are `$1`, `$2` … without a gap.
pub(crate) fn check(connection: &Connection, text: &str) -> Result<(), Error> {
    let statement = prepare(connection, text)?;
    let mut numbers = parameter_numbers(&statement, text)?;
    numbers.sort_unstable();
    if numbers.iter().copied().ne(1..=numbers.len()) {
        return Err(Error::statement(
            text,
            "its parameters are not $1, $2 … without a gap",
        ));
    }
    Ok(())
}

fn prepare<'c>(connection: &'c Connection, text: &str) -> Result<CachedStatement<'c>, Error> {
    connection
        .prepare_cached(text)
        .map_err(|error| failure::error(text, &error))
}

/// Binds by number. To SQLite `$2` is only a name, and it counts parameters by their first appearance: a statement
/// that uses `$2` before `$1` would otherwise get them the wrong way round.
fn bind(
    statement: &mut CachedStatement<'_>,
    text: &str,
    params: &[Param<'_>],
) -> Result<(), Error> {
    param::check(params)?;
    let numbers = parameter_numbers(statement, text)?;
    if numbers.iter().copied().max().unwrap_or(0) != params.len() {
        let problem = format!("it has not the {} parameters that were given", params.len());
        return Err(Error::statement(text, problem));
    }
    for (index, number) in numbers.into_iter().enumerate() {
        statement
            .raw_bind_parameter(index + 1, Bound(params[number - 1]))
            .map_err(|error| failure::error(text, &error))?;
    }
    Ok(())
}

/// The number in each parameter's name, in SQLite's order; at least 1.
fn parameter_numbers(statement: &CachedStatement<'_>, text: &str) -> Result<Vec<usize>, Error> {
    (1..=statement.parameter_count())
        .map(|index| {
            let name = statement
                .parameter_name(index)
                .and_then(|name| name.strip_prefix('$'));
            match name.map(str::parse::<usize>) {
                Some(Ok(number)) if number > 0 => Ok(number),
                _ => Err(Error::statement(
                    text,
                    "a parameter is not written as $ and a number",
                )),
            }
        })
        .collect()
}

/// A parameter on its way into SQLite.
struct Bound<'a>(Param<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Param::Null => ValueRef::Null,
            Param::Int(number) => ValueRef::Integer(number),
            Param::Real(number) => ValueRef::Real(number),
            Param::Bool(truth) => ValueRef::Integer(truth.into()),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
            Param::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(column: &str, value: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => {
                return Err(Error::Column {
                    column: column.to_owned(),
                    problem: "expected text, found bytes that are not UTF-8".to_owned(),
                });
            }
        },
    })
}
