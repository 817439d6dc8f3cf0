//! Reviews of businesses.

use database::{Error, Tx, params};
use jiff::Timestamp;
use protocol::id::LeadId;
use protocol::review::Review;

database::statements! {
    INSERT = "INSERT INTO review (review_id, lead_id, business_id, content, created_at_us)
        VALUES ($1, $2, $3, $4, $5)";
}

/// Stores a new review.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    review: &Review,
    now: Timestamp,
) -> Result<(), Error> {
    let content = serde_json::to_string(review).expect(
        "a review consists of texts, numbers and switches, and its members' names are texts",
    );
    let lead_id = review.lead_id.map(LeadId::get);
    let (review_id, business_id) = (review.review_id.get(), review.business_id.get());
    tx.execute(
        INSERT,
        params![review_id, lead_id, business_id, &content, now],
    )
    .await?;
    Ok(())
}
