//! The database's own time: the one clock that all processes share, for leases and nothing else.

use database::{Error, Read, params};
use jiff::Timestamp;

database::statements! {
    NOW = {
        sqlite: "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now_us",
        postgres: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now_us",
    };
}

/// What time it is at the database.
pub(crate) async fn now<R: Read>(read: &mut R) -> Result<Timestamp, Error> {
    read.query_one(NOW, params![]).await?.get("now_us")
}
