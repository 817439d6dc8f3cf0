//! What is told of what arrives. Whatever the order of arrival, it is told in the same one (protocol §5): a lead, what its
//! customer wrote, what it costs. For that a message that comes before its lead waits for it, a minute at most; a price that
//! comes before its lead is told when the lead is.
//!
//! A repeat is told never: whoever stores says what changed.

use database::{Error, Tx};
use protocol::event::{Arrived, ChargeEvent, EventType, LeadEvent, MessageEvent, ReviewedEvent};
use protocol::id::{BusinessId, LeadId, MessageId};

use super::announce::{About, Log};
use crate::domain::arrival::ArrivalKind;
use crate::domain::lead_view::{object, with_update};
use crate::store;
use crate::store::waiting_message::NewWaiting;

/// What storing a body changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Nothing: the body was here before.
    Repeat,
    /// It is the first under its id.
    First,
    /// It is another under an id that is known, and this many bodies have been under it.
    Revision(usize),
}

impl Stored {
    /// Whether anything changed.
    pub(crate) fn has_changed(self) -> bool {
        self != Self::Repeat
    }

    fn arrived(self, log: &Log<'_>) -> Arrived {
        let revision = match self {
            Self::Repeat | Self::First => 1,
            Self::Revision(revision) => revision,
        };
        Arrived {
            at: log.now(),
            revision,
        }
    }

    /// The type for the first body, or the type for the others.
    fn kind(self, first: EventType, revised: EventType) -> EventType {
        match self {
            Self::Repeat | Self::First => first,
            Self::Revision(_) => revised,
        }
    }
}

/// A message as far as it is filed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FiledMessage<'a> {
    pub(crate) message_id: MessageId,
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) body: &'a str,
}

/// A lead arrived, and with it may be told what waited for it.
pub(crate) async fn lead<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    lead_id: LeadId,
    stored: Stored,
) -> Result<(), Error> {
    let row = store::lead::find(tx, lead_id).await?.ok_or(Error::NoRow)?;
    let members = with_update(&row.body, row.update.as_deref());
    let event = LeadEvent::read(&members, stored.arrived(log));
    let kind = stored.kind(EventType::LeadReceived, EventType::LeadRevised);
    log.append(tx, kind, about_lead(row.business_id, lead_id)?, &event)
        .await?;
    if stored != Stored::First {
        return Ok(());
    }
    for message_id in store::waiting_message::of_lead(tx, lead_id).await? {
        waiting_message(tx, log, message_id).await?;
    }
    charge(tx, log, lead_id).await
}

/// A message arrived: it is told, or begins to wait for its lead.
pub(crate) async fn message<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    message: FiledMessage<'_>,
    stored: Stored,
) -> Result<(), Error> {
    let FiledMessage {
        message_id,
        lead_id,
        business_id,
        body,
    } = message;
    let lead_is_known = store::lead::exists(tx, lead_id).await?;
    if stored == Stored::First && !lead_is_known {
        let waiting = NewWaiting {
            message_id,
            lead_id,
            business_id,
            received_at: log.now(),
        };
        return store::waiting_message::insert(tx, &waiting).await;
    }
    // What waits is told once, as it stands then.
    if store::waiting_message::is_waiting(tx, message_id).await? {
        return Ok(());
    }
    let body = object(body);
    let event = MessageEvent::read(&body, stored.arrived(log), lead_is_known);
    let kind = stored.kind(EventType::MessageReceived, EventType::MessageRevised);
    let about = About {
        business_id,
        lead_id: Some(lead_id),
    };
    log.append(tx, kind, about, &event).await
}

/// Tells of a message that waited, as it stands; nothing if that was done meanwhile.
pub(crate) async fn waiting_message<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    message_id: MessageId,
) -> Result<(), Error> {
    if !store::waiting_message::delete(tx, message_id).await? {
        return Ok(());
    }
    let Some(row) = store::message::find(tx, message_id).await? else {
        return Ok(());
    };
    let lead_id = LeadId::from_i64(row.lead_id).ok_or(Error::NoRow)?;
    let subject = (ArrivalKind::Message.as_str(), message_id.get());
    let earlier = store::revision::of_subject(tx, subject).await?;
    let arrived = Arrived {
        at: row.received_at,
        revision: earlier.len() + 1,
    };
    let lead_is_known = store::lead::exists(tx, lead_id).await?;
    let body = object(&row.body);
    let event = MessageEvent::read(&body, arrived, lead_is_known);
    let about = about_lead(row.business_id, lead_id)?;
    log.append(tx, EventType::MessageReceived, about, &event)
        .await
}

/// An update of a lead's price arrived. One that is older than the newest changes nothing.
pub(crate) async fn lead_update<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    lead_id: LeadId,
    lead_update_id: i64,
) -> Result<(), Error> {
    let newest = store::lead_update::newest(tx, lead_id).await?;
    if newest.is_some_and(|newest| newest.lead_update_id == lead_update_id)
        && store::lead::exists(tx, lead_id).await?
    {
        charge(tx, log, lead_id).await?;
    }
    Ok(())
}

/// A review arrived.
pub(crate) async fn review<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    about: About,
    body: &str,
    stored: Stored,
) -> Result<(), Error> {
    let body = object(body);
    let event = ReviewedEvent::read(&body, stored.arrived(log));
    let kind = stored.kind(EventType::ReviewReceived, EventType::ReviewRevised);
    log.append(tx, kind, about, &event).await
}

/// Tells what a lead costs now, if anybody has said so since it was made.
async fn charge<T: Tx>(tx: &mut T, log: &Log<'_>, lead_id: LeadId) -> Result<(), Error> {
    let Some(update) = store::lead_update::newest(tx, lead_id).await? else {
        return Ok(());
    };
    let lead = store::lead::find(tx, lead_id).await?.ok_or(Error::NoRow)?;
    let (members, update_members) = (object(&lead.body), object(&update.body));
    let event = ChargeEvent::read(&update_members, &members, update.received_at);
    let about = about_lead(lead.business_id, lead_id)?;
    log.append(tx, EventType::LeadUpdated, about, &event).await
}

fn about_lead(business_id: i64, lead_id: LeadId) -> Result<About, Error> {
    Ok(About {
        business_id: BusinessId::from_i64(business_id).ok_or(Error::NoRow)?,
        lead_id: Some(lead_id),
    })
}
