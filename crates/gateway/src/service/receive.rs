//! Taking in what the platform sends: on disk before it is acknowledged, stored once however often it comes, and with the
//! same outcome in whatever order (protocol §5).

use data_encoding::HEXLOWER;
use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::json::Problem;
use sha2::{Digest as _, Sha256};

use super::announce::{About, Announcer};
use super::arrival_events::{self, FiledMessage, Stored};
use crate::core::Core;
use crate::domain::arrival::{Arrival, ArrivalKind};
use crate::store;

/// A body with how it was read.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) arrival: Arrival,
    /// As it came.
    pub(crate) body: String,
    /// The sender's own number of this delivery (webhook-id), where it has one.
    pub(crate) sender_id: Option<i64>,
}

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Whether the lead that it belongs to is here; if not, it waits for it.
    pub(crate) lead_is_known: bool,
}

/// Stores a body. When this answers, it is on disk.
pub(crate) async fn take(core: &Core, delivered: Delivered) -> Result<Taken, Error> {
    let operation = Take {
        delivered,
        new_id: core.ids.next_id(),
        announcer: core.announcer.clone(),
        now: core.clock.now(),
    };
    let taken = core.db.write(operation).await?;
    core.announcer.wake();
    Ok(taken)
}

/// Keeps a body that is JSON but not what its kind must be.
pub(crate) async fn quarantine(
    core: &Core,
    kind: ArrivalKind,
    body: String,
    problems: &[Problem],
) -> Result<(), Error> {
    let hash = Sha256::new()
        .chain_update(kind.as_str())
        .chain_update([0])
        .chain_update(&body)
        .finalize();
    let operation = Quarantine {
        quarantine_id: core.ids.next_id(),
        kind,
        body_hash: HEXLOWER.encode(&hash),
        body,
        problems: serde_json::to_string(problems).unwrap_or_default(),
        now: core.clock.now(),
    };
    core.db.write(operation).await
}

struct Take {
    delivered: Delivered,
    new_id: i64,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Take {
    type Out = Taken;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Taken, Error> {
        store_arrival(
            tx,
            &self.delivered,
            self.new_id,
            (&self.announcer, self.now),
        )
        .await
    }
}

/// Stores an arrival within a transaction that may do more before (reprocessing a body from the quarantine does), and tells
/// of it.
pub(crate) async fn store_arrival<T: Tx>(
    tx: &mut T,
    delivered: &Delivered,
    new_id: i64,
    (announcer, now): (&Announcer, Timestamp),
) -> Result<Taken, Error> {
    let body = delivered.body.as_str();
    let lead_is_known = match delivered.arrival {
        Arrival::Lead {
            lead_id,
            business_id,
            made_at,
        } => {
            let lead = store::lead::NewLead {
                lead_id,
                business_id,
                body,
                made_at,
                received_at: now,
            };
            take_lead(tx, announcer, &lead).await?
        }
        Arrival::Message {
            message_id,
            lead_id,
            business_id,
            made_at,
        } => {
            let message = store::message::NewMessage {
                message_id,
                lead_id,
                business_id,
                body,
                made_at,
                received_at: now,
            };
            take_message(tx, announcer, &message).await?
        }
        Arrival::LeadUpdate { lead_id } => {
            let update = store::lead_update::NewLeadUpdate {
                lead_update_id: new_id,
                lead_id,
                body,
                sender_id: delivered.sender_id,
                received_at: now,
            };
            take_lead_update(tx, announcer, &update).await?
        }
        Arrival::Review {
            review_id,
            business_id,
            lead_id,
            made_at,
        } => {
            let review = store::review::NewReview {
                review_id,
                business_id,
                lead_id,
                body,
                made_at,
                received_at: now,
            };
            take_review(tx, announcer, &review).await?
        }
    };
    Ok(Taken { lead_is_known })
}

async fn take_lead<T: Tx>(
    tx: &mut T,
    announcer: &Announcer,
    lead: &store::lead::NewLead<'_>,
) -> Result<bool, Error> {
    let stored = store_lead(tx, lead).await?;
    if stored.has_changed() {
        let log = announcer.open(tx, lead.received_at).await?;
        arrival_events::lead(tx, &log, lead.lead_id, stored).await?;
    }
    Ok(true)
}

/// Whether the lead is here; a message that is new or changed makes it unread.
async fn take_message<T: Tx>(
    tx: &mut T,
    announcer: &Announcer,
    message: &store::message::NewMessage<'_>,
) -> Result<bool, Error> {
    let stored = store_message(tx, message).await?;
    if !stored.has_changed() {
        return store::lead::exists(tx, message.lead_id).await;
    }
    let lead_is_known = store::lead::mark_unread(tx, message.lead_id).await?;
    let log = announcer.open(tx, message.received_at).await?;
    let filed = FiledMessage {
        message_id: message.message_id,
        lead_id: message.lead_id,
        business_id: message.business_id,
        body: message.body,
    };
    arrival_events::message(tx, &log, filed, stored).await?;
    Ok(lead_is_known)
}

/// Whether the lead is here.
async fn take_lead_update<T: Tx>(
    tx: &mut T,
    announcer: &Announcer,
    update: &store::lead_update::NewLeadUpdate<'_>,
) -> Result<bool, Error> {
    if store_lead_update(tx, update).await?.has_changed() {
        let log = announcer.open(tx, update.received_at).await?;
        arrival_events::lead_update(tx, &log, update.lead_id, update.lead_update_id).await?;
    }
    store::lead::exists(tx, update.lead_id).await
}

async fn take_review<T: Tx>(
    tx: &mut T,
    announcer: &Announcer,
    review: &store::review::NewReview<'_>,
) -> Result<bool, Error> {
    let stored = store_review(tx, review).await?;
    if stored.has_changed() {
        let log = announcer.open(tx, review.received_at).await?;
        let about = About {
            business_id: review.business_id,
            lead_id: review.lead_id,
        };
        arrival_events::review(tx, &log, about, review.body, stored).await?;
    }
    Ok(true)
}

async fn store_lead<T: Tx>(tx: &mut T, lead: &store::lead::NewLead<'_>) -> Result<Stored, Error> {
    if store::lead::insert(tx, lead).await? {
        return Ok(Stored::First);
    }
    let current = store::lead::lock(tx, lead.lead_id).await?;
    let subject = (ArrivalKind::Lead.as_str(), lead.lead_id.get());
    let stored = keep_as_revision(tx, subject, current, lead.body).await?;
    if stored.has_changed() {
        store::lead::replace(tx, lead).await?;
    }
    Ok(stored)
}

async fn store_message<T: Tx>(
    tx: &mut T,
    message: &store::message::NewMessage<'_>,
) -> Result<Stored, Error> {
    if store::message::insert(tx, message).await? {
        return Ok(Stored::First);
    }
    let current = store::message::lock(tx, message.message_id).await?;
    let subject = (ArrivalKind::Message.as_str(), message.message_id.get());
    let stored = keep_as_revision(tx, subject, current, message.body).await?;
    if stored.has_changed() {
        store::message::replace(tx, message).await?;
    }
    Ok(stored)
}

/// A repeat is told by the sender's number, or, where the sender has none, by being what is known already.
async fn store_lead_update<T: Tx>(
    tx: &mut T,
    update: &store::lead_update::NewLeadUpdate<'_>,
) -> Result<Stored, Error> {
    let repeated = update.sender_id.is_none()
        && store::lead_update::newest(tx, update.lead_id)
            .await?
            .is_some_and(|newest| newest.body == update.body);
    if !repeated && store::lead_update::insert(tx, update).await? {
        return Ok(Stored::First);
    }
    Ok(Stored::Repeat)
}

async fn store_review<T: Tx>(
    tx: &mut T,
    review: &store::review::NewReview<'_>,
) -> Result<Stored, Error> {
    if store::review::insert(tx, review).await? {
        return Ok(Stored::First);
    }
    let current = store::review::lock(tx, review.review_id).await?;
    let subject = (ArrivalKind::Review.as_str(), review.review_id.get());
    let stored = keep_as_revision(tx, subject, current, review.body).await?;
    if stored.has_changed() {
        store::review::replace(tx, review).await?;
    }
    Ok(stored)
}

/// Moves the current body to the revisions if the one that came is another. One that was seen before, as the current body
/// or an earlier one, is a repeat: it changes nothing, so that a late repeat cannot undo a newer body.
async fn keep_as_revision<T: Tx>(
    tx: &mut T,
    subject: (&str, i64),
    (business_id, current, received_at): (i64, String, Timestamp),
    body: &str,
) -> Result<Stored, Error> {
    if current == body {
        return Ok(Stored::Repeat);
    }
    let earlier = store::revision::of_subject(tx, subject).await?;
    if earlier.iter().any(|revision| revision.body == body) {
        return Ok(Stored::Repeat);
    }
    store::revision::append(tx, subject, business_id, &current, received_at).await?;
    Ok(Stored::Revision(earlier.len() + 2))
}

struct Quarantine {
    quarantine_id: i64,
    kind: ArrivalKind,
    body: String,
    body_hash: String,
    problems: String,
    now: Timestamp,
}

impl Op for Quarantine {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let new = store::quarantine::NewQuarantine {
            quarantine_id: self.quarantine_id,
            kind: self.kind.as_str(),
            body: &self.body,
            body_hash: &self.body_hash,
            problems: &self.problems,
            received_at: self.now,
        };
        store::quarantine::insert(tx, &new).await
    }
}

#[cfg(test)]
mod tests;
