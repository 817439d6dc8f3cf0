//! A value as it came out of a column, owned and the same for both engines.

/// One stored value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A whole number of any width.
    Int(i64),
    /// A floating point number: an average, never money.
    Real(f64),
    /// Text.
    Text(String),
    /// A truth value. Only PostgreSQL has the type; SQLite stores 0 and 1.
    Bool(bool),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The name of the value's type, for messages: never its content.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a floating point number",
            Self::Text(_) => "text",
            Self::Bool(_) => "a boolean",
            Self::Bytes(_) => "bytes",
        }
    }
}
