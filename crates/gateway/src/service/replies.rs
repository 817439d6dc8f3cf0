//! Replies as callers queue them, look at them, and decide about those whose fate is uncertain. Sending them is
//! [`super::reply_sending`].

use base::SecretHash;
use client::ReconnectReason;
use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId};
use protocol::message::MessageText;
use thiserror::Error as ThisError;

use super::announce::Announcer;
use super::connections::reconnect_reason;
use super::reply_events;
use crate::core::Core;
use crate::domain::reply::ReplyState;
use crate::store;
use crate::store::reply::{NewReply, ReplyRow};

/// Why a reply was not queued.
#[derive(Debug, ThisError)]
pub(crate) enum QueueError {
    #[error("no such lead has arrived")]
    UnknownLead,
    #[error("the business is not connected")]
    NotConnected,
    #[error("the pro has to connect again: {0}")]
    ReconnectNeeded(ReconnectReason),
    #[error("the Idempotency-Key was used for another reply")]
    OtherReply,
    #[error("the database failed")]
    Database(#[from] Error),
}

/// What a person decides about an uncertain reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// It did not arrive, or twice is better than never.
    SendAgain,
    /// It arrived.
    Sent,
    /// It did not arrive, and is not to be sent again.
    Failed,
}

/// Why a reply was not resolved.
#[derive(Debug, ThisError)]
pub(crate) enum ResolveError {
    #[error("there is no such reply")]
    Unknown,
    #[error("the reply is {state}, not uncertain")]
    NotUncertain { state: String },
    #[error("the database failed")]
    Database(#[from] Error),
}

/// Queues a reply to a lead. When this answers, it is on disk. The same request under the same key gets the same reply.
pub(crate) async fn queue(
    core: &Core,
    lead_id: LeadId,
    text: MessageText,
    request_key: Option<&str>,
) -> Result<ReplyRow, QueueError> {
    let operation = Queue {
        reply_id: core.ids.next_id(),
        lead_id,
        text,
        idempotency_key: core.entropy.secret::<16>().expose().to_owned(),
        request_key: request_key.map(SecretHash::of),
        now: core.clock.now(),
    };
    let reply = core.db.write(operation).await?;
    core.replies.notify_one();
    Ok(reply)
}

/// One reply.
pub(crate) async fn find(core: &Core, reply_id: i64) -> Result<Option<ReplyRow>, Error> {
    store::reply::find(&mut core.db.reader(), reply_id).await
}

/// Does what a person decided about an uncertain reply.
pub(crate) async fn resolve(
    core: &Core,
    reply_id: i64,
    resolution: Resolution,
) -> Result<ReplyRow, ResolveError> {
    let operation = Resolve {
        reply_id,
        resolution,
        announcer: core.announcer.clone(),
        now: core.clock.now(),
    };
    let reply = core.db.write(operation).await?;
    core.announcer.wake();
    // Later replies to the lead may have waited for this one.
    core.replies.notify_one();
    Ok(reply)
}

struct Queue {
    reply_id: i64,
    lead_id: LeadId,
    text: MessageText,
    idempotency_key: String,
    request_key: Option<SecretHash>,
    now: Timestamp,
}

impl Queue {
    /// The reply that was made under the same key, if there is one.
    async fn earlier<T: Tx>(&self, tx: &mut T) -> Result<Option<ReplyRow>, QueueError> {
        let Some(key) = &self.request_key else {
            return Ok(None);
        };
        let Some(reply) = store::reply::find_by_key(tx, key.as_str()).await? else {
            return Ok(None);
        };
        let same = reply.lead_id == self.lead_id.get() && reply.text == self.text.as_str();
        same.then_some(Some(reply)).ok_or(QueueError::OtherReply)
    }
}

impl Op for Queue {
    type Out = ReplyRow;
    type Error = QueueError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReplyRow, QueueError> {
        if let Some(reply) = self.earlier(tx).await? {
            return Ok(reply);
        }
        let lead = store::lead::find(tx, self.lead_id).await?;
        let business_id = lead.and_then(|lead| BusinessId::from_i64(lead.business_id));
        let business_id = business_id.ok_or(QueueError::UnknownLead)?;
        let connection = store::connection::find_live(tx, business_id).await?;
        let connection = connection.ok_or(QueueError::NotConnected)?;
        if let Some(reason) = reconnect_reason(&connection) {
            return Err(QueueError::ReconnectNeeded(reason));
        }
        let new = NewReply {
            reply_id: self.reply_id,
            lead_id: self.lead_id,
            business_id,
            text: self.text.as_str(),
            idempotency_key: &self.idempotency_key,
            request_key_hash: self.request_key.as_ref().map(SecretHash::as_str),
            now: self.now,
        };
        if !store::reply::insert(tx, &new).await? {
            // The same request has just been stored by another process.
            let reply = self.earlier(tx).await?;
            return Ok(reply.ok_or(Error::NoRow)?);
        }
        let stored = store::reply::find(tx, self.reply_id).await?;
        Ok(stored.ok_or(Error::NoRow)?)
    }
}

struct Resolve {
    reply_id: i64,
    resolution: Resolution,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Resolve {
    type Out = ReplyRow;
    type Error = ResolveError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReplyRow, ResolveError> {
        let reply = store::reply::lock(tx, self.reply_id).await?;
        let reply = reply.ok_or(ResolveError::Unknown)?;
        if reply.state != ReplyState::Uncertain.as_str() {
            return Err(ResolveError::NotUncertain { state: reply.state });
        }
        match self.resolution {
            Resolution::SendAgain => {
                store::reply::queue_again(tx, self.reply_id, self.now).await?;
            }
            Resolution::Failed => store::reply::give_up(tx, self.reply_id, self.now).await?,
            Resolution::Sent => {
                store::reply::mark_sent(tx, self.reply_id, self.now).await?;
                if let Some(lead_id) = LeadId::from_i64(reply.lead_id) {
                    store::lead::mark_answered(tx, lead_id).await?;
                }
            }
        }
        let resolved = store::reply::find(tx, self.reply_id).await?;
        let resolved = resolved.ok_or(Error::NoRow)?;
        if resolved.state != ReplyState::Queued.as_str() {
            let log = self.announcer.open(tx, self.now).await?;
            reply_events::reply(tx, &log, &resolved).await?;
        }
        Ok(resolved)
    }
}
