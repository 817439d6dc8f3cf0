//! A row that was read, and how its columns become Rust values.

use std::sync::Arc;

use jiff::Timestamp;

use crate::error::Error;
use crate::value::Value;

/// One row, owned. Columns are found by the name that the statement gives them.
///
/// `Debug` shows the columns' names only: rows hold names, addresses and tokens.
#[derive(Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The value of `column` as a `T`; the error names the column and the type that was found.
    pub fn get<T: FromColumn>(&self, column: &str) -> Result<T, Error> {
        let Some(index) = self.columns.iter().position(|name| name == column) else {
            return Err(Error::Column {
                column: column.to_owned(),
                problem: "the statement returns no such column".to_owned(),
            });
        };
        T::from_column(&self.values[index]).map_err(|problem| Error::Column {
            column: column.to_owned(),
            problem,
        })
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Row").field(&self.columns).finish()
    }
}

/// A type that a column can be read as. Id types may implement it, so that a store reads them directly.
pub trait FromColumn: Sized {
    /// Converts, or says what was expected and which type was found (never the content).
    fn from_column(value: &Value) -> Result<Self, String>;
}

impl FromColumn for i64 {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Int(number) => Ok(*number),
            other => mismatch("an integer", other),
        }
    }
}

impl FromColumn for i32 {
    fn from_column(value: &Value) -> Result<Self, String> {
        let number = i64::from_column(value)?;
        Self::try_from(number).map_err(|_| format!("{number} does not fit into 32 bits"))
    }
}

impl FromColumn for u32 {
    fn from_column(value: &Value) -> Result<Self, String> {
        let number = i64::from_column(value)?;
        Self::try_from(number)
            .map_err(|_| format!("{number} does not fit into 32 bits without a sign"))
    }
}

impl FromColumn for f64 {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Real(number) => Ok(*number),
            other => mismatch("a floating point number", other),
        }
    }
}

impl FromColumn for bool {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => mismatch("a boolean", other),
        }
    }
}

impl FromColumn for String {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => mismatch("text", other),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => mismatch("bytes", other),
        }
    }
}

/// From microseconds since 1970 in UTC, which is how every time is stored.
impl FromColumn for Timestamp {
    fn from_column(value: &Value) -> Result<Self, String> {
        let microseconds = i64::from_column(value)?;
        Self::from_microsecond(microseconds)
            .map_err(|_| format!("{microseconds} microseconds is not a time"))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            other => T::from_column(other).map(Some),
        }
    }
}

fn mismatch<T>(expected: &str, found: &Value) -> Result<T, String> {
    Err(format!("expected {expected}, found {}", found.type_name()))
}
