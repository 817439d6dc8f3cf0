//! `delivery_pending`: what is still to be delivered. Rows leave it with their outcome, in one transaction.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};

use crate::id::{ConversationId, EndpointId};
use crate::model::NewDelivery;
use crate::moment::microseconds;
use crate::policy::decide::Progress;
use crate::store::columns;

macro_rules! columns {
    () => {
        "delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body, created_at_us, \
         attempts, steps, waited_us, refusals, first_attempt_at_us, last_status, last_error"
    };
}

/// What a head was charged for waiting from now (`$2`) on, given back.
macro_rules! refund {
    () => {
        "waited_us = CASE WHEN next_attempt_at_us <= $2 THEN waited_us \
         WHEN waited_us > next_attempt_at_us - $2 THEN waited_us - (next_attempt_at_us - $2) ELSE 0 END"
    };
}

macro_rules! head_columns {
    () => {
        "delivery_id, conversation_id, business_id, kind, attempts, created_at_us, next_attempt_at_us"
    };
}
pub(crate) use head_columns;

database::statements! {
    /// In a locked lane, so that its being the head cannot change meanwhile.
    INSERT = "INSERT INTO delivery_pending (delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body,
            created_at_us, next_attempt_at_us, is_head, attempts, steps, waited_us, refusals)
        SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT),
            CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS BIGINT), CAST($8 AS BIGINT),
            NOT EXISTS (SELECT 1 FROM delivery_pending AS p WHERE p.endpoint_id = $2 AND p.conversation_id = $3),
            0, 0, 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM delivery_outcome AS o WHERE o.delivery_id = $1 AND o.endpoint_id = $2)
        ON CONFLICT (delivery_id, endpoint_id) DO NOTHING";
    /// In a locked lane, with its old sequence and number of attempts. The lane is to be crowned afterwards.
    REVIVE = "INSERT INTO delivery_pending (delivery_id, endpoint_id, conversation_id, sequence, business_id, kind, body,
            created_at_us, next_attempt_at_us, is_head, attempts, steps, waited_us, refusals, first_attempt_at_us,
            last_status, last_error)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10, 0, 0, 0, $11, $12, $13)";
    HEADS = ("SELECT ", head_columns!(), " FROM delivery_pending AS p WHERE p.endpoint_id = $1 AND p.is_head
        AND p.next_attempt_at_us > $2 ORDER BY p.next_attempt_at_us LIMIT $3");
    CONFIRM = ("SELECT ", columns!(), ", e.kinds_off FROM delivery_pending AS p
        JOIN delivery_shard AS s ON s.shard = $4 AND s.owner = $5 AND s.epoch = $6
        JOIN (SELECT e.endpoint_id AS stands_id, e.kinds_off FROM delivery_endpoint AS e
            WHERE e.endpoint_id = $2 AND e.version = $7 AND NOT e.paused AND NOT e.gone
                AND (e.hold_reason IS NOT NULL) = $8) AS e ON e.stands_id = p.endpoint_id
        WHERE p.delivery_id = $1 AND p.endpoint_id = $2 AND p.is_head AND p.attempts = $3");
    LOCK_EXPECTED = {
        sqlite: concat!("SELECT ", columns!(), " FROM delivery_pending AS p
            JOIN delivery_shard AS s ON s.shard = $4 AND s.owner = $5 AND s.epoch = $6
            WHERE p.delivery_id = $1 AND p.endpoint_id = $2 AND p.attempts = $3"),
        postgres: concat!("SELECT ", columns!(), " FROM delivery_pending AS p
            JOIN delivery_shard AS s ON s.shard = $4 AND s.owner = $5 AND s.epoch = $6
            WHERE p.delivery_id = $1 AND p.endpoint_id = $2 AND p.attempts = $3 FOR UPDATE OF p"),
    };
    RESCHEDULE = "UPDATE delivery_pending SET attempts = attempts + 1, next_attempt_at_us = $3, steps = $4,
            waited_us = $5, refusals = $6, first_attempt_at_us = COALESCE(first_attempt_at_us, $7),
            last_status = $8, last_error = $9
        WHERE delivery_id = $1 AND endpoint_id = $2";
    DELETE = "DELETE FROM delivery_pending WHERE delivery_id = $1 AND endpoint_id = $2";
    FIND_LANE = "SELECT p.endpoint_id, p.conversation_id FROM delivery_pending AS p WHERE p.delivery_id = $1";
    /// Whatever is tried before its time gets back what it was charged for waiting.
    HASTEN = ("UPDATE delivery_pending SET next_attempt_at_us = $2, ", refund!(), "
        WHERE delivery_id = $1 AND next_attempt_at_us > $2");
    /// What was never tried is due since it was recorded. What another transaction is storing the outcome of is skipped:
    /// that transaction says when it is due.
    HASTEN_ALL = {
        sqlite: concat!("UPDATE delivery_pending SET next_attempt_at_us = created_at_us, ", refund!(), "
            WHERE endpoint_id = $1 AND is_head AND attempts > 0 AND next_attempt_at_us > created_at_us"),
        postgres: concat!("UPDATE delivery_pending SET next_attempt_at_us = created_at_us, ", refund!(), "
            WHERE (delivery_id, endpoint_id) IN (SELECT h.delivery_id, h.endpoint_id FROM delivery_pending AS h
                WHERE h.endpoint_id = $1 AND h.is_head AND h.attempts > 0 AND h.next_attempt_at_us > h.created_at_us
                FOR UPDATE SKIP LOCKED)"),
    };
    /// As above; what waits because it was refused for reasons of its own keeps its time.
    HASTEN_HELD = {
        sqlite: concat!("UPDATE delivery_pending SET next_attempt_at_us = created_at_us, ", refund!(), "
            WHERE endpoint_id = $1 AND is_head AND attempts > 0 AND next_attempt_at_us > created_at_us
                AND refusals = 0"),
        postgres: concat!("UPDATE delivery_pending SET next_attempt_at_us = created_at_us, ", refund!(), "
            WHERE (delivery_id, endpoint_id) IN (SELECT h.delivery_id, h.endpoint_id FROM delivery_pending AS h
                WHERE h.endpoint_id = $1 AND h.is_head AND h.attempts > 0 AND h.next_attempt_at_us > h.created_at_us
                    AND h.refusals = 0
                FOR UPDATE SKIP LOCKED)"),
    };
    LANES_OF_ENDPOINT = "SELECT DISTINCT p.conversation_id FROM delivery_pending AS p WHERE p.endpoint_id = $1
        ORDER BY p.conversation_id";
    LANES_OF_BUSINESS = "SELECT DISTINCT p.conversation_id FROM delivery_pending AS p
        WHERE p.endpoint_id = $1 AND p.business_id = $2 ORDER BY p.conversation_id";
    TAKE_LANE = ("DELETE FROM delivery_pending AS p WHERE p.endpoint_id = $1 AND p.conversation_id = $2
        AND (p.business_id = $3 OR CAST($3 AS BIGINT) IS NULL) RETURNING ", columns!());
    COUNT = "SELECT COUNT(*) AS pending FROM delivery_pending AS p WHERE p.endpoint_id = $1";
}

/// A pending delivery, body included.
pub(crate) struct Pending {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) sequence: i64,
    pub(crate) business_id: BusinessId,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) progress: Progress,
    pub(crate) first_attempt_at: Option<Timestamp>,
    pub(crate) last_status: Option<u32>,
    pub(crate) last_error: Option<String>,
}

/// The head of a lane, as much of it as is needed to begin an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) business_id: BusinessId,
    pub(crate) kind: String,
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
    /// When it may be tried.
    pub(crate) due_at: Timestamp,
}

/// What an engine relies on: that the delivery is where it left it, and its shard still its own.
pub(crate) struct Expected<'a> {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) attempts: u32,
    pub(crate) owner: &'a str,
    pub(crate) epoch: i64,
}

/// What a failed attempt leaves behind.
pub(crate) struct Rescheduled<'a> {
    pub(crate) next_attempt_at: Timestamp,
    pub(crate) progress: Progress,
    pub(crate) attempted_at: Timestamp,
    pub(crate) status: Option<u32>,
    pub(crate) error: Option<&'a str>,
}

/// Adds a delivery at the end of its lane, which is locked. Whether it was added: not if its id is known.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    new: &NewDelivery<'_>,
    sequence: i64,
) -> Result<bool, Error> {
    let params = params![
        new.delivery_id.get(),
        new.endpoint_id.get(),
        new.conversation_id.get(),
        sequence,
        new.business_id.get(),
        new.kind,
        new.body,
        new.created_at,
    ];
    Ok(tx.execute(INSERT, params).await? == 1)
}

/// Puts a finished delivery back into its lane, which is locked and to be crowned afterwards.
pub(crate) async fn revive<T: Tx>(
    tx: &mut T,
    delivery: &Pending,
    next_attempt_at: Timestamp,
) -> Result<(), Error> {
    let params = params![
        delivery.delivery_id.get(),
        delivery.endpoint_id.get(),
        delivery.conversation_id.get(),
        delivery.sequence,
        delivery.business_id.get(),
        &delivery.kind,
        &delivery.body,
        delivery.created_at,
        next_attempt_at,
        delivery.attempts,
        delivery.first_attempt_at,
        delivery.last_status,
        delivery.last_error.as_deref(),
    ];
    tx.execute(REVIVE, params).await.map(drop)
}

/// Heads of an endpoint's lanes that are or fall due later than `after`, in the order in which they do.
pub(crate) async fn heads<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    after: Timestamp,
    limit: usize,
) -> Result<Vec<Head>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params = params![endpoint.get(), after, limit];
    let rows = read.query(HEADS, params).await?;
    rows.iter().map(head_from).collect()
}

/// The state of the endpoint in which an attempt was decided upon.
pub(crate) struct Standing {
    pub(crate) version: i64,
    pub(crate) is_held: bool,
}

/// A delivery that may be sent.
pub(crate) struct Confirmed {
    pub(crate) delivery: Pending,
    /// Its endpoint does not take this kind.
    pub(crate) is_off: bool,
}

/// The last look before a request: the delivery, if it is still pending (protocol D6), the head of its lane, ours to
/// send, and its endpoint as it was found: not stopped meanwhile, and held only if this is a probe.
pub(crate) async fn confirm<R: Read>(
    read: &mut R,
    expected: &Expected<'_>,
    standing: &Standing,
) -> Result<Option<Confirmed>, Error> {
    let params = params![
        expected.delivery_id.get(),
        expected.endpoint_id.get(),
        expected.attempts,
        expected.endpoint_id.shard(),
        expected.owner,
        expected.epoch,
        standing.version,
        standing.is_held,
    ];
    let Some(row) = read.query_optional(CONFIRM, params).await? else {
        return Ok(None);
    };
    let delivery = pending_from(&row)?;
    let kinds_off: String = row.get("kinds_off")?;
    let is_off = kinds_off
        .split_whitespace()
        .any(|kind| kind == delivery.kind);
    Ok(Some(Confirmed { delivery, is_off }))
}

/// The delivery, locked, if it is where the attempt found it and its shard still has the same owner and epoch.
pub(crate) async fn lock_expected<T: Tx>(
    tx: &mut T,
    expected: &Expected<'_>,
) -> Result<Option<Pending>, Error> {
    let params = params![
        expected.delivery_id.get(),
        expected.endpoint_id.get(),
        expected.attempts,
        expected.endpoint_id.shard(),
        expected.owner,
        expected.epoch,
    ];
    let row = tx.query_optional(LOCK_EXPECTED, params).await?;
    row.as_ref().map(pending_from).transpose()
}

/// Counts an attempt that did not end the delivery.
pub(crate) async fn reschedule<T: Tx>(
    tx: &mut T,
    delivery: &Pending,
    next: &Rescheduled<'_>,
) -> Result<(), Error> {
    let params = params![
        delivery.delivery_id.get(),
        delivery.endpoint_id.get(),
        next.next_attempt_at,
        next.progress.steps,
        microseconds(next.progress.waited),
        next.progress.refusals,
        next.attempted_at,
        next.status,
        next.error,
    ];
    tx.execute(RESCHEDULE, params).await.map(drop)
}

/// Removes a delivery that is finished.
pub(crate) async fn delete<T: Tx>(tx: &mut T, delivery: &Pending) -> Result<(), Error> {
    let params = params![delivery.delivery_id.get(), delivery.endpoint_id.get()];
    tx.execute(DELETE, params).await.map(drop)
}

/// The lane of a pending delivery.
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

/// Makes a pending delivery due, if it is not.
pub(crate) async fn hasten<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(HASTEN, params![delivery.get(), now])
        .await
        .map(drop)
}

/// Makes all heads of an endpoint's lanes due, the oldest first.
pub(crate) async fn hasten_all<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(HASTEN_ALL, params![endpoint.get(), now])
        .await
        .map(drop)
}

/// Makes those heads due, the oldest first, that only wait because the endpoint was in trouble.
pub(crate) async fn hasten_held<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(HASTEN_HELD, params![endpoint.get(), now])
        .await
        .map(drop)
}

/// The lanes of an endpoint with pending deliveries of one business, or of any; in the order of their ids.
pub(crate) async fn lanes<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    business: Option<BusinessId>,
) -> Result<Vec<ConversationId>, Error> {
    let rows = match business {
        Some(business) => {
            let params = params![endpoint.get(), business.get()];
            read.query(LANES_OF_BUSINESS, params).await?
        }
        None => {
            read.query(LANES_OF_ENDPOINT, params![endpoint.get()])
                .await?
        }
    };
    rows.iter().map(|row| row.get("conversation_id")).collect()
}

/// Removes the pending deliveries of a locked lane, of one business or of any, and returns them.
pub(crate) async fn take_lane<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
    business: Option<BusinessId>,
) -> Result<Vec<Pending>, Error> {
    let business = business.map(BusinessId::get);
    let params = params![endpoint.get(), conversation.get(), business];
    let rows = tx.query(TAKE_LANE, params).await?;
    rows.iter().map(pending_from).collect()
}

/// How many deliveries of an endpoint are pending.
pub(crate) async fn count<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<u64, Error> {
    let row = read.query_one(COUNT, params![endpoint.get()]).await?;
    Ok(u64::try_from(row.get::<i64>("pending")?).unwrap_or(0))
}

/// A row of `head_columns!`.
pub(crate) fn head_from(row: &Row) -> Result<Head, Error> {
    Ok(Head {
        delivery_id: columns::delivery_id(row)?,
        conversation_id: row.get("conversation_id")?,
        business_id: columns::business_id(row)?,
        kind: row.get("kind")?,
        attempts: row.get("attempts")?,
        created_at: row.get("created_at_us")?,
        due_at: row.get("next_attempt_at_us")?,
    })
}

fn pending_from(row: &Row) -> Result<Pending, Error> {
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
        progress: Progress {
            steps: row.get("steps")?,
            refusals: row.get("refusals")?,
            waited: columns::duration(row, "waited_us")?,
        },
        first_attempt_at: row.get("first_attempt_at_us")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
    })
}
