//! Columns that hold the protocol's ids, and durations.

use std::time::Duration;

use database::{Error, Row};
use protocol::id::{BusinessId, DeliveryId};

pub(crate) fn delivery_id(row: &Row) -> Result<DeliveryId, Error> {
    let number = row.get("delivery_id")?;
    DeliveryId::from_i64(number).ok_or_else(|| not_an_id("delivery_id"))
}

pub(crate) fn business_id(row: &Row) -> Result<BusinessId, Error> {
    let number = row.get("business_id")?;
    BusinessId::from_i64(number).ok_or_else(|| not_an_id("business_id"))
}

/// A duration in microseconds.
pub(crate) fn duration(row: &Row, column: &str) -> Result<Duration, Error> {
    let microseconds: i64 = row.get(column)?;
    Ok(Duration::from_micros(
        u64::try_from(microseconds).unwrap_or(0),
    ))
}

fn not_an_id(column: &str) -> Error {
    Error::Column {
        column: column.to_owned(),
        problem: "an id must be positive".to_owned(),
    }
}
