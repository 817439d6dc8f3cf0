//! `delivery_shard`: who sends for which endpoints, and until when.

use database::{Error, Tx, params};
use jiff::Timestamp;

database::statements! {
    RENEW = "UPDATE delivery_shard SET lease_until_us = $2 WHERE owner = $1 RETURNING shard, epoch";
    /// The conditions are repeated outside, where they are judged again once the row is locked: two processes that
    /// found the same shard do not both get it.
    TAKE = "UPDATE delivery_shard SET owner = $1, epoch = epoch + 1, lease_until_us = $2
        WHERE (owner IS NULL OR lease_until_us <= $3) AND shard IN
            (SELECT s.shard FROM delivery_shard AS s WHERE s.owner IS NULL OR s.lease_until_us <= $3
             ORDER BY s.shard LIMIT $4)
        RETURNING shard, epoch";
    /// What a process of the same name left behind; the new epoch fences it off.
    ADOPT = "UPDATE delivery_shard SET epoch = epoch + 1, lease_until_us = $2 WHERE owner = $1";
    RELEASE = "UPDATE delivery_shard SET owner = NULL, lease_until_us = 0 WHERE owner = $1 AND shard = $2";
    RELEASE_ALL = "UPDATE delivery_shard SET owner = NULL, lease_until_us = 0 WHERE owner = $1";
}

/// A shard and the epoch in which it is ours.
pub(crate) struct Held {
    pub(crate) shard: i64,
    pub(crate) epoch: i64,
}

/// Prolongs what `owner` still has, and says what that is.
pub(crate) async fn renew<T: Tx>(
    tx: &mut T,
    owner: &str,
    until: Timestamp,
) -> Result<Vec<Held>, Error> {
    let rows = tx.query(RENEW, params![owner, until]).await?;
    rows.iter().map(held_from).collect()
}

/// Takes up to `count` shards that nobody has, or whose lease ran out by `now`.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    owner: &str,
    until: Timestamp,
    now: Timestamp,
    count: i64,
) -> Result<Vec<Held>, Error> {
    let rows = tx.query(TAKE, params![owner, until, now, count]).await?;
    rows.iter().map(held_from).collect()
}

/// Makes what an earlier process of the same name had our own.
pub(crate) async fn adopt<T: Tx>(tx: &mut T, owner: &str, until: Timestamp) -> Result<u64, Error> {
    tx.execute(ADOPT, params![owner, until]).await
}

/// Gives one shard up.
pub(crate) async fn release<T: Tx>(tx: &mut T, owner: &str, shard: i64) -> Result<(), Error> {
    tx.execute(RELEASE, params![owner, shard]).await.map(drop)
}

/// Gives all shards up.
pub(crate) async fn release_all<T: Tx>(tx: &mut T, owner: &str) -> Result<(), Error> {
    tx.execute(RELEASE_ALL, params![owner]).await.map(drop)
}

fn held_from(row: &database::Row) -> Result<Held, Error> {
    Ok(Held {
        shard: row.get("shard")?,
        epoch: row.get("epoch")?,
    })
}
