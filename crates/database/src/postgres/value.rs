//! Parameters on their way into PostgreSQL's binary format, and columns on their way out of it.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::param::Param;
use crate::value::Value;

type BoxedError = Box<dyn Error + Sync + Send>;

/// Adapts to the width of the column, so that a store never says which integer or text type a column has.
impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxedError> {
        match (*self, ty) {
            (Param::Null, _) => Ok(IsNull::Yes),
            (Param::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Param::Int(number), &Type::INT4) => i32::try_from(number)?.to_sql(ty, out),
            (Param::Int(number), &Type::INT2) => i16::try_from(number)?.to_sql(ty, out),
            (Param::Real(number), &Type::FLOAT8) => number.to_sql(ty, out),
            (Param::Bool(truth), &Type::BOOL) => truth.to_sql(ty, out),
            (Param::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (Param::Text(text), ty) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            (param, ty) => {
                Err(format!("a parameter {param:?} cannot be bound where {ty} is expected").into())
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        // Depends on the variant, which `to_sql` knows.
        true
    }

    to_sql_checked!();
}

/// A column of any type that the store reads.
pub(crate) struct Cell(pub(crate) Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxedError> {
        let value = match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(Vec::from_sql(ty, raw)?),
            // What a function returns that is called for its effect, such as taking a lock.
            Type::VOID => Value::Null,
            _ if <String as FromSql>::accepts(ty) => Value::Text(String::from_sql(ty, raw)?),
            _ => {
                return Err(format!(
                    "the type {ty} is not read; cast it to BIGINT, TEXT or BOOLEAN"
                )
                .into());
            }
        };
        Ok(Self(value))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxedError> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
