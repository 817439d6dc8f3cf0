//! Telling what happened: an event in the log, and a delivery to every forward that wants it, in the transaction that made
//! it happen. Stored, logged and to be delivered are one fact; a crash leaves all of it or nothing.
//!
//! # Order
//! A [`Log`] is opened after the rows have been changed, and locks the log until the commit. So events have the order of
//! commits, whatever a transaction reads behind the lock is what all events before it made, and nobody waits for a row
//! whose holder waits for the log. Deliveries of a lead, and those of a business that belong to no lead, go to a forward
//! in that order, one after the other.

use std::sync::Arc;

use base::IdMaker;
use database::{Error, Tx};
use delivery::{ConversationId, NewDelivery};
use jiff::Timestamp;
use protocol::event::{EventType, payload};
use protocol::id::{BusinessId, DeliveryId, LeadId, ReplayId};
use serde::Serialize;
use tokio::sync::Notify;

use crate::store::event::{self, NewEvent};
use crate::store::forward::{self, ForwardRow};

/// What makes events. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Announcer {
    ids: IdMaker,
    deliveries: delivery::Waker,
    readers: Arc<Notify>,
}

/// The log of events, locked until the end of the transaction.
#[derive(Debug)]
pub(crate) struct Log<'a> {
    ids: &'a IdMaker,
    forwards: Vec<ForwardRow>,
    now: Timestamp,
}

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) business_id: BusinessId,
    pub(crate) lead_id: Option<LeadId>,
}

impl Announcer {
    /// Makes ids with `ids`, and wakes the engine behind `deliveries`.
    pub(crate) fn new(ids: IdMaker, deliveries: delivery::Waker) -> Self {
        Self {
            ids,
            deliveries,
            readers: Arc::new(Notify::new()),
        }
    }

    /// Locks the log. What an operation changes besides, it has changed before.
    pub(crate) async fn open<T: Tx>(&self, tx: &mut T, now: Timestamp) -> Result<Log<'_>, Error> {
        event::lock(tx).await?;
        Ok(Log {
            ids: &self.ids,
            forwards: forward::all(tx).await?,
            now,
        })
    }

    /// Wakes whoever waits for events or for deliveries; after the commit.
    pub(crate) fn wake(&self) {
        self.deliveries.wake();
        self.readers.notify_waiters();
    }

    /// Tells of the next [`wake`](Self::wake), if it was enabled before.
    pub(crate) fn next_wake(&self) -> tokio::sync::futures::Notified<'_> {
        self.readers.notified()
    }

    /// The id of a replay.
    pub(crate) fn next_replay_id(&self) -> ReplayId {
        ReplayId::from_i64(self.ids.next_id()).expect("ids are positive by their make")
    }

    /// The id of a delivery that is no event's.
    pub(crate) fn delivery_id(&self) -> DeliveryId {
        next_delivery_id(&self.ids)
    }
}

impl Log<'_> {
    /// When what is appended happened.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Appends an event and records its deliveries.
    pub(crate) async fn append<T: Tx>(
        &self,
        tx: &mut T,
        kind: EventType,
        about: About,
        content: &(impl Serialize + Sync),
    ) -> Result<(), Error> {
        let event_id = event::take_number(tx).await?;
        let payload = payload(event_id, kind, self.now, content);
        let new = NewEvent {
            event_id,
            kind: kind.as_str(),
            business_id: about.business_id,
            lead_id: about.lead_id,
            payload: &payload,
            now: self.now,
        };
        event::insert(tx, &new).await?;
        let takers = self.forwards.iter();
        for forward in takers.filter(|one| one.settings.wanted.takes(kind, about.business_id)) {
            let new = NewDelivery {
                delivery_id: next_delivery_id(self.ids),
                endpoint_id: delivery::EndpointId::new(forward.forward_id),
                conversation_id: about.conversation(),
                business_id: about.business_id,
                kind: kind.as_str(),
                body: &payload,
                created_at: self.now,
            };
            delivery::record(tx, &new).await?;
        }
        Ok(())
    }
}

impl About {
    /// What the deliveries are ordered within.
    fn conversation(self) -> ConversationId {
        match self.lead_id {
            Some(lead_id) => lead_id.into(),
            None => self.business_id.into(),
        }
    }
}

fn next_delivery_id(ids: &IdMaker) -> DeliveryId {
    DeliveryId::from_i64(ids.next_id()).expect("ids are positive by their make")
}
