//! Businesses whose pros granted us access. At most one connection of a business lives; those that ended stay as a record
//! of when and why, without tokens.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::BusinessId;

/// A connection as people see it. The tokens are in [`super::connection_token`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionRow {
    pub(crate) connection_id: i64,
    pub(crate) business_id: i64,
    pub(crate) business_name: String,
    pub(crate) scopes: String,
    /// `connected`, `reconnect_needed` or `disconnected`.
    pub(crate) state: String,
    /// Why it is not connected, by name.
    pub(crate) reason: Option<String>,
    pub(crate) access_expires_at: Option<Timestamp>,
    pub(crate) refresh_issued_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// When the customers' data of the business must be destroyed.
    pub(crate) purge_due_at: Option<Timestamp>,
}

/// A connection that was made just now.
#[derive(Clone, Debug)]
pub(crate) struct NewConnection<'a> {
    pub(crate) connection_id: i64,
    pub(crate) business_id: BusinessId,
    pub(crate) business_name: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) scopes: &'a str,
    pub(crate) access_sealed: &'a str,
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh_sealed: &'a str,
    pub(crate) refresh_issued_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// `disconnected` or `replaced`.
    pub(crate) reason: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) purge_due_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "connection_id, business_id, business_name, scopes, state, reason, access_expires_at_us, refresh_issued_at_us, \
         created_at_us, ended_at_us, purge_due_at_us"
    };
}

/// What an ending leaves of a connection: no token, sealed or not.
macro_rules! end {
    () => {
        "UPDATE connection SET state = 'disconnected', reason = $2, ended_at_us = $3, purge_due_at_us = $4, \
         access_sealed = NULL, access_expires_at_us = NULL, refresh_sealed = NULL, refresh_issued_at_us = NULL, \
         lease_owner = NULL, lease_until_us = NULL WHERE ended_at_us IS NULL AND "
    };
}

database::statements! {
    /// A connection. The business must have no other that lives.
    INSERT = "INSERT INTO connection (connection_id, business_id, business_name, client_id, scopes, state, access_sealed, \
              access_expires_at_us, refresh_sealed, refresh_issued_at_us, version, created_at_us) \
              VALUES ($1, $2, $3, $4, $5, 'connected', $6, $7, $8, $9, 1, $10)";
    /// The one that lives.
    FIND_LIVE = ("SELECT ", columns!(), " FROM connection WHERE business_id = $1 AND ended_at_us IS NULL");
    /// This one, whether it lives or not.
    FIND = ("SELECT ", columns!(), " FROM connection WHERE connection_id = $1");
    /// The newest, whether it lives or not.
    FIND_NEWEST = ("SELECT ", columns!(), " FROM connection WHERE business_id = $1 ORDER BY connection_id DESC LIMIT 1");
    /// The newest of each business, the newest first.
    LIST = ("SELECT ", columns!(), " FROM connection \
             WHERE NOT EXISTS (SELECT 1 FROM connection AS newer WHERE newer.business_id = connection.business_id \
                               AND newer.connection_id > connection.connection_id) \
             AND (CAST($1 AS BIGINT) IS NULL OR connection_id < $1) ORDER BY connection_id DESC LIMIT $2");
    /// One connection, if it lives.
    END = (end!(), "connection_id = $1");
    /// The one of a business that lives.
    END_LIVE = (end!(), "business_id = $1");
    /// The business is connected again before its customers' data was destroyed: now it is needed again.
    CANCEL_PURGE = "UPDATE connection SET purge_due_at_us = NULL WHERE business_id = $1 AND purge_due_at_us IS NOT NULL";
    /// Those whose access token has ended by $1 and that either were not refreshed since $2 or have replies to send.
    DUE_FOR_REFRESH = "SELECT connection_id FROM connection \
                       WHERE ended_at_us IS NULL AND state = 'connected' AND access_expires_at_us <= $1 \
                       AND (refresh_issued_at_us <= $2 \
                            OR EXISTS (SELECT 1 FROM reply WHERE reply.business_id = connection.business_id \
                                       AND reply.state = 'queued')) \
                       ORDER BY refresh_issued_at_us";
}

/// Stores a connection. The caller has ended the one that lived before.
pub(crate) async fn insert<T: Tx>(tx: &mut T, new: &NewConnection<'_>) -> Result<(), Error> {
    let values = params![
        new.connection_id,
        new.business_id.get(),
        new.business_name,
        new.client_id,
        new.scopes,
        new.access_sealed,
        new.access_expires_at,
        new.refresh_sealed,
        new.refresh_issued_at,
        new.now
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// A connection, whether it lives or not.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    connection_id: i64,
) -> Result<Option<ConnectionRow>, Error> {
    let row = read.query_optional(FIND, params![connection_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The connection of a business that lives.
pub(crate) async fn find_live<R: Read>(
    read: &mut R,
    business_id: BusinessId,
) -> Result<Option<ConnectionRow>, Error> {
    let row = read
        .query_optional(FIND_LIVE, params![business_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest connection of a business, whether it lives or not.
pub(crate) async fn find_newest<R: Read>(
    read: &mut R,
    business_id: BusinessId,
) -> Result<Option<ConnectionRow>, Error> {
    let row = read
        .query_optional(FIND_NEWEST, params![business_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest connection of each business, the newest first, older than `before`.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<ConnectionRow>, Error> {
    let found = read.query(LIST, params![before, rows]).await?;
    found.iter().map(from_row).collect()
}

/// Ends a connection and drops its tokens; `false` if it had ended before.
pub(crate) async fn end<T: Tx>(
    tx: &mut T,
    connection_id: i64,
    ending: Ending,
) -> Result<bool, Error> {
    let values = params![
        connection_id,
        ending.reason,
        ending.now,
        ending.purge_due_at
    ];
    Ok(tx.execute(END, values).await? == 1)
}

/// Ends the connection of a business that lives and drops its tokens; `false` if there is none.
pub(crate) async fn end_live<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    ending: Ending,
) -> Result<bool, Error> {
    let values = params![
        business_id.get(),
        ending.reason,
        ending.now,
        ending.purge_due_at
    ];
    Ok(tx.execute(END_LIVE, values).await? == 1)
}

/// Forgets that the customers' data of a business was to be destroyed.
pub(crate) async fn cancel_purge<T: Tx>(tx: &mut T, business_id: BusinessId) -> Result<(), Error> {
    tx.execute(CANCEL_PURGE, params![business_id.get()]).await?;
    Ok(())
}

/// The connections that should be refreshed: their access token ends by `ending_by`, and they were refreshed last at
/// `unused_since` or before, or replies wait for them.
pub(crate) async fn due_for_refresh<R: Read>(
    read: &mut R,
    ending_by: Timestamp,
    unused_since: Timestamp,
) -> Result<Vec<i64>, Error> {
    let rows = read
        .query(DUE_FOR_REFRESH, params![ending_by, unused_since])
        .await?;
    rows.iter().map(|row| row.get("connection_id")).collect()
}

fn from_row(row: &Row) -> Result<ConnectionRow, Error> {
    Ok(ConnectionRow {
        connection_id: row.get("connection_id")?,
        business_id: row.get("business_id")?,
        business_name: row.get("business_name")?,
        scopes: row.get("scopes")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        access_expires_at: row.get("access_expires_at_us")?,
        refresh_issued_at: row.get("refresh_issued_at_us")?,
        created_at: row.get("created_at_us")?,
        ended_at: row.get("ended_at_us")?,
        purge_due_at: row.get("purge_due_at_us")?,
    })
}
