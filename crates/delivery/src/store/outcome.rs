//! `delivery_outcome`: what is finished, with its body unless it was delivered.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::{ConversationId, EndpointId};
use crate::model::Ending;
use crate::policy::decide::Progress;
use crate::store::columns;
use crate::store::pending::Pending;

database::statements! {
    INSERT = "INSERT INTO delivery_outcome (delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body,
            created_at_us, state, finished_at_us, attempts, first_attempt_at_us, last_status, last_error)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    FIND_LANE = "SELECT o.endpoint_id, o.conversation_id FROM delivery_outcome AS o WHERE o.delivery_id = $1";
    /// A delivered one stays: its body is gone, and so is the reason to send it again.
    TAKE = "DELETE FROM delivery_outcome WHERE delivery_id = $1 AND state <> 'delivered'
        RETURNING delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body, created_at_us,
            attempts, first_attempt_at_us, last_status, last_error";
    DEAD_SINCE = "SELECT o.delivery_id, o.conversation_id FROM delivery_outcome AS o
        WHERE o.endpoint_id = $1 AND o.state = 'dead' AND o.delivery_id > $2
            AND o.finished_at_us >= $3 AND o.finished_at_us <= $4
        ORDER BY o.delivery_id LIMIT $5";
    COUNT_CANCELLED = "UPDATE delivery_outcome SET attempts = attempts + 1
        WHERE delivery_id = $1 AND endpoint_id = $2 AND attempts = $3 AND state = 'cancelled'";
}

/// How a delivery ended.
pub(crate) struct Outcome<'a> {
    pub(crate) ending: Ending,
    pub(crate) finished_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) first_attempt_at: Option<Timestamp>,
    pub(crate) last_status: Option<u32>,
    pub(crate) last_error: Option<&'a str>,
}

/// Which dead deliveries of an endpoint, in the order of their ids.
pub(crate) struct DeadSince {
    pub(crate) endpoint_id: EndpointId,
    /// Only ids after this one; 0 for all.
    pub(crate) after: i64,
    /// When they died, at the earliest.
    pub(crate) since: Timestamp,
    /// When they died, at the latest.
    pub(crate) until: Timestamp,
    /// How many at most.
    pub(crate) limit: i64,
}

/// Stores how a delivery ended that was just taken out of the pending ones.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    delivery: &Pending,
    outcome: &Outcome<'_>,
) -> Result<(), Error> {
    let body = (outcome.ending != Ending::Delivered).then_some(delivery.body.as_str());
    let params = params![
        delivery.delivery_id.get(),
        delivery.endpoint_id.get(),
        delivery.conversation_id.get(),
        delivery.sequence,
        delivery.business_id.get(),
        &delivery.kind,
        body,
        delivery.created_at,
        outcome.ending.as_str(),
        outcome.finished_at,
        outcome.attempts,
        outcome.first_attempt_at,
        outcome.last_status,
        outcome.last_error,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// The lane of a finished delivery.
pub(crate) async fn find_lane<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<(EndpointId, ConversationId)>, Error> {
    let row = read
        .query_optional(FIND_LANE, params![delivery.get()])
        .await?;
    row.map(|row| Ok((row.get("endpoint_id")?, row.get("conversation_id")?)))
        .transpose()
}

/// Removes a dead or cancelled delivery and returns it as it will be pending again: at the start of the schedule.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
) -> Result<Option<Pending>, Error> {
    let row = tx.query_optional(TAKE, params![delivery.get()]).await?;
    row.as_ref().map(revived_from).transpose()
}

/// Ids and lanes of dead deliveries.
pub(crate) async fn dead_since<R: Read>(
    read: &mut R,
    which: &DeadSince,
) -> Result<Vec<(DeliveryId, ConversationId)>, Error> {
    let params = params![
        which.endpoint_id.get(),
        which.after,
        which.since,
        which.until,
        which.limit,
    ];
    let rows = read.query(DEAD_SINCE, params).await?;
    rows.iter()
        .map(|row| Ok((columns::delivery_id(row)?, row.get("conversation_id")?)))
        .collect()
}

/// Counts the attempt after `attempts` others, which was on its way when the delivery was cancelled. Whether there was one.
pub(crate) async fn count_cancelled<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
    endpoint: EndpointId,
    attempts: u32,
) -> Result<bool, Error> {
    let params = params![delivery.get(), endpoint.get(), attempts];
    Ok(tx.execute(COUNT_CANCELLED, params).await? == 1)
}

fn revived_from(row: &Row) -> Result<Pending, Error> {
    Ok(Pending {
        delivery_id: columns::delivery_id(row)?,
        endpoint_id: row.get("endpoint_id")?,
        conversation_id: row.get("conversation_id")?,
        sequence: row.get("sequence")?,
        business_id: columns::business_id(row)?,
        kind: row.get("kind")?,
        body: row.get("body")?,
        created_at: row.get("created_at_us")?,
        attempts: row.get("attempts")?,
        progress: Progress::default(),
        first_attempt_at: row.get("first_attempt_at_us")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
    })
}
