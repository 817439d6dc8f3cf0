//! What can go wrong below a store function: a variant for each thing that a caller does differently.
//!
//! No message carries a stored or bound value: PostgreSQL's `DETAIL` lines, which do, are dropped by its driver.

/// An error of the database or of the way it was used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A unique index or primary key already holds this key.
    #[error("a row with this key exists already: {0}")]
    Conflict(String),
    /// A foreign key points to no row, or a row that others point to was to be deleted.
    #[error("a reference to another row would be broken: {0}")]
    Reference(String),
    /// As many writes wait as may wait. Nothing was done; the caller should say "try again soon".
    #[error("too many writes are waiting")]
    Busy,
    /// The database cannot be reached or cannot store now (connection lost, disk full, timeout, closed).
    ///
    /// Where the answer to a commit was lost the outcome of the operation is unknown: it may have been stored.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database refused a statement: a constraint other than a key, or a mistake in its text.
    #[error("the statement was refused: {problem} [{statement}]")]
    Statement {
        /// What the engine said.
        problem: String,
        /// The beginning of the statement's text.
        statement: String,
    },
    /// A statement failed, and yet the operation went on: what it did is rolled back on both engines.
    #[error("an earlier statement of this operation failed")]
    Poisoned,
    /// A text to be stored holds a NUL character, which PostgreSQL cannot store.
    #[error("parameter ${0} holds a NUL character, which cannot be stored")]
    Nul(usize),
    /// A query that must find a row found none.
    #[error("no row was found where one was expected")]
    NoRow,
    /// A query that may find one row found several.
    #[error("{0} rows were found where at most one was expected")]
    ManyRows(usize),
    /// A column is not there, or does not hold what was asked for.
    #[error("column {column}: {problem}")]
    Column {
        /// The column's name.
        column: String,
        /// What was expected and what was found (its type, never its content).
        problem: String,
    },
    /// The operation awaited something else than its transaction. A mistake in the program.
    #[error("the operation awaited something else than its transaction")]
    Awaited,
    /// The operation panicked and was rolled back. A mistake in the program.
    #[error("the operation panicked")]
    Panicked,
    /// The database could not be opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// The schema in the database and the migrations in this program do not agree.
    #[error("the schema of {component} cannot be migrated: {problem}")]
    Migration {
        /// Who owns the tables.
        component: String,
        /// Which migration, and what is wrong with it.
        problem: String,
    },
}

impl Error {
    /// The key exists already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// A reference to another row does not hold.
    pub fn is_reference(&self) -> bool {
        matches!(self, Self::Reference(_))
    }

    /// The database cannot do it now, another time it may. Whether a write was stored is not known.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// The write was not even queued.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }

    /// A refused statement, with enough of its text to find it.
    pub(crate) fn statement(statement: &str, problem: impl Into<String>) -> Self {
        const SHOWN_CHARACTERS: usize = 120;
        let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Statement {
            problem: problem.into(),
            statement: words.chars().take(SHOWN_CHARACTERS).collect(),
        }
    }
}
