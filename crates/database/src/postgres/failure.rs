//! Translates PostgreSQL's errors, without the `DETAIL` that repeats the values of a row.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::error::Error;

/// What a caller gets to know of `error`, which `statement` met.
pub(crate) fn error(statement: &str, error: &tokio_postgres::Error) -> Error {
    let Some(refusal) = error.as_db_error() else {
        let problem = root_cause(error);
        // What is neither the server's refusal nor a lost connection went wrong before anything was sent.
        return if is_connection_lost(error) {
            Error::Unavailable(problem)
        } else {
            Error::statement(statement, problem)
        };
    };
    let place = match (refusal.table(), refusal.constraint()) {
        (Some(table), Some(constraint)) => format!("{table}, {constraint}"),
        _ => refusal.message().to_owned(),
    };
    let code = refusal.code();
    if [SqlState::UNIQUE_VIOLATION, SqlState::EXCLUSION_VIOLATION].contains(code) {
        Error::Conflict(place)
    } else if [
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::RESTRICT_VIOLATION,
    ]
    .contains(code)
    {
        Error::Reference(place)
    } else if is_passing(code) {
        Error::Unavailable(refusal.message().to_owned())
    } else {
        Error::statement(statement, refusal.message())
    }
}

/// Whether the server asks for the whole transaction to be run again.
pub(crate) fn is_to_be_repeated(error: &tokio_postgres::Error) -> bool {
    let repeated = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    error.code().is_some_and(|code| repeated.contains(code))
}

/// Whether the connection is gone, with or without a last word of the server.
pub(crate) fn is_connection_lost(error: &tokio_postgres::Error) -> bool {
    let is_io =
        std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    let ended = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    error.is_closed() || is_io || error.code().is_some_and(|code| ended.contains(code))
}

/// No connection could be had from the pool.
pub(crate) fn pool_error(error: &PoolError) -> Error {
    match error {
        PoolError::Timeout(_) => Error::Unavailable("no connection was free in time".to_owned()),
        PoolError::Closed => Error::Unavailable("it was closed".to_owned()),
        PoolError::Backend(cause) => Error::Unavailable(root_cause(cause)),
        other => Error::Unavailable(root_cause(other)),
    }
}

/// Conditions that pass by themselves or with an operator's help, by class: connection (08), repeat (40), resources
/// (53), operator intervention and statement timeout (57), system (58).
fn is_passing(code: &SqlState) -> bool {
    let passing_classes = ["08", "40", "53", "57", "58"];
    let passing_codes = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    passing_classes
        .iter()
        .any(|class| code.code().starts_with(class))
        || passing_codes.contains(code)
}

/// The innermost message: the outer ones only say that something failed. A server's refusal comes without detail.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<tokio_postgres::error::DbError>() {
        Some(refusal) => refusal.message().to_owned(),
        None => cause.to_string(),
    }
}
