//! The SQLite driver: one writer thread with group commit, and WAL readers beside it.
//!
//! [`driver`] is the whole of it as `Db` sees it; [`writer`] holds the promise "durable before answered", [`queue`]
//! is what callers hand their operations to, [`reader`] the connections that never write, [`statement`] binding and
//! reading, [`connection`] the settings, [`failure`] the translation of errors.

mod connection;
pub(crate) mod driver;
mod failure;
mod queue;
mod reader;
mod statement;
mod writer;
