//! Rows that have run out and are of no use to anyone, and their removal in bounded batches.

use database::{Error, Sql, Tx, params};
use jiff::Timestamp;

database::statements! {
    DELETE_SESSIONS = "DELETE FROM session WHERE session_hash IN
        (SELECT session_hash FROM session WHERE expires_at_us < $1 LIMIT $2)";
    DELETE_CONNECT_REQUESTS = "DELETE FROM connect_request WHERE handle_hash IN
        (SELECT handle_hash FROM connect_request WHERE expires_at_us < $1 LIMIT $2)";
    DELETE_ANSWERS = "DELETE FROM idempotency WHERE (owner, key_hash) IN
        (SELECT owner, key_hash FROM idempotency WHERE created_at_us < $1 LIMIT $2)";
    /// These times are in nanoseconds.
    DELETE_REVOKED_ACCESS = "DELETE FROM revoked_access WHERE (grant_id, access_expires_at_ns) IN
        (SELECT grant_id, access_expires_at_ns FROM revoked_access
        WHERE access_expires_at_ns < $1 LIMIT $2)";
    DELETE_REFRESH_TOKENS = "DELETE FROM refresh_token WHERE token_hash IN
        (SELECT token_hash FROM refresh_token WHERE expires_at_us < $1 LIMIT $2)";
}

/// A kind of row that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Perishable {
    /// Pros' log-ins, by the time they end.
    Session,
    /// Connect pages that were left open, by the time they end.
    ConnectRequest,
    /// First answers under an `Idempotency-Key`, by the time they were given.
    Answer,
    /// Access tokens that were revoked alone, by the time they would have run out.
    RevokedAccess,
    /// Refresh tokens, by the time they ran out.
    RefreshToken,
}

impl Perishable {
    /// All kinds.
    pub(crate) const ALL: [Self; 5] = [
        Self::Session,
        Self::ConnectRequest,
        Self::Answer,
        Self::RevokedAccess,
        Self::RefreshToken,
    ];

    const fn statement(self) -> Sql {
        match self {
            Self::Session => DELETE_SESSIONS,
            Self::ConnectRequest => DELETE_CONNECT_REQUESTS,
            Self::Answer => DELETE_ANSWERS,
            Self::RevokedAccess => DELETE_REVOKED_ACCESS,
            Self::RefreshToken => DELETE_REFRESH_TOKENS,
        }
    }
}

/// Removes at most `limit` rows whose time is before `before`; answers how many there were.
pub(crate) async fn delete<T: Tx>(
    tx: &mut T,
    kind: Perishable,
    before: Timestamp,
    limit: i64,
) -> Result<u64, Error> {
    let before = match kind {
        // A time after the year 2262 does not fit: then everything is before it.
        Perishable::RevokedAccess => i64::try_from(before.as_nanosecond()).unwrap_or(i64::MAX),
        _ => before.as_microsecond(),
    };
    tx.execute(kind.statement(), params![before, limit]).await
}
