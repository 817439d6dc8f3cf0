//! Taking in what the platform sends: on disk before it is acknowledged, stored once however often it comes, and with the
//! same outcome in whatever order (protocol §5).

use data_encoding::HEXLOWER;
use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::id::LeadId;
use protocol::json::Problem;
use sha2::{Digest as _, Sha256};

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
        now: core.clock.now(),
    };
    core.db.write(operation).await
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
    now: Timestamp,
}

impl Op for Take {
    type Out = Taken;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Taken, Error> {
        store_arrival(tx, &self.delivered, self.new_id, self.now).await
    }
}

/// Stores an arrival within a transaction that may do more (reprocessing a body from the quarantine does).
pub(crate) async fn store_arrival<T: Tx>(
    tx: &mut T,
    delivered: &Delivered,
    new_id: i64,
    now: Timestamp,
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
            store_lead(tx, &lead).await?;
            true
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
            let changed = store_message(tx, &message).await?;
            lead_is_here(tx, lead_id, changed).await?
        }
        Arrival::LeadUpdate { lead_id } => {
            let sender_id = delivered.sender_id;
            let update = store::lead_update::NewLeadUpdate {
                lead_update_id: new_id,
                lead_id,
                body,
                sender_id,
                received_at: now,
            };
            store_lead_update(tx, &update).await?;
            store::lead::exists(tx, lead_id).await?
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
            store_review(tx, &review).await?;
            true
        }
    };
    Ok(Taken { lead_is_known })
}

/// Whether the lead is here; a message that is new or changed makes it unread.
async fn lead_is_here<T: Tx>(tx: &mut T, lead_id: LeadId, changed: bool) -> Result<bool, Error> {
    if changed {
        store::lead::mark_unread(tx, lead_id).await
    } else {
        store::lead::exists(tx, lead_id).await
    }
}

async fn store_lead<T: Tx>(tx: &mut T, lead: &store::lead::NewLead<'_>) -> Result<(), Error> {
    if store::lead::insert(tx, lead).await? {
        return Ok(());
    }
    let stored = store::lead::lock(tx, lead.lead_id).await?;
    let subject = (ArrivalKind::Lead.as_str(), lead.lead_id.get());
    if keep_as_revision(tx, subject, stored, lead.body).await? {
        store::lead::replace(tx, lead).await?;
    }
    Ok(())
}

/// Whether anything changed.
async fn store_message<T: Tx>(
    tx: &mut T,
    message: &store::message::NewMessage<'_>,
) -> Result<bool, Error> {
    if store::message::insert(tx, message).await? {
        return Ok(true);
    }
    let stored = store::message::lock(tx, message.message_id).await?;
    let subject = (ArrivalKind::Message.as_str(), message.message_id.get());
    let changed = keep_as_revision(tx, subject, stored, message.body).await?;
    if changed {
        store::message::replace(tx, message).await?;
    }
    Ok(changed)
}

/// A repeat is told by the sender's number, or, where the sender has none, by being what is known already.
async fn store_lead_update<T: Tx>(
    tx: &mut T,
    update: &store::lead_update::NewLeadUpdate<'_>,
) -> Result<(), Error> {
    let repeated = update.sender_id.is_none()
        && store::lead_update::newest(tx, update.lead_id)
            .await?
            .is_some_and(|newest| newest.body == update.body);
    if !repeated {
        store::lead_update::insert(tx, update).await?;
    }
    Ok(())
}

async fn store_review<T: Tx>(
    tx: &mut T,
    review: &store::review::NewReview<'_>,
) -> Result<(), Error> {
    if store::review::insert(tx, review).await? {
        return Ok(());
    }
    let stored = store::review::lock(tx, review.review_id).await?;
    let subject = (ArrivalKind::Review.as_str(), review.review_id.get());
    if keep_as_revision(tx, subject, stored, review.body).await? {
        store::review::replace(tx, review).await?;
    }
    Ok(())
}

/// Moves the stored body to the revisions if the one that came is another. One that was seen before, as the current body
/// or an earlier one, is a repeat: it changes nothing, so that a late repeat cannot undo a newer body.
async fn keep_as_revision<T: Tx>(
    tx: &mut T,
    subject: (&str, i64),
    (business_id, stored, received_at): (i64, String, Timestamp),
    body: &str,
) -> Result<bool, Error> {
    if stored == body {
        return Ok(false);
    }
    let earlier = store::revision::of_subject(tx, subject).await?;
    if earlier.iter().any(|revision| revision.body == body) {
        return Ok(false);
    }
    store::revision::append(tx, subject, business_id, &stored, received_at).await?;
    Ok(true)
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
