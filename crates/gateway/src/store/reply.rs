//! What we tell customers, and how far it got. Of a lead's replies the oldest that is not finished is its head: only that
//! one is sent, so that the customer reads them in the order in which they were written.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId};

/// A stored reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplyRow {
    pub(crate) reply_id: i64,
    pub(crate) lead_id: i64,
    pub(crate) business_id: i64,
    pub(crate) text: String,
    /// `queued`, `sent`, `uncertain` or `failed`.
    pub(crate) state: String,
    /// How often it was sent or tried.
    pub(crate) attempts: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    /// Of a queued reply only.
    pub(crate) next_attempt_at: Option<Timestamp>,
}

/// A reply that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct NewReply<'a> {
    pub(crate) reply_id: i64,
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) text: &'a str,
    /// What the platform tells repetitions by.
    pub(crate) idempotency_key: &'a str,
    /// What we tell the caller's repetitions by.
    pub(crate) request_key_hash: Option<&'a str>,
    pub(crate) now: Timestamp,
}

/// A reply whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueReply {
    pub(crate) reply_id: i64,
    pub(crate) business_id: i64,
}

/// A reply that was locked because its time has come: what an attempt needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockedReply {
    pub(crate) reply_id: i64,
    pub(crate) lead_id: i64,
    pub(crate) business_id: i64,
    pub(crate) text: String,
    pub(crate) idempotency_key: String,
    pub(crate) attempts: i64,
    /// Whether an earlier sender died while it had the reply.
    pub(crate) is_abandoned: bool,
    pub(crate) maybe_sent: bool,
    pub(crate) queued_at: Timestamp,
}

/// One attempt's right to the reply: whoever settles it must still have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplyLease<'a> {
    pub(crate) owner: &'a str,
    pub(crate) until: Timestamp,
    pub(crate) maybe_sent: bool,
}

/// What is stored of an attempt that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settlement<'a> {
    pub(crate) state: &'a str,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) last_error: Option<&'a str>,
    pub(crate) maybe_sent: bool,
    pub(crate) finished_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "reply_id, lead_id, business_id, text, state, attempts, last_error, created_at_us, finished_at_us, \
         next_attempt_at_us"
    };
}

/// Whose time has come, that nobody has, and that no earlier reply to the same lead holds back. `$1` is the time.
macro_rules! is_due {
    () => {
        "reply.state = 'queued' AND reply.next_attempt_at_us <= $1 \
         AND (reply.lease_until_us IS NULL OR reply.lease_until_us <= $1) \
         AND NOT EXISTS (SELECT 1 FROM reply AS earlier WHERE earlier.lead_id = reply.lead_id \
                         AND earlier.reply_id < reply.reply_id AND earlier.state IN ('queued', 'uncertain'))"
    };
}

database::statements! {
    /// A reply; nothing where the caller's key is known.
    INSERT = "INSERT INTO reply (reply_id, lead_id, business_id, text, state, attempts, next_attempt_at_us, \
              idempotency_key, maybe_sent, request_key_hash, created_at_us, queued_at_us) \
              VALUES ($1, $2, $3, $4, 'queued', 0, $5, $6, FALSE, $7, $5, $5) ON CONFLICT (request_key_hash) DO NOTHING";
    /// The reply that was made under the caller's key.
    FIND_BY_KEY = ("SELECT ", columns!(), " FROM reply WHERE request_key_hash = $1");
    /// One reply.
    FIND = ("SELECT ", columns!(), " FROM reply WHERE reply_id = $1");
    /// One reply, locked.
    LOCK = for_update ("SELECT ", columns!(), " FROM reply WHERE reply_id = $1");
    /// All replies to a lead, the oldest first.
    OF_LEAD = ("SELECT ", columns!(), " FROM reply WHERE lead_id = $1 ORDER BY reply_id");
    /// The heads whose time has come, the one that waits longest first.
    DUE = ("SELECT reply_id, business_id FROM reply WHERE ", is_due!(), " ORDER BY next_attempt_at_us, reply_id LIMIT $2");
    /// One of them, locked.
    LOCK_DUE = for_update ("SELECT reply_id, lead_id, business_id, text, idempotency_key, attempts, lease_owner, maybe_sent, \
                            queued_at_us FROM reply WHERE ", is_due!(), " AND reply.reply_id = $2");
    /// Takes the lease and counts the attempt.
    LEASE = "UPDATE reply SET lease_owner = $2, lease_until_us = $3, maybe_sent = $4, attempts = attempts + 1 \
             WHERE reply_id = $1";
    /// What a process of this name was sending when it died.
    EXPIRE_LEASES = "UPDATE reply SET lease_until_us = $2 WHERE lease_owner = $1 AND lease_until_us > $2";
    /// The end of an attempt, by whoever still has the lease.
    SETTLE = "UPDATE reply SET state = $4, next_attempt_at_us = $5, last_error = $6, maybe_sent = $7, finished_at_us = $8, \
              lease_owner = NULL, lease_until_us = NULL \
              WHERE reply_id = $1 AND lease_owner = $2 AND attempts = $3 AND state = 'queued'";
    /// It is sent, whoever has the lease by now: what the platform has taken is not undone.
    MARK_SENT = "UPDATE reply SET state = 'sent', next_attempt_at_us = NULL, last_error = NULL, maybe_sent = FALSE, \
                 finished_at_us = $2, lease_owner = NULL, lease_until_us = NULL \
                 WHERE reply_id = $1 AND state IN ('queued', 'uncertain')";
    /// Nobody knows what became of it.
    MARK_UNCERTAIN = "UPDATE reply SET state = 'uncertain', next_attempt_at_us = NULL, last_error = $2, maybe_sent = TRUE, \
                      lease_owner = NULL, lease_until_us = NULL WHERE reply_id = $1";
    /// A person decided that it is to be sent again.
    QUEUE_AGAIN = "UPDATE reply SET state = 'queued', next_attempt_at_us = $2, queued_at_us = $2, finished_at_us = NULL \
                   WHERE reply_id = $1 AND state = 'uncertain'";
    /// A person decided that it was not sent and is not to be.
    GIVE_UP = "UPDATE reply SET state = 'failed', finished_at_us = $2 WHERE reply_id = $1 AND state = 'uncertain'";
    /// The business is connected no more. What is being sent at this moment settles itself; what may have been sent stays
    /// for a person to decide.
    FAIL_WAITING = ("UPDATE reply SET state = CASE WHEN maybe_sent THEN 'uncertain' ELSE 'failed' END, \
                    finished_at_us = CASE WHEN maybe_sent THEN NULL ELSE CAST($3 AS BIGINT) END, \
                    next_attempt_at_us = NULL, last_error = $2 \
                    WHERE business_id = $1 AND state = 'queued' AND lease_owner IS NULL RETURNING ", columns!());
    /// The business is connected again: what waits need not wait longer.
    HURRY = "UPDATE reply SET next_attempt_at_us = $2 \
             WHERE business_id = $1 AND state = 'queued' AND next_attempt_at_us > $2";
}

/// Stores a reply; `false` if there is one under the caller's key.
pub(crate) async fn insert<T: Tx>(tx: &mut T, reply: &NewReply<'_>) -> Result<bool, Error> {
    let values = params![
        reply.reply_id,
        reply.lead_id.get(),
        reply.business_id.get(),
        reply.text,
        reply.now,
        reply.idempotency_key,
        reply.request_key_hash
    ];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// The reply that was made under the caller's key.
pub(crate) async fn find_by_key<R: Read>(
    read: &mut R,
    request_key_hash: &str,
) -> Result<Option<ReplyRow>, Error> {
    let row = read
        .query_optional(FIND_BY_KEY, params![request_key_hash])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// One reply.
pub(crate) async fn find<R: Read>(read: &mut R, reply_id: i64) -> Result<Option<ReplyRow>, Error> {
    let row = read.query_optional(FIND, params![reply_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// One reply, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(tx: &mut T, reply_id: i64) -> Result<Option<ReplyRow>, Error> {
    let row = tx.query_optional(LOCK, params![reply_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// All replies to a lead, the oldest first.
pub(crate) async fn of_lead<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Vec<ReplyRow>, Error> {
    let rows = read.query(OF_LEAD, params![lead_id.get()]).await?;
    rows.iter().map(from_row).collect()
}

/// Up to `rows` heads whose time has come at `now`.
pub(crate) async fn due<R: Read>(
    read: &mut R,
    now: Timestamp,
    rows: i64,
) -> Result<Vec<DueReply>, Error> {
    let found = read.query(DUE, params![now, rows]).await?;
    let from_row = |row: &Row| {
        Ok(DueReply {
            reply_id: row.get("reply_id")?,
            business_id: row.get("business_id")?,
        })
    };
    found.iter().map(from_row).collect()
}

/// The reply, locked until the transaction ends, if it is a head, its time has come, and nobody has it.
pub(crate) async fn lock_due<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    now: Timestamp,
) -> Result<Option<LockedReply>, Error> {
    let row = tx.query_optional(LOCK_DUE, params![now, reply_id]).await?;
    let from_row = |row: Row| {
        Ok(LockedReply {
            reply_id: row.get("reply_id")?,
            lead_id: row.get("lead_id")?,
            business_id: row.get("business_id")?,
            text: row.get("text")?,
            idempotency_key: row.get("idempotency_key")?,
            attempts: row.get("attempts")?,
            is_abandoned: row.get::<Option<String>>("lease_owner")?.is_some(),
            maybe_sent: row.get("maybe_sent")?,
            queued_at: row.get("queued_at_us")?,
        })
    };
    row.map(from_row).transpose()
}

/// Leases a reply that this transaction has locked, and counts the attempt.
pub(crate) async fn lease<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    lease: &ReplyLease<'_>,
) -> Result<(), Error> {
    let values = params![reply_id, lease.owner, lease.until, lease.maybe_sent];
    tx.execute(LEASE, values).await?;
    Ok(())
}

/// Ends the leases of a process that is no more, so that what it was sending is due at once. The owner's name stays with the
/// reply: it says that an attempt was cut off.
pub(crate) async fn expire_leases<T: Tx>(
    tx: &mut T,
    owner: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(EXPIRE_LEASES, params![owner, now]).await?;
    Ok(())
}

/// Stores what an attempt came to; `false` if `owner` has lost the lease of this attempt.
pub(crate) async fn settle<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    (owner, attempts): (&str, i64),
    settlement: &Settlement<'_>,
) -> Result<bool, Error> {
    let values = params![
        reply_id,
        owner,
        attempts,
        settlement.state,
        settlement.next_attempt_at,
        settlement.last_error,
        settlement.maybe_sent,
        settlement.finished_at
    ];
    Ok(tx.execute(SETTLE, values).await? == 1)
}

/// Stores that the platform has it; `false` if it was finished otherwise before.
pub(crate) async fn mark_sent<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.execute(MARK_SENT, params![reply_id, now]).await? == 1)
}

/// Stores that nobody knows whether the platform has it. The caller has locked it.
pub(crate) async fn mark_uncertain<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    reason: &str,
) -> Result<(), Error> {
    tx.execute(MARK_UNCERTAIN, params![reply_id, reason])
        .await?;
    Ok(())
}

/// Queues an uncertain reply again, as if it were made now.
pub(crate) async fn queue_again<T: Tx>(
    tx: &mut T,
    reply_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(QUEUE_AGAIN, params![reply_id, now]).await?;
    Ok(())
}

/// Ends an uncertain reply as one that was not sent.
pub(crate) async fn give_up<T: Tx>(tx: &mut T, reply_id: i64, now: Timestamp) -> Result<(), Error> {
    tx.execute(GIVE_UP, params![reply_id, now]).await?;
    Ok(())
}

/// Ends what waits to be sent for a business, and says how each reply stands now.
pub(crate) async fn fail_waiting<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<ReplyRow>, Error> {
    let rows = tx
        .query(FAIL_WAITING, params![business_id.get(), reason, now])
        .await?;
    rows.iter().map(from_row).collect()
}

/// Makes everything that waits to be sent for a business due now.
pub(crate) async fn hurry<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(HURRY, params![business_id.get(), now]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<ReplyRow, Error> {
    Ok(ReplyRow {
        reply_id: row.get("reply_id")?,
        lead_id: row.get("lead_id")?,
        business_id: row.get("business_id")?,
        text: row.get("text")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created_at: row.get("created_at_us")?,
        finished_at: row.get("finished_at_us")?,
        next_attempt_at: row.get("next_attempt_at_us")?,
    })
}
