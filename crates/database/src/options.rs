//! The settings of an open database, all with defaults that fit a node on two cores.

use std::time::Duration;

/// How a database is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many callers may wait before [`Error::Busy`](crate::Error::Busy): for SQLite's writer, or for a free connection to
    /// PostgreSQL.
    pub queue: usize,
    /// SQLite: how many idle reading connections are kept; more are opened while more threads read.
    pub readers: usize,
    /// SQLite: how many scans may run at the same time; the others wait.
    pub scanners: usize,
    /// PostgreSQL: how many connections this node holds at most.
    pub connections: usize,
    /// PostgreSQL: how long a caller waits for a free connection, and for a new one to be made.
    pub wait: Duration,
    /// PostgreSQL: after how long the server gives a statement up, or a transaction that went quiet.
    pub statement_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: 4096,
            readers: 16,
            scanners: 4,
            connections: 16,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}
