//! Pros who are logged in. Only the hash of the cookie is kept.

use base::SecretHash;
use database::{Error, Read, Tx, params};
use protocol::id::AccountId;

use crate::domain::session::Session;
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO session (session_hash, account_id, created_at_us, used_at_us, expires_at_us)
        VALUES ($1, $2, $3, $4, $5)";
    FIND = "SELECT account_id, created_at_us, used_at_us FROM session WHERE session_hash = $1";
    NOTE_USE = "UPDATE session SET used_at_us = $2, expires_at_us = $3 WHERE session_hash = $1";
    DELETE = "DELETE FROM session WHERE session_hash = $1";
}

/// Stores a new log-in.
pub(crate) async fn insert<T: Tx>(tx: &mut T, session: &Session) -> Result<(), Error> {
    tx.execute(
        INSERT,
        params![
            session.session_hash.as_str(),
            session.account_id.get(),
            session.created_at,
            session.used_at,
            session.expires_at(),
        ],
    )
    .await?;
    Ok(())
}

/// The log-in of this cookie, over or not.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    session_hash: &SecretHash,
) -> Result<Option<Session>, Error> {
    let row = read
        .query_optional(FIND, params![session_hash.as_str()])
        .await?;
    row.map(|row| {
        Ok(Session {
            session_hash: session_hash.clone(),
            account_id: column::id(&row, "account_id", AccountId::from_i64)?,
            created_at: row.get("created_at_us")?,
            used_at: row.get("used_at_us")?,
        })
    })
    .transpose()
}

/// Notes when it was used last. One that was logged out meanwhile stays so.
pub(crate) async fn note_use<T: Tx>(tx: &mut T, session: &Session) -> Result<(), Error> {
    let hash = session.session_hash.as_str();
    tx.execute(
        NOTE_USE,
        params![hash, session.used_at, session.expires_at()],
    )
    .await?;
    Ok(())
}

/// Ends the log-in; nothing happens if there is none.
pub(crate) async fn delete<T: Tx>(tx: &mut T, session_hash: &SecretHash) -> Result<(), Error> {
    tx.execute(DELETE, params![session_hash.as_str()]).await?;
    Ok(())
}
