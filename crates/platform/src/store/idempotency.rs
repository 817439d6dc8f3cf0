//! First answers, kept for whoever asks again with the same `Idempotency-Key`.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;

database::statements! {
    /// Of two transactions with one key the second waits here for the first, and then finds its row.
    CLAIM = "INSERT INTO idempotency (owner, key_hash, request_hash, status, answer_sealed, created_at_us)
        VALUES ($1, $2, $3, 0, '', $4) ON CONFLICT (owner, key_hash) DO NOTHING";
    FIND = "SELECT request_hash, status, answer_sealed FROM idempotency
        WHERE owner = $1 AND key_hash = $2";
    FINISH = "UPDATE idempotency SET status = $3, answer_sealed = $4
        WHERE owner = $1 AND key_hash = $2";
}

/// Whose key it is, and its hash: what a first answer is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyOf {
    pub(crate) owner: String,
    pub(crate) key_hash: String,
}

/// A first answer as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredAnswer {
    pub(crate) request_hash: String,
    pub(crate) status: u32,
    pub(crate) answer_sealed: String,
}

/// Claims the key for this transaction; `false` if it has been used. What is claimed must be [finished](finish) or
/// rolled back.
pub(crate) async fn claim<T: Tx>(
    tx: &mut T,
    key: &KeyOf,
    request_hash: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx
        .execute(CLAIM, params![&key.owner, &key.key_hash, request_hash, now])
        .await?;
    Ok(changed == 1)
}

/// The first answer under this key.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    key: &KeyOf,
) -> Result<Option<StoredAnswer>, Error> {
    let row = read
        .query_optional(FIND, params![&key.owner, &key.key_hash])
        .await?;
    row.map(|row| {
        Ok(StoredAnswer {
            request_hash: row.get("request_hash")?,
            status: row.get("status")?,
            answer_sealed: row.get("answer_sealed")?,
        })
    })
    .transpose()
}

/// Stores the answer under the key that this transaction claimed.
pub(crate) async fn finish<T: Tx>(
    tx: &mut T,
    key: &KeyOf,
    status: u32,
    answer_sealed: &str,
) -> Result<(), Error> {
    tx.execute(
        FINISH,
        params![&key.owner, &key.key_hash, status, answer_sealed],
    )
    .await?;
    Ok(())
}
