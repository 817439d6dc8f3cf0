//! Bodies that are JSON but not what their kind must be, kept for a person.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;

/// A body in quarantine.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineRow {
    pub(crate) quarantine_id: i64,
    pub(crate) kind: String,
    pub(crate) body: String,
    /// A JSON array of `{"pointer", "reason"}`.
    pub(crate) problems: String,
    pub(crate) state: String,
    pub(crate) received_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
}

/// A body that goes into quarantine.
#[derive(Clone, Debug)]
pub(crate) struct NewQuarantine<'a> {
    pub(crate) quarantine_id: i64,
    pub(crate) kind: &'a str,
    pub(crate) body: &'a str,
    pub(crate) body_hash: &'a str,
    pub(crate) problems: &'a str,
    pub(crate) received_at: Timestamp,
}

macro_rules! columns {
    () => {
        "quarantine_id, kind, body, problems, state, received_at_us, processed_at_us"
    };
}

database::statements! {
    /// A body; nothing where the same one is there already.
    INSERT = "INSERT INTO quarantine (quarantine_id, kind, body, body_hash, problems, state, received_at_us) \
              VALUES ($1, $2, $3, $4, $5, 'open', $6) ON CONFLICT (body_hash) DO NOTHING";
    /// One body.
    FIND = ("SELECT ", columns!(), " FROM quarantine WHERE quarantine_id = $1");
    /// One body, locked.
    LOCK = for_update ("SELECT ", columns!(), " FROM quarantine WHERE quarantine_id = $1");
    /// The newest first.
    LIST = ("SELECT ", columns!(), " FROM quarantine WHERE state = $1 \
             AND (CAST($2 AS BIGINT) IS NULL OR quarantine_id < $2) ORDER BY quarantine_id DESC LIMIT $3");
    /// It was read after all.
    MARK_PROCESSED = "UPDATE quarantine SET state = 'processed', processed_at_us = $2 WHERE quarantine_id = $1";
}

/// Keeps a body, unless the same one is there already.
pub(crate) async fn insert<T: Tx>(tx: &mut T, new: &NewQuarantine<'_>) -> Result<(), Error> {
    let values = params![
        new.quarantine_id,
        new.kind,
        new.body,
        new.body_hash,
        new.problems,
        new.received_at
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// One body.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    quarantine_id: i64,
) -> Result<Option<QuarantineRow>, Error> {
    let row = read.query_optional(FIND, params![quarantine_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// One body, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    quarantine_id: i64,
) -> Result<Option<QuarantineRow>, Error> {
    let row = tx.query_optional(LOCK, params![quarantine_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Bodies in a state, the newest first, older than `before`.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    state: &str,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<QuarantineRow>, Error> {
    let found = read.query(LIST, params![state, before, rows]).await?;
    found.iter().map(from_row).collect()
}

/// Marks a body as processed.
pub(crate) async fn mark_processed<T: Tx>(
    tx: &mut T,
    quarantine_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(MARK_PROCESSED, params![quarantine_id, now])
        .await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<QuarantineRow, Error> {
    Ok(QuarantineRow {
        quarantine_id: row.get("quarantine_id")?,
        kind: row.get("kind")?,
        body: row.get("body")?,
        problems: row.get("problems")?,
        state: row.get("state")?,
        received_at: row.get("received_at_us")?,
        processed_at: row.get("processed_at_us")?,
    })
}
