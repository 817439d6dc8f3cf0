//! What a forward's requests are signed with: the newest secret, and those before it until their end.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretRow {
    pub(crate) secret_id: i64,
    pub(crate) secret_sealed: String,
    pub(crate) created_at: Timestamp,
    /// Of one that was replaced.
    pub(crate) ends_at: Option<Timestamp>,
}

database::statements! {
    INSERT = "INSERT INTO forward_secret (forward_id, secret_id, secret_sealed, created_at_us) VALUES ($1, $2, $3, $4)";
    /// Those in force, the newest first.
    IN_FORCE = "SELECT secret_id, secret_sealed, created_at_us, ends_at_us FROM forward_secret \
                WHERE forward_id = $1 AND (ends_at_us IS NULL OR ends_at_us > $2) ORDER BY secret_id DESC";
    /// None ends later than it would have.
    END_BY = "UPDATE forward_secret SET ends_at_us = $2 WHERE forward_id = $1 AND (ends_at_us IS NULL OR ends_at_us > $2)";
    DELETE_ENDED = "DELETE FROM forward_secret WHERE forward_id = $1 AND ends_at_us <= $2";
    DELETE_ALL = "DELETE FROM forward_secret WHERE forward_id = $1";
}

/// Stores a secret that is in force from now on.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    forward_id: i64,
    (secret_id, secret_sealed): (i64, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let values = params![forward_id, secret_id, secret_sealed, now];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// The secrets of a forward that are in force, the newest first.
pub(crate) async fn in_force<R: Read>(
    read: &mut R,
    forward_id: i64,
    now: Timestamp,
) -> Result<Vec<SecretRow>, Error> {
    let rows = read.query(IN_FORCE, params![forward_id, now]).await?;
    rows.iter().map(from_row).collect()
}

/// Lets all secrets of a forward end then at the latest.
pub(crate) async fn end_by<T: Tx>(
    tx: &mut T,
    forward_id: i64,
    end: Timestamp,
) -> Result<(), Error> {
    tx.execute(END_BY, params![forward_id, end]).await?;
    Ok(())
}

/// Destroys the secrets of a forward that have ended.
pub(crate) async fn delete_ended<T: Tx>(
    tx: &mut T,
    forward_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(DELETE_ENDED, params![forward_id, now]).await?;
    Ok(())
}

/// Destroys all secrets of a forward.
pub(crate) async fn delete_all<T: Tx>(tx: &mut T, forward_id: i64) -> Result<(), Error> {
    tx.execute(DELETE_ALL, params![forward_id]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<SecretRow, Error> {
    Ok(SecretRow {
        secret_id: row.get("secret_id")?,
        secret_sealed: row.get("secret_sealed")?,
        created_at: row.get("created_at_us")?,
        ends_at: row.get("ends_at_us")?,
    })
}
