//! Bodies that came earlier under the same id, so that both stay visible (protocol §5).

use database::{Error, Read, Tx, params};
use jiff::Timestamp;

/// An earlier body.
#[derive(Clone, Debug)]
pub(crate) struct RevisionRow {
    pub(crate) revision: i64,
    pub(crate) body: String,
    pub(crate) received_at: Timestamp,
}

database::statements! {
    /// The next revision of a subject.
    APPEND = "INSERT INTO revision (kind, subject_id, revision, business_id, body, received_at_us) \
              SELECT $1, CAST($2 AS BIGINT), COALESCE(MAX(revision), 0) + 1, $3, $4, $5 \
              FROM revision WHERE kind = $1 AND subject_id = $2";
    /// All earlier bodies of a subject, the oldest first.
    OF_SUBJECT = "SELECT revision, body, received_at_us FROM revision \
                  WHERE kind = $1 AND subject_id = $2 ORDER BY revision";
}

/// Keeps a body that another one is about to replace. The caller has locked the subject's row.
pub(crate) async fn append<T: Tx>(
    tx: &mut T,
    (kind, subject_id): (&str, i64),
    business_id: i64,
    body: &str,
    received_at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        APPEND,
        params![kind, subject_id, business_id, body, received_at],
    )
    .await?;
    Ok(())
}

/// All earlier bodies of a subject, the oldest first.
pub(crate) async fn of_subject<R: Read>(
    read: &mut R,
    (kind, subject_id): (&str, i64),
) -> Result<Vec<RevisionRow>, Error> {
    let rows = read.query(OF_SUBJECT, params![kind, subject_id]).await?;
    let from_row = |row: &database::Row| {
        Ok(RevisionRow {
            revision: row.get("revision")?,
            body: row.get("body")?,
            received_at: row.get("received_at_us")?,
        })
    };
    rows.iter().map(from_row).collect()
}
