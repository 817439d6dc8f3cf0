//! What is told of replies: how they ended, or that a person has to decide.

use database::{Error, Tx};
use protocol::event::{EventType, ReplyEvent};
use protocol::id::{BusinessId, LeadId};

use super::announce::{About, Announcer, Log};
use crate::domain::reply::ReplyState;
use crate::store;
use crate::store::reply::ReplyRow;

/// Tells how a reply stands, whose state this transaction has just changed.
pub(crate) async fn reply<T: Tx>(tx: &mut T, log: &Log<'_>, reply: &ReplyRow) -> Result<(), Error> {
    let Some(kind) = kind(&reply.state) else {
        return Ok(());
    };
    let lead_id = LeadId::from_i64(reply.lead_id).ok_or(Error::NoRow)?;
    let business_id = BusinessId::from_i64(reply.business_id).ok_or(Error::NoRow)?;
    let event = ReplyEvent {
        reply_id: reply.reply_id,
        lead_id,
        business_id,
        state: &reply.state,
        text: &reply.text,
        attempts: reply.attempts,
        reason: reply.last_error.as_deref(),
        created_at: reply.created_at,
        finished_at: reply.finished_at,
    };
    let about = About {
        business_id,
        lead_id: Some(lead_id),
    };
    log.append(tx, kind, about, &event).await
}

/// The same of the reply with this id.
pub(crate) async fn reply_with_id<T: Tx>(
    tx: &mut T,
    announcer: &Announcer,
    reply_id: i64,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let row = store::reply::find(tx, reply_id).await?;
    let row = row.ok_or(Error::NoRow)?;
    let log = announcer.open(tx, now).await?;
    reply(tx, &log, &row).await
}

/// One that is queued is told of when it is not any more.
fn kind(state: &str) -> Option<EventType> {
    let kinds = [
        (ReplyState::Sent, EventType::ReplySent),
        (ReplyState::Failed, EventType::ReplyFailed),
        (ReplyState::Uncertain, EventType::ReplyUncertain),
    ];
    let mut kinds = kinds.into_iter();
    let found = kinds.find(|(known, _)| known.as_str() == state);
    found.map(|(_, kind)| kind)
}
