//! Sending one reply: token, claim, attempt, verdict. Each step can be the last one of this process, so each leaves the
//! reply in a state from which another can go on.
//!
//! - The token is there **before** the claim, so that a lease covers nothing but the attempt.
//! - The claim is one transaction. It leases the reply, counts the attempt, and looks at the lease before: one that ran
//!   out means that its holder died while it was sending. Where the platform tells repetitions by their key the reply is
//!   sent again; elsewhere nobody knows whether it was sent, and a person decides.
//! - The verdict is stored only by whoever still has the lease of this very attempt. "Sent" is stored in any case: what the
//!   platform has taken is not undone by a late answer.

use std::time::Duration;

use base::Secret;
use client::{ClientError, IdempotencyKey, OutgoingMessage};
use database::{Error, Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::{BusinessId, LeadId};
use protocol::message::MessageText;

use super::announce::Announcer;
use super::call::CallError;
use super::connections;
use super::reply_events::reply_with_id;
use super::reply_outcome::{of_answer, without_connection, without_token};
use super::tokens::ConnectionId;
use crate::core::Core;
use crate::domain::reply::{Effort, Outcome, ReplyState, Verdict, judge};
use crate::store;
use crate::store::reply::{DueReply, LockedReply, ReplyLease, Settlement};

/// Longer than an attempt takes with a refused token, a refresh and a second try.
const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// What must be left of the lease when something is sent: a call takes 15 s at most.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

/// How long to wait between tries to store a verdict that nobody else knows.
const STORE_WAITS: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

const DIED: &str = "the sender stopped while it was sending the reply";
const DAMAGED: &str = "what was stored of it is damaged";

/// The heads whose time has come, at most `rows`.
pub(crate) async fn due(core: &Core, rows: i64) -> Result<Vec<DueReply>, Error> {
    store::reply::due(&mut core.db.reader(), core.clock.now(), rows).await
}

/// Makes one attempt to send a reply; `false` if there was nothing to do any more.
pub(crate) async fn send(core: &Core, due: &DueReply) -> Result<bool, Error> {
    let token = token(core, due.business_id).await?;
    let reply = match claim(core, due.reply_id).await? {
        Claimed::Nothing => return Ok(false),
        Claimed::Doubtful => {
            core.announcer.wake();
            return Ok(true);
        }
        Claimed::Leased(reply) => reply,
    };
    let outcome = match token {
        Ok((connection, token)) => attempt(core, &reply, connection, token).await,
        Err(outcome) => outcome,
    };
    let effort = Effort {
        queued_at: reply.queued_at,
        attempts: reply.attempts,
        maybe_sent: reply.maybe_sent,
        repeats_are_harmless: repeats_are_harmless(core),
    };
    let verdict = judge(outcome, effort, core.clock.now());
    settle(core, &reply, verdict).await?;
    Ok(true)
}

fn repeats_are_harmless(core: &Core) -> bool {
    core.platform.addresses().honours_idempotency_key()
}

/// The connection to send with and its token, or what the lack of it comes to.
async fn token(
    core: &Core,
    business_id: i64,
) -> Result<Result<(ConnectionId, Secret), Outcome>, Error> {
    let business_id = BusinessId::from_i64(business_id).ok_or(Error::NoRow)?;
    let connection = match connections::usable(core, business_id).await {
        Ok(connection) => connection,
        Err(CallError::Database(error)) => return Err(error),
        Err(error) => return Ok(Err(without_connection(&error))),
    };
    let token = core.keeper.access_token(&connection).await;
    Ok(token
        .map(|token| (connection, token))
        .map_err(|error| without_token(&error)))
}

/// Sends the reply, and once more with another token if the first was refused.
async fn attempt(core: &Core, reply: &Leased, connection: ConnectionId, token: Secret) -> Outcome {
    let answer = match ask(core, reply, &token).await {
        Err(error) if error.is_unauthorized() => {
            let token = match core.keeper.refresh_now(&connection, &token).await {
                Ok(token) => token,
                Err(error) => return without_token(&error),
            };
            if core.clock.now() > reply.send_until {
                return Outcome::NotYet {
                    reason: "the token was refused, and refreshing it took too long".to_owned(),
                    not_before: None,
                };
            }
            ask(core, reply, &token).await
        }
        answer => answer,
    };
    of_answer(answer, core.clock.now())
}

async fn ask(core: &Core, reply: &Leased, token: &Secret) -> Result<(), ClientError> {
    let message = OutgoingMessage {
        business_id: reply.business_id,
        lead_id: reply.lead_id,
        text: &reply.text,
        idempotency_key: Some(&reply.idempotency_key),
    };
    core.platform.send_message(token, &message).await
}

/// A reply that this process has the lease of, read into what the platform's client takes.
#[derive(Debug)]
struct Leased {
    reply_id: i64,
    lead_id: LeadId,
    business_id: BusinessId,
    text: MessageText,
    idempotency_key: IdempotencyKey,
    /// This one included.
    attempts: i64,
    maybe_sent: bool,
    queued_at: Timestamp,
    /// After this the lease may run out before an answer comes.
    send_until: Timestamp,
}

impl Leased {
    /// Reads a row. What was checked before it was stored can fail only if the row was damaged.
    fn read(row: &LockedReply, lease: &ReplyLease<'_>) -> Option<Self> {
        Some(Self {
            reply_id: row.reply_id,
            lead_id: LeadId::from_i64(row.lead_id)?,
            business_id: BusinessId::from_i64(row.business_id)?,
            text: MessageText::parse(&row.text).ok()?,
            idempotency_key: IdempotencyKey::parse(&row.idempotency_key).ok()?,
            attempts: row.attempts + 1,
            maybe_sent: lease.maybe_sent,
            queued_at: row.queued_at,
            send_until: lease.until.saturating_sub(RESERVE).unwrap_or(lease.until),
        })
    }
}

/// Makes due what this process was sending when it was killed, if it has the same name again; under another name the leases
/// run out by themselves. To be called once, before anything is sent.
pub(crate) async fn take_over(core: &Core) -> Result<(), Error> {
    let operation = TakeOver {
        owner: core.owner.clone(),
        now: core.clock.now(),
    };
    core.db.write(operation).await
}

struct TakeOver {
    owner: String,
    now: Timestamp,
}

impl Op for TakeOver {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        store::reply::expire_leases(tx, &self.owner, self.now).await
    }
}

/// What a claim came to.
#[derive(Debug)]
enum Claimed {
    /// Another process has it, or it is finished.
    Nothing,
    /// It may have been sent already; a person decides.
    Doubtful,
    /// It is ours to send.
    Leased(Leased),
}

async fn claim(core: &Core, reply_id: i64) -> Result<Claimed, Error> {
    let now = core.clock.now();
    let operation = Claim {
        reply_id,
        announcer: core.announcer.clone(),
        owner: core.owner.clone(),
        repeats_are_harmless: repeats_are_harmless(core),
        now,
        until: now.saturating_add(LEASE).unwrap_or(Timestamp::MAX),
    };
    core.db.write(operation).await
}

struct Claim {
    reply_id: i64,
    announcer: Announcer,
    owner: String,
    repeats_are_harmless: bool,
    now: Timestamp,
    until: Timestamp,
}

impl Op for Claim {
    type Out = Claimed;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Claimed, Error> {
        let Some(row) = store::reply::lock_due(tx, self.reply_id, self.now).await? else {
            return Ok(Claimed::Nothing);
        };
        if row.is_abandoned && !self.repeats_are_harmless {
            return self.leave_to_a_person(tx, DIED).await;
        }
        let lease = ReplyLease {
            owner: &self.owner,
            until: self.until,
            maybe_sent: row.maybe_sent || row.is_abandoned,
        };
        let Some(reply) = Leased::read(&row, &lease) else {
            return self.leave_to_a_person(tx, DAMAGED).await;
        };
        store::reply::lease(tx, self.reply_id, &lease).await?;
        Ok(Claimed::Leased(reply))
    }
}

impl Claim {
    async fn leave_to_a_person<T: Tx>(&self, tx: &mut T, reason: &str) -> Result<Claimed, Error> {
        store::reply::mark_uncertain(tx, self.reply_id, reason).await?;
        reply_with_id(tx, &self.announcer, self.reply_id, self.now).await?;
        Ok(Claimed::Doubtful)
    }
}

/// Stores the verdict, however often the database has to be asked: nobody else knows it.
async fn settle(core: &Core, reply: &Leased, verdict: Verdict) -> Result<(), Error> {
    let mut waits = STORE_WAITS.into_iter();
    loop {
        let operation = Settle {
            reply_id: reply.reply_id,
            lead_id: reply.lead_id,
            attempts: reply.attempts,
            owner: core.owner.clone(),
            verdict: verdict.clone(),
            announcer: core.announcer.clone(),
            now: core.clock.now(),
        };
        let error = match core.db.write(operation).await {
            Ok(stored) => {
                core.announcer.wake();
                log(reply, &verdict, stored);
                return Ok(());
            }
            Err(error) => error,
        };
        match waits.next() {
            Some(wait) => core.clock.sleep(wait).await,
            None => return Err(error),
        }
    }
}

fn log(reply: &Leased, verdict: &Verdict, stored: bool) {
    let id = reply.reply_id;
    if !stored {
        tracing::warn!(
            reply.id = id,
            "an attempt took longer than its lease; its result is not stored"
        );
        return;
    }
    // Reasons hold what the platform says, which may repeat what it was sent.
    match verdict {
        Verdict::Sent => tracing::debug!(reply.id = id, "a reply was sent"),
        Verdict::Retry { at, .. } => {
            tracing::info!(reply.id = id, retry_at = %at, "a reply is tried again later");
        }
        Verdict::Uncertain { .. } => {
            tracing::warn!(
                reply.id = id,
                "nobody knows whether a reply was sent; a person has to decide"
            );
        }
        Verdict::Failed { .. } => tracing::warn!(reply.id = id, "a reply was not sent"),
    }
}

struct Settle {
    reply_id: i64,
    lead_id: LeadId,
    attempts: i64,
    owner: String,
    verdict: Verdict,
    announcer: Announcer,
    now: Timestamp,
}

impl Settle {
    fn settlement(&self) -> Settlement<'_> {
        let (state, next_attempt_at, reason, maybe_sent) = match &self.verdict {
            Verdict::Sent => (ReplyState::Sent, None, None, false),
            Verdict::Retry {
                at,
                reason,
                maybe_sent,
            } => (ReplyState::Queued, Some(*at), Some(reason), *maybe_sent),
            Verdict::Uncertain { reason } => (ReplyState::Uncertain, None, Some(reason), true),
            Verdict::Failed { reason } => (ReplyState::Failed, None, Some(reason), false),
        };
        let is_finished = matches!(state, ReplyState::Sent | ReplyState::Failed);
        Settlement {
            state: state.as_str(),
            next_attempt_at,
            last_error: reason.map(String::as_str),
            maybe_sent,
            finished_at: is_finished.then_some(self.now),
        }
    }
}

impl Op for Settle {
    type Out = bool;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, Error> {
        let is_stored = if self.verdict == Verdict::Sent {
            store::lead::mark_answered(tx, self.lead_id).await?;
            store::reply::mark_sent(tx, self.reply_id, self.now).await?
        } else {
            let attempt = (self.owner.as_str(), self.attempts);
            store::reply::settle(tx, self.reply_id, attempt, &self.settlement()).await?
        };
        let goes_on = matches!(self.verdict, Verdict::Retry { .. });
        if is_stored && !goes_on {
            reply_with_id(tx, &self.announcer, self.reply_id, self.now).await?;
        }
        Ok(is_stored)
    }
}

#[cfg(test)]
mod tests;
