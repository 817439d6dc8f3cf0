//! The sealed tokens of connections that live, with the lease and the version by which several processes share them.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;

/// The tokens of a connection, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) access_sealed: String,
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh_sealed: String,
    pub(crate) refresh_issued_at: Timestamp,
}

/// A pair that replaces another.
#[derive(Clone, Debug)]
pub(crate) struct NewTokens<'a> {
    pub(crate) access_sealed: &'a str,
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh_sealed: &'a str,
    pub(crate) refresh_issued_at: Timestamp,
}

macro_rules! columns {
    () => {
        "version, state, reason, access_sealed, access_expires_at_us, refresh_sealed, refresh_issued_at_us"
    };
}

database::statements! {
    /// The tokens of a connection that lives.
    LOAD = ("SELECT ", columns!(), " FROM connection WHERE connection_id = $1 AND ended_at_us IS NULL");
    /// Takes the lease if it is free, has run out, or is the same holder's.
    TAKE_LEASE = ("UPDATE connection SET lease_owner = $2, lease_until_us = $4 \
                   WHERE connection_id = $1 AND ended_at_us IS NULL \
                   AND (lease_owner IS NULL OR lease_owner = $2 OR lease_until_us <= $3) RETURNING ", columns!());
    /// Replaces the pair whose version it names.
    SAVE = "UPDATE connection SET access_sealed = $3, access_expires_at_us = $4, refresh_sealed = $5, \
            refresh_issued_at_us = $6, version = version + 1, state = 'connected', reason = NULL, lease_owner = NULL, \
            lease_until_us = NULL WHERE connection_id = $1 AND version = $2 AND ended_at_us IS NULL";
    /// Says that the pro has to connect again.
    MARK_RECONNECT = "UPDATE connection SET state = 'reconnect_needed', reason = $3, lease_owner = NULL, \
                      lease_until_us = NULL WHERE connection_id = $1 AND version = $2 AND ended_at_us IS NULL";
    /// Gives the lease back.
    RELEASE = "UPDATE connection SET lease_owner = NULL, lease_until_us = NULL \
               WHERE connection_id = $1 AND lease_owner = $2";
}

/// The tokens of a connection that lives.
pub(crate) async fn load<R: Read>(
    read: &mut R,
    connection_id: i64,
) -> Result<Option<TokenRow>, Error> {
    let row = read.query_optional(LOAD, params![connection_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Takes the lease and reads the tokens; nothing if somebody else has it at `now` or the connection has ended.
pub(crate) async fn take_lease<T: Tx>(
    tx: &mut T,
    connection_id: i64,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<TokenRow>, Error> {
    let values = params![connection_id, holder, now, until];
    let row = tx.query_optional(TAKE_LEASE, values).await?;
    row.as_ref().map(from_row).transpose()
}

/// Replaces the pair with this version and ends the lease; `false` if the version is another or the connection has ended.
pub(crate) async fn save<T: Tx>(
    tx: &mut T,
    connection_id: i64,
    version: i64,
    tokens: &NewTokens<'_>,
) -> Result<bool, Error> {
    let values = params![
        connection_id,
        version,
        tokens.access_sealed,
        tokens.access_expires_at,
        tokens.refresh_sealed,
        tokens.refresh_issued_at
    ];
    Ok(tx.execute(SAVE, values).await? == 1)
}

/// Marks the connection as one that the pro has to make again and ends the lease; `false` as with [`save`].
pub(crate) async fn mark_reconnect<T: Tx>(
    tx: &mut T,
    connection_id: i64,
    version: i64,
    reason: &str,
) -> Result<bool, Error> {
    let values = params![connection_id, version, reason];
    Ok(tx.execute(MARK_RECONNECT, values).await? == 1)
}

/// Ends the lease if `holder` has it.
pub(crate) async fn release<T: Tx>(
    tx: &mut T,
    connection_id: i64,
    holder: &str,
) -> Result<(), Error> {
    tx.execute(RELEASE, params![connection_id, holder]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<TokenRow, Error> {
    Ok(TokenRow {
        version: row.get("version")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        access_sealed: row.get("access_sealed")?,
        access_expires_at: row.get("access_expires_at_us")?,
        refresh_sealed: row.get("refresh_sealed")?,
        refresh_issued_at: row.get("refresh_issued_at_us")?,
    })
}
