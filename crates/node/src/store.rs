//! Which process makes ids under which node number (protocol D1). A number is leased: it falls free when its holder
//! stops renewing it.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;

database::statements! {
    LIST_TAKEN = "SELECT node FROM node WHERE lease_until_us >= $1 ORDER BY node";
    FIND_OF_OWNER = "SELECT node FROM node WHERE owner = $1 ORDER BY node LIMIT 1";
    TAKE = "INSERT INTO node (node, owner, lease_until_us) VALUES ($1, $2, $4)
        ON CONFLICT (node) DO UPDATE SET owner = excluded.owner, lease_until_us = excluded.lease_until_us
        WHERE node.lease_until_us < $3";
    RENEW = "UPDATE node SET lease_until_us = $3 WHERE node = $1 AND owner = $2";
    RELEASE = "DELETE FROM node WHERE node = $1 AND owner = $2";
}

/// The numbers that are held at `now`, in order.
pub(crate) async fn taken<R: Read>(read: &mut R, now: Timestamp) -> Result<Vec<u32>, Error> {
    let rows = read.query(LIST_TAKEN, params![now]).await?;
    rows.iter().map(|row| row.get("node")).collect()
}

/// The number that `owner` took and that nobody has taken since.
pub(crate) async fn of_owner<R: Read>(read: &mut R, owner: &str) -> Result<Option<u8>, Error> {
    let row = read.query_optional(FIND_OF_OWNER, params![owner]).await?;
    let node: Option<u32> = row.map(|row| row.get("node")).transpose()?;
    Ok(node.and_then(|node| u8::try_from(node).ok()))
}

/// Takes the number for `owner`; `false` if somebody holds it at `now`.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    node: u32,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let changed = tx.execute(TAKE, params![node, owner, now, until]).await?;
    Ok(changed == 1)
}

/// Holds the number longer; `false` if it is not `owner`'s any more.
pub(crate) async fn renew<T: Tx>(
    tx: &mut T,
    node: u32,
    owner: &str,
    until: Timestamp,
) -> Result<bool, Error> {
    let changed = tx.execute(RENEW, params![node, owner, until]).await?;
    Ok(changed == 1)
}

/// Gives the number back, if it is still `owner`'s.
pub(crate) async fn release<T: Tx>(tx: &mut T, node: u32, owner: &str) -> Result<(), Error> {
    tx.execute(RELEASE, params![node, owner]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::MIGRATIONS;

    on_both_databases!(
        every_statement_is_understood_by_both_engines,
        &[MIGRATIONS],
        |db| async move {
            for (name, sql) in STATEMENTS {
                let checked = db.prepare_check(*sql).await;
                assert!(checked.is_ok(), "{name}: {checked:?}");
            }
        }
    );
}
