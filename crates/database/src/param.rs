//! A value that is bound to `$1`, `$2` … of a statement; [`params!`](crate::params) makes a list of them.

use jiff::Timestamp;

use crate::error::Error;
use crate::value::Value;

/// A borrowed value for one parameter of a statement.
///
/// `Debug` shows the type only: parameters hold names, addresses and tokens.
#[derive(Clone, Copy, PartialEq)]
pub enum Param<'a> {
    /// NULL, for a column of any type.
    Null,
    /// A number, an id, cents, or a time in microseconds.
    Int(i64),
    /// A floating point number, never money.
    Real(f64),
    /// Text without NUL characters.
    Text(&'a str),
    /// A truth value.
    Bool(bool),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl std::fmt::Debug for Param<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int",
            Self::Real(_) => "Real",
            Self::Text(_) => "Text",
            Self::Bool(_) => "Bool",
            Self::Bytes(_) => "Bytes",
        })
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Param<'_> {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for Param<'_> {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<f64> for Param<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Param<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// Microseconds since 1970 in UTC, which is how every time is stored.
impl From<Timestamp> for Param<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.as_microsecond())
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Param<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T> From<Option<T>> for Param<'a>
where
    Param<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl<'a> From<&'a Value> for Param<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Real(number) => Self::Real(*number),
            Value::Text(text) => Self::Text(text),
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

/// An owned copy, for work that outlives the borrow.
impl From<Param<'_>> for Value {
    fn from(param: Param<'_>) -> Self {
        match param {
            Param::Null => Self::Null,
            Param::Int(number) => Self::Int(number),
            Param::Real(number) => Self::Real(number),
            Param::Text(text) => Self::Text(text.to_owned()),
            Param::Bool(truth) => Self::Bool(truth),
            Param::Bytes(bytes) => Self::Bytes(bytes.to_owned()),
        }
    }
}

/// Refuses what one of the engines cannot store, so that both refuse it alike.
pub(crate) fn check(params: &[Param<'_>]) -> Result<(), Error> {
    for (index, param) in params.iter().enumerate() {
        if let Param::Text(text) = param
            && text.contains('\0')
        {
            return Err(Error::Nul(index + 1));
        }
    }
    Ok(())
}

/// A list of parameters: `params![business_id, name, Some(time)]` binds `$1`, `$2`, `$3`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::Param::from($value)),*]
    };
}
