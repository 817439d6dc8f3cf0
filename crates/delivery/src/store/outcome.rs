//! `delivery_outcome`: what is finished, with its body unless it was delivered.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::{ConversationId, EndpointId};
use crate::model::Ending;
use crate::policy::decide::Progress;
use crate::replay::job::Span;
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
    /// By the index `delivery_outcome_undelivered_to`, which both conditions on the state are for.
    DEAD_BETWEEN = "SELECT o.delivery_id, o.conversation_id, o.finished_at_us FROM delivery_outcome AS o
        WHERE o.endpoint_id = $1 AND o.state <> 'delivered' AND o.state = 'dead'
            AND o.delivery_id > $2 AND o.delivery_id <= $3
        ORDER BY o.delivery_id LIMIT $4";
    /// One whose body is gone cannot be sent again.
    TAKE_DEAD = "DELETE FROM delivery_outcome WHERE delivery_id = $1 AND endpoint_id = $2 AND state = 'dead'
            AND finished_at_us >= $3 AND finished_at_us <= $4 AND body IS NOT NULL
        RETURNING delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body, created_at_us,
            attempts, first_attempt_at_us, last_status, last_error";
    /// In a locked lane. The pending row is to be forgotten in the same transaction.
    CANCEL_PENDING = "INSERT INTO delivery_outcome (delivery_id, endpoint_id, conversation_id, sequence, business_id, kind,
            body, created_at_us, state, finished_at_us, attempts, first_attempt_at_us, last_status, last_error)
        SELECT p.delivery_id, p.endpoint_id, p.conversation_id, p.sequence, p.business_id, p.kind, p.body,
            p.created_at_us, 'cancelled', CAST($3 AS BIGINT), p.attempts, p.first_attempt_at_us, p.last_status,
            CAST($4 AS TEXT)
        FROM delivery_pending AS p WHERE p.delivery_id = $1 AND p.endpoint_id = $2";
    FORGET_PENDING = "DELETE FROM delivery_pending WHERE delivery_id = $1 AND endpoint_id = $2";
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

/// A dead delivery, as much of it as a replay looks at.
pub(crate) struct Dead {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) conversation_id: ConversationId,
    /// When it died.
    pub(crate) finished_at: Timestamp,
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

/// Dead deliveries with ids after the first and up to the last of `ids`, in their order.
pub(crate) async fn dead_between<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    (after, last): (i64, i64),
    limit: usize,
) -> Result<Vec<Dead>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params = params![endpoint.get(), after, last, limit];
    let rows = read.query(DEAD_BETWEEN, params).await?;
    rows.iter()
        .map(|row| {
            Ok(Dead {
                delivery_id: columns::delivery_id(row)?,
                conversation_id: row.get("conversation_id")?,
                finished_at: row.get("finished_at_us")?,
            })
        })
        .collect()
}

/// As [`take`], of a delivery that is dead and died in the span.
pub(crate) async fn take_dead<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
    span: &Span,
) -> Result<Option<Pending>, Error> {
    let params = params![
        delivery.get(),
        span.endpoint_id.get(),
        span.since,
        span.until
    ];
    let row = tx.query_optional(TAKE_DEAD, params).await?;
    row.as_ref().map(revived_from).transpose()
}

/// Moves a pending delivery of a locked lane to the cancelled ones; the lane is to be crowned afterwards. Whether it was
/// there.
pub(crate) async fn cancel_pending<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    delivery: DeliveryId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = params![delivery.get(), endpoint.get(), now, reason];
    let is_new = tx.execute(CANCEL_PENDING, params).await? == 1;
    let params = params![delivery.get(), endpoint.get()];
    tx.execute(FORGET_PENDING, params).await?;
    Ok(is_new)
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
