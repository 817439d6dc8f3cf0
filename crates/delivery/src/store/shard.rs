//! `delivery_shard`: who sends for which endpoints, and until when.

use database::{Error, Tx, params};
use jiff::Timestamp;

database::statements! {
    RENEW = "UPDATE delivery_shard SET lease_until_us = $2 WHERE owner = $1 RETURNING shard, epoch";
    /// A lease that ends later than any of now can is of a time when the database's clock was ahead. Rows that somebody
    /// has locked are left to the next round: whoever froze while renewing must not hold up the others.
    TAKE = {
        sqlite: "UPDATE delivery_shard SET owner = $1, epoch = epoch + 1, lease_until_us = $2
            WHERE shard IN (SELECT s.shard FROM delivery_shard AS s
                WHERE s.owner IS NULL OR s.lease_until_us <= $3 OR s.lease_until_us > $4 ORDER BY s.shard LIMIT $5)
            RETURNING shard, epoch",
        postgres: "UPDATE delivery_shard SET owner = $1, epoch = epoch + 1, lease_until_us = $2
            WHERE shard IN (SELECT s.shard FROM delivery_shard AS s
                WHERE s.owner IS NULL OR s.lease_until_us <= $3 OR s.lease_until_us > $4 ORDER BY s.shard LIMIT $5
                FOR UPDATE SKIP LOCKED)
            RETURNING shard, epoch",
    };
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

/// Which shards are free, and until when they will be ours.
pub(crate) struct Wanted {
    pub(crate) until: Timestamp,
    /// Leases that ran out by then.
    pub(crate) now: Timestamp,
    /// Leases that end later than that.
    pub(crate) latest: Timestamp,
    /// How many at most.
    pub(crate) count: i64,
}

/// Takes shards that nobody has, or whose lease is none any more.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    owner: &str,
    wanted: &Wanted,
) -> Result<Vec<Held>, Error> {
    let Wanted {
        until,
        now,
        latest,
        count,
    } = *wanted;
    let params = params![owner, until, now, latest, count];
    let rows = tx.query(TAKE, params).await?;
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
