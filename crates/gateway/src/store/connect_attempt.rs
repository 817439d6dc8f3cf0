//! Connections that were started and wait for the pro's browser to come back. Found by the hash of `state`, which only
//! that browser knows.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;

/// A connection that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectAttempt {
    pub(crate) verifier_sealed: String,
    /// What the code was exchanged for, if it was.
    pub(crate) tokens_sealed: Option<String>,
}

database::statements! {
    /// A connection that begins.
    INSERT = "INSERT INTO connect_attempt (state_hash, verifier_sealed, scopes, expires_at_us) VALUES ($1, $2, $3, $4)";
    /// One that has not expired.
    FIND = "SELECT verifier_sealed, tokens_sealed FROM connect_attempt WHERE state_hash = $1 AND expires_at_us > $2";
    /// The code was exchanged.
    KEEP_TOKENS = "UPDATE connect_attempt SET tokens_sealed = $2 WHERE state_hash = $1";
    /// It came to its end, good or bad.
    DELETE = "DELETE FROM connect_attempt WHERE state_hash = $1";
    /// Nobody comes back for these.
    DELETE_EXPIRED = "DELETE FROM connect_attempt WHERE expires_at_us <= $1";
}

/// Stores a connection that begins.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    state_hash: &str,
    verifier_sealed: &str,
    scopes: &str,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let values = params![state_hash, verifier_sealed, scopes, expires_at];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// The connection that was started with this state, unless it has expired at `now`.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    state_hash: &str,
    now: Timestamp,
) -> Result<Option<ConnectAttempt>, Error> {
    let row = read.query_optional(FIND, params![state_hash, now]).await?;
    let from_row = |row: database::Row| {
        Ok(ConnectAttempt {
            verifier_sealed: row.get("verifier_sealed")?,
            tokens_sealed: row.get("tokens_sealed")?,
        })
    };
    row.map(from_row).transpose()
}

/// Keeps what the code was exchanged for.
pub(crate) async fn keep_tokens<T: Tx>(
    tx: &mut T,
    state_hash: &str,
    tokens_sealed: &str,
) -> Result<(), Error> {
    tx.execute(KEEP_TOKENS, params![state_hash, tokens_sealed])
        .await?;
    Ok(())
}

/// Forgets a connection that was started; `false` if it was forgotten before.
pub(crate) async fn delete<T: Tx>(tx: &mut T, state_hash: &str) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, params![state_hash]).await? == 1)
}

/// Forgets those that have expired at `now`.
pub(crate) async fn delete_expired<T: Tx>(tx: &mut T, now: Timestamp) -> Result<(), Error> {
    tx.execute(DELETE_EXPIRED, params![now]).await?;
    Ok(())
}
