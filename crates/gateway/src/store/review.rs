//! Reviews as they came.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId, ReviewId};

/// A review that arrived.
#[derive(Clone, Debug)]
pub(crate) struct NewReview<'a> {
    pub(crate) review_id: ReviewId,
    pub(crate) business_id: BusinessId,
    pub(crate) lead_id: Option<LeadId>,
    pub(crate) body: &'a str,
    pub(crate) made_at: Timestamp,
    pub(crate) received_at: Timestamp,
}

/// A stored review.
#[derive(Clone, Debug)]
pub(crate) struct ReviewRow {
    pub(crate) review_id: i64,
    pub(crate) body: String,
    pub(crate) received_at: Timestamp,
}

database::statements! {
    /// A review that is new; nothing where it is known.
    INSERT = "INSERT INTO review (review_id, business_id, lead_id, body, made_at_us, received_at_us) \
              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (review_id) DO NOTHING";
    /// The body as it stands, locked.
    LOCK = for_update "SELECT business_id, body, received_at_us FROM review WHERE review_id = $1";
    /// Another body under the same id.
    REPLACE = "UPDATE review SET business_id = $2, lead_id = $3, body = $4, made_at_us = $5, received_at_us = $6 \
               WHERE review_id = $1";
    /// The newest reviews first.
    LIST = "SELECT review_id, body, received_at_us FROM review \
            WHERE (CAST($1 AS BIGINT) IS NULL OR business_id = $1) \
            AND (CAST($2 AS BIGINT) IS NULL OR review_id < $2) ORDER BY review_id DESC LIMIT $3";
}

/// Stores a review that is new; whether it was.
pub(crate) async fn insert<T: Tx>(tx: &mut T, review: &NewReview<'_>) -> Result<bool, Error> {
    Ok(tx.execute(INSERT, &values(review)).await? == 1)
}

/// The business, body and time of arrival of a review, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    review_id: ReviewId,
) -> Result<(i64, String, Timestamp), Error> {
    let row = tx.query_one(LOCK, params![review_id.get()]).await?;
    Ok((
        row.get("business_id")?,
        row.get("body")?,
        row.get("received_at_us")?,
    ))
}

/// Puts another body in place of the one that is stored.
pub(crate) async fn replace<T: Tx>(tx: &mut T, review: &NewReview<'_>) -> Result<(), Error> {
    tx.execute(REPLACE, &values(review)).await?;
    Ok(())
}

/// Reviews of a business, or of all, the newest first, older than `before`.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    business_id: Option<BusinessId>,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<ReviewRow>, Error> {
    let found = read
        .query(
            LIST,
            params![business_id.map(BusinessId::get), before, rows],
        )
        .await?;
    let from_row = |row: &database::Row| {
        Ok(ReviewRow {
            review_id: row.get("review_id")?,
            body: row.get("body")?,
            received_at: row.get("received_at_us")?,
        })
    };
    found.iter().map(from_row).collect()
}

fn values<'a>(review: &NewReview<'a>) -> [database::Param<'a>; 6] {
    [
        review.review_id.get().into(),
        review.business_id.get().into(),
        review.lead_id.map(LeadId::get).into(),
        review.body.into(),
        review.made_at.into(),
        review.received_at.into(),
    ]
}
