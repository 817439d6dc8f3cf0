//! The store under both faces: one text of SQL over two drivers, SQLite and PostgreSQL.
//!
//! What is written is an [`Op`], and [`Db::write`] is the only way to write: when it has answered, the work is on
//! stable storage. What is read goes through [`Db::reader`] (point reads) or [`Db::scanner`] (long ones). The crate
//! knows SQL and rows; it knows nothing of leads, businesses or HTTP, and it reads neither the clock nor the
//! environment (except for `test_db`, which asks where the tests' server is).
//!
//! Start with [`op`](crate::Op) for what an operation may do, then [`Sql`] for how a statement is written once.
//! `docs/decisions/0001-two-databases-one-text.md` says why this is ours and not an ORM.

mod counters;
mod db;
mod error;
mod guard;
mod migrate;
mod notices;
mod op;
mod options;
mod param;
mod postgres;
mod row;
pub mod schema;
mod sql;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod test_db;
mod url;
mod value;

pub use crate::counters::Counters;
pub use crate::db::{Db, DbReader};
pub use crate::error::Error;
pub use crate::migrate::{Applied, Migrations};
pub use crate::notices::Notices;
pub use crate::op::{Op, Read, Tx};
pub use crate::options::Options;
pub use crate::param::Param;
pub use crate::row::{FromColumn, Row};
pub use crate::sql::{Engine, Sql};
pub use crate::url::{DatabaseUrl, DatabaseUrlError};
pub use crate::value::Value;
