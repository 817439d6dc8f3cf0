//! What code above the store sees of a database: [`Read`], [`Tx`] and [`Op`]. Everything else is a driver.
//!
//! An operation awaits nothing but its transaction. On SQLite that is what makes it run on the writer's thread
//! without a scheduler (each future of the transaction is ready at once); on both engines it is why no network call
//! can happen while rows are locked. There is no way to get hold of a transaction outside of an operation.

use crate::error::Error;
use crate::param::Param;
use crate::row::Row;
use crate::sql::Sql;

/// Something that answers queries: a reader, a scanner, or a transaction.
pub trait Read: Send {
    /// All rows of a query, in memory.
    fn query(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// The row of a query that finds at most one; [`Error::ManyRows`] if it finds more.
    fn query_optional(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<Row>, Error>> + Send {
        async move {
            let mut rows = self.query(sql, params).await?;
            match rows.len() {
                0 | 1 => Ok(rows.pop()),
                count => Err(Error::ManyRows(count)),
            }
        }
    }

    /// The row of a query that finds exactly one; [`Error::NoRow`] if it finds none.
    fn query_one(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Row, Error>> + Send {
        async move { self.query_optional(sql, params).await?.ok_or(Error::NoRow) }
    }
}

/// The transaction of an operation.
///
/// Once a statement has failed, nothing of the operation can be stored any more (that is how PostgreSQL works, and
/// SQLite is made to work alike): use `ON CONFLICT DO NOTHING` where a key may exist already.
pub trait Tx: Read {
    /// Runs a statement that returns no rows; answers how many rows it changed.
    fn execute(
        &mut self,
        sql: Sql,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Runs a text of several statements without parameters: a migration, or the fixture of a test.
    fn run_script(&mut self, script: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A write: reads, judges and changes rows in one transaction.
///
/// `run` takes `&self` because it may run more than once: PostgreSQL asks for a transaction to be repeated after a
/// deadlock. It must therefore change nothing outside of the database. An `Err` rolls back what it did.
///
/// ```
/// use database::{Error, Op, Sql, Tx, params};
///
/// struct Rename { id: i64, name: String }
///
/// const RENAME: Sql = Sql::both("UPDATE pro SET name = $2 WHERE id = $1");
///
/// impl Op for Rename {
///     type Out = bool;
///     type Error = Error;
///
///     async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, Error> {
///         Ok(tx.execute(RENAME, params![self.id, &self.name]).await? == 1)
///     }
/// }
/// ```
pub trait Op: Send + Sync + 'static {
    /// What the operation answers once it is committed.
    type Out: Send + 'static;
    /// Why it refuses; the database's own errors are among the reasons.
    type Error: From<Error> + Send + 'static;

    /// Does the work. Awaits nothing but `tx`.
    fn run<T: Tx>(&self, tx: &mut T)
    -> impl Future<Output = Result<Self::Out, Self::Error>> + Send;
}
