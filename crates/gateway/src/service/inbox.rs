//! Reading what arrived: leads as they stand, one lead with its whole timeline, reviews.

use database::{Error, Op, Tx};
use protocol::id::{BusinessId, LeadId};

use crate::core::Core;
use crate::domain::arrival::ArrivalKind;
use crate::store;
use crate::store::lead::{LeadFilter, LeadRow};
use crate::store::lead_update::LeadUpdateRow;
use crate::store::message::MessageRow;
use crate::store::reply::ReplyRow;
use crate::store::review::ReviewRow;
use crate::store::revision::RevisionRow;

/// A lead with everything that belongs to it.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) lead: LeadRow,
    pub(crate) revisions: Vec<RevisionRow>,
    pub(crate) messages: Vec<MessageWithRevisions>,
    pub(crate) updates: Vec<LeadUpdateRow>,
    pub(crate) replies: Vec<ReplyRow>,
}

/// A message and the bodies that came earlier under its id.
#[derive(Debug)]
pub(crate) struct MessageWithRevisions {
    pub(crate) message: MessageRow,
    pub(crate) revisions: Vec<RevisionRow>,
}

/// Leads that pass the filter, the newest first.
pub(crate) async fn leads(
    core: &Core,
    filter: &LeadFilter,
    rows: i64,
) -> Result<Vec<LeadRow>, Error> {
    store::lead::list(&mut core.db.scanner(), filter, rows).await
}

/// One lead with its timeline.
pub(crate) async fn conversation(
    core: &Core,
    lead_id: LeadId,
) -> Result<Option<Conversation>, Error> {
    let mut read = core.db.reader();
    let Some(lead) = store::lead::find(&mut read, lead_id).await? else {
        return Ok(None);
    };
    let revisions =
        store::revision::of_subject(&mut read, (ArrivalKind::Lead.as_str(), lead.lead_id)).await?;
    let mut messages = Vec::new();
    for message in store::message::of_lead(&mut read, lead_id).await? {
        let subject = (ArrivalKind::Message.as_str(), message.message_id);
        let revisions = store::revision::of_subject(&mut read, subject).await?;
        messages.push(MessageWithRevisions { message, revisions });
    }
    let updates = store::lead_update::of_lead(&mut read, lead_id).await?;
    let replies = store::reply::of_lead(&mut read, lead_id).await?;
    Ok(Some(Conversation {
        lead,
        revisions,
        messages,
        updates,
        replies,
    }))
}

/// Marks a lead read; whether there is such a lead.
pub(crate) async fn mark_read(core: &Core, lead_id: LeadId) -> Result<bool, Error> {
    core.db.write(MarkRead { lead_id }).await
}

/// Reviews of a business, or of all, the newest first.
pub(crate) async fn reviews(
    core: &Core,
    business_id: Option<BusinessId>,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<ReviewRow>, Error> {
    store::review::list(&mut core.db.scanner(), business_id, before, rows).await
}

struct MarkRead {
    lead_id: LeadId,
}

impl Op for MarkRead {
    type Out = bool;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, Error> {
        store::lead::mark_read(tx, self.lead_id).await
    }
}
