//! How many writes were committed, in how many transactions: what group commit is judged by.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the database was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations that were committed.
    pub operations: u64,
    /// Commits, each with one sync to stable storage. On SQLite one commit may hold many operations.
    pub commits: u64,
    /// PostgreSQL: operations that ran again after a deadlock or a lost connection.
    pub repeats: u64,
}

/// The running counts that the drivers add to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    operations: AtomicU64,
    commits: AtomicU64,
    repeats: AtomicU64,
}

impl Tally {
    pub(crate) fn committed(&self, operations: u64) {
        self.operations.fetch_add(operations, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn repeated(&self) {
        self.repeats.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            operations: self.operations.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            repeats: self.repeats.load(Ordering::Relaxed),
        }
    }
}
