//! `delivery_node`: the processes that are alive.

use database::{Error, Tx, params};
use jiff::Timestamp;

database::statements! {
    SEEN = "INSERT INTO delivery_node (owner, seen_at_us) VALUES ($1, $2)
        ON CONFLICT (owner) DO UPDATE SET seen_at_us = excluded.seen_at_us";
    FORGET_OLD = "DELETE FROM delivery_node WHERE seen_at_us <= $1";
    FORGET = "DELETE FROM delivery_node WHERE owner = $1";
    /// Who was seen in the future was so by a clock that was set back.
    COUNT = "SELECT COUNT(*) AS nodes FROM delivery_node WHERE seen_at_us > $1 AND seen_at_us <= $2";
}

/// Notes that `owner` lives, and counts who was seen after `alive_after`. Who was not seen since `forget_before` is
/// forgotten.
pub(crate) async fn report<T: Tx>(
    tx: &mut T,
    owner: &str,
    now: Timestamp,
    alive_after: Timestamp,
    forget_before: Timestamp,
) -> Result<i64, Error> {
    tx.execute(SEEN, params![owner, now]).await?;
    tx.execute(FORGET_OLD, params![forget_before]).await?;
    tx.query_one(COUNT, params![alive_after, now])
        .await?
        .get("nodes")
}

/// Forgets a process that ends.
pub(crate) async fn forget<T: Tx>(tx: &mut T, owner: &str) -> Result<(), Error> {
    tx.execute(FORGET, params![owner]).await.map(drop)
}
