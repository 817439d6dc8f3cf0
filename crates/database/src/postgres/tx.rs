//! Running statements on a connection, and the transaction that an operation sees.

use std::sync::Arc;

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::types::ToSql;

use crate::error::Error;
use crate::op::{Read, Tx};
use crate::param::{self, Param};
use crate::postgres::failure;
use crate::postgres::value::Cell;
use crate::row::Row;
use crate::sql::{Engine, Sql};

/// Why a statement failed, before it is translated: the driver must know whether to repeat the operation.
pub(crate) enum Failure {
    /// The server's answer, or the lack of one.
    Server(tokio_postgres::Error),
    /// Nothing was sent.
    Here(Error),
}

impl Failure {
    pub(crate) fn translate(self, text: &str) -> Error {
        match self {
            Self::Server(error) => failure::error(text, &error),
            Self::Here(error) => error,
        }
    }

    fn is_to_be_repeated(&self) -> bool {
        matches!(self, Self::Server(error) if failure::is_to_be_repeated(error))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

/// All rows that `text` finds.
pub(crate) async fn query(
    client: &impl GenericClient,
    text: &str,
    params: &[Param<'_>],
) -> Result<Vec<Row>, Failure> {
    param::check(params).map_err(Failure::Here)?;
    let statement = client.prepare_cached(text).await?;
    expect_parameters(text, statement.params().len(), params.len())?;
    let found = client.query(&statement, &bound(params)).await?;
    let columns: Arc<[String]> = statement
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    found.iter().map(|row| owned(&columns, row)).collect()
}

async fn execute(
    client: &impl GenericClient,
    text: &str,
    params: &[Param<'_>],
) -> Result<u64, Failure> {
    param::check(params).map_err(Failure::Here)?;
    let statement = client.prepare_cached(text).await?;
    expect_parameters(text, statement.params().len(), params.len())?;
    Ok(client.execute(&statement, &bound(params)).await?)
}

fn expect_parameters(text: &str, expected: usize, given: usize) -> Result<(), Failure> {
    if expected == given {
        return Ok(());
    }
    let problem = format!("it has not the {given} parameters that were given");
    Err(Failure::Here(Error::statement(text, problem)))
}

fn bound<'p>(params: &'p [Param<'p>]) -> Vec<&'p (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|param| param as &(dyn ToSql + Sync))
        .collect()
}

fn owned(columns: &Arc<[String]>, row: &tokio_postgres::Row) -> Result<Row, Failure> {
    let mut values = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let cell: Cell = row.try_get(index).map_err(|error| {
            let cause = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            Failure::Here(Error::Column {
                column: column.clone(),
                problem: cause,
            })
        })?;
        values.push(cell.0);
    }
    Ok(Row::new(Arc::clone(columns), values))
}

/// The transaction that an operation sees.
pub(crate) struct PostgresTx<'c> {
    transaction: Transaction<'c>,
    failed: bool,
    to_be_repeated: bool,
}

impl<'c> PostgresTx<'c> {
    pub(crate) fn new(transaction: Transaction<'c>) -> Self {
        Self {
            transaction,
            failed: false,
            to_be_repeated: false,
        }
    }

    /// The transaction, whether a statement of it failed, and whether the server asks for it to be repeated.
    pub(crate) fn into_parts(self) -> (Transaction<'c>, bool, bool) {
        (self.transaction, self.failed, self.to_be_repeated)
    }

    fn proceed(&self) -> Result<(), Error> {
        if self.failed {
            Err(Error::Poisoned)
        } else {
            Ok(())
        }
    }

    fn note<R>(&mut self, text: &str, result: Result<R, Failure>) -> Result<R, Error> {
        result.map_err(|failure| {
            self.failed = true;
            self.to_be_repeated |= failure.is_to_be_repeated();
            failure.translate(text)
        })
    }
}

impl Read for PostgresTx<'_> {
    async fn query(&mut self, sql: Sql, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.proceed()?;
        let text = sql.text(Engine::Postgres);
        let result = query(&self.transaction, text, params).await;
        self.note(text, result)
    }
}

impl Tx for PostgresTx<'_> {
    async fn execute(&mut self, sql: Sql, params: &[Param<'_>]) -> Result<u64, Error> {
        self.proceed()?;
        let text = sql.text(Engine::Postgres);
        let result = execute(&self.transaction, text, params).await;
        self.note(text, result)
    }

    async fn run_script(&mut self, script: &str) -> Result<(), Error> {
        self.proceed()?;
        let result = self
            .transaction
            .batch_execute(script)
            .await
            .map_err(Failure::Server);
        self.note(script, result)
    }
}
