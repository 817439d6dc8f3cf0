//! Where events are pushed to. A forward that was removed stays as a record of when; no finder finds it.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;

use crate::domain::forward::{ForwardSettings, ForwardUrl, Wanted};

/// A stored forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardRow {
    pub(crate) forward_id: i64,
    pub(crate) settings: ForwardSettings,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// When it was removed; only [`find_by_key`] finds those.
    pub(crate) ended_at: Option<Timestamp>,
}

/// A forward that is made just now.
#[derive(Clone, Debug)]
pub(crate) struct NewForward<'a> {
    pub(crate) forward_id: i64,
    pub(crate) settings: &'a ForwardSettings,
    /// What we tell the caller's repetitions by.
    pub(crate) request_key_hash: Option<&'a str>,
    pub(crate) now: Timestamp,
}

macro_rules! columns {
    () => {
        "forward_id, url, description, event_types, business_ids, created_at_us, updated_at_us, ended_at_us"
    };
}

database::statements! {
    /// A forward; nothing where the caller's key is known.
    INSERT = "INSERT INTO forward (forward_id, url, description, event_types, business_ids, request_key_hash, \
              created_at_us, updated_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
              ON CONFLICT (request_key_hash) DO NOTHING";
    /// The one that was made under the caller's key, removed or not.
    FIND_BY_KEY = ("SELECT ", columns!(), " FROM forward WHERE request_key_hash = $1");
    FIND = ("SELECT ", columns!(), " FROM forward WHERE forward_id = $1 AND ended_at_us IS NULL");
    LOCK = for_update ("SELECT ", columns!(), " FROM forward WHERE forward_id = $1 AND ended_at_us IS NULL");
    /// All of them, for whatever happens.
    ALL = ("SELECT ", columns!(), " FROM forward WHERE ended_at_us IS NULL ORDER BY forward_id");
    /// The newest first.
    LIST = ("SELECT ", columns!(), " FROM forward WHERE ended_at_us IS NULL \
             AND (CAST($1 AS BIGINT) IS NULL OR forward_id < $1) ORDER BY forward_id DESC LIMIT $2");
    COUNT = "SELECT COUNT(*) AS forwards FROM forward WHERE ended_at_us IS NULL";
    SAVE = "UPDATE forward SET url = $2, description = $3, event_types = $4, business_ids = $5, updated_at_us = $6 \
            WHERE forward_id = $1";
    /// What a URL may carry is a secret, so it goes with the forward.
    END = "UPDATE forward SET ended_at_us = $2, updated_at_us = $2, url = '' WHERE forward_id = $1 AND ended_at_us IS NULL";
}

/// Stores a forward; `false` if there is one under the caller's key.
pub(crate) async fn insert<T: Tx>(tx: &mut T, new: &NewForward<'_>) -> Result<bool, Error> {
    let settings = new.settings;
    let (event_types, business_ids) = settings.wanted.stored();
    let values = params![
        new.forward_id,
        settings.url.as_str(),
        &settings.description,
        event_types.as_deref(),
        business_ids.as_deref(),
        new.request_key_hash,
        new.now
    ];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// The forward that was made under the caller's key, removed or not.
pub(crate) async fn find_by_key<R: Read>(
    read: &mut R,
    request_key_hash: &str,
) -> Result<Option<ForwardRow>, Error> {
    let row = read
        .query_optional(FIND_BY_KEY, params![request_key_hash])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// One forward.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    forward_id: i64,
) -> Result<Option<ForwardRow>, Error> {
    let row = read.query_optional(FIND, params![forward_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// One forward, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(tx: &mut T, forward_id: i64) -> Result<Option<ForwardRow>, Error> {
    let row = tx.query_optional(LOCK, params![forward_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// All forwards.
pub(crate) async fn all<R: Read>(read: &mut R) -> Result<Vec<ForwardRow>, Error> {
    let rows = read.query(ALL, params![]).await?;
    rows.iter().map(from_row).collect()
}

/// Forwards, the newest first, older than `before`.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<ForwardRow>, Error> {
    let found = read.query(LIST, params![before, rows]).await?;
    found.iter().map(from_row).collect()
}

/// How many forwards there are.
pub(crate) async fn count<R: Read>(read: &mut R) -> Result<i64, Error> {
    read.query_one(COUNT, params![]).await?.get("forwards")
}

/// Puts other settings in place of those that are stored.
pub(crate) async fn save<T: Tx>(
    tx: &mut T,
    forward_id: i64,
    settings: &ForwardSettings,
    now: Timestamp,
) -> Result<(), Error> {
    let (event_types, business_ids) = settings.wanted.stored();
    let values = params![
        forward_id,
        settings.url.as_str(),
        &settings.description,
        event_types.as_deref(),
        business_ids.as_deref(),
        now
    ];
    tx.execute(SAVE, values).await?;
    Ok(())
}

/// Removes a forward; `false` if it was removed before.
pub(crate) async fn end<T: Tx>(tx: &mut T, forward_id: i64, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(END, params![forward_id, now]).await? == 1)
}

fn from_row(row: &Row) -> Result<ForwardRow, Error> {
    let event_types: Option<String> = row.get("event_types")?;
    let business_ids: Option<String> = row.get("business_ids")?;
    Ok(ForwardRow {
        forward_id: row.get("forward_id")?,
        settings: ForwardSettings {
            url: ForwardUrl::from_stored(row.get("url")?),
            description: row.get("description")?,
            wanted: Wanted::from_stored(event_types.as_deref(), business_ids.as_deref()),
        },
        created_at: row.get("created_at_us")?,
        updated_at: row.get("updated_at_us")?,
        ended_at: row.get("ended_at_us")?,
    })
}
