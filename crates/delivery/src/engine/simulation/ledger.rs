//! What happened in a simulation, and what must be true of it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::Moment;
use super::network::Reply;
use crate::engine::ticket::{Finish, Ticket};
use crate::id::EndpointId;
use crate::moment;
use crate::policy::classify::OutcomeClass;

/// Everything that was recorded, sent and stored.
#[derive(Default)]
pub(crate) struct Ledger {
    last_id: i64,
    pub(crate) entries: BTreeMap<DeliveryId, Entry>,
    /// What has been brought back by hand: it may come after those behind it.
    pub(crate) revived: HashSet<DeliveryId>,
    /// Repeats of what had been answered 2xx, and how many attempts were lost or too late: each explains one.
    pub(crate) repeats: usize,
    pub(crate) excuses: usize,
    pub(crate) requests: usize,
    /// From recording to delivery.
    pub(crate) delays: Vec<(EndpointId, Duration)>,
    /// In the order of delivery.
    pub(crate) delivered: Vec<DeliveryId>,
}

pub(crate) struct Entry {
    pub(crate) endpoint: EndpointId,
    pub(crate) at: Timestamp,
    /// Whether it was ever answered 2xx, and whether it was the last time.
    pub(crate) was_taken: bool,
    is_answered: bool,
}

impl Ledger {
    /// Goes on where an earlier one in the same database stopped.
    pub(crate) fn after(last_id: i64) -> Self {
        Self {
            last_id,
            ..Self::default()
        }
    }

    pub(crate) fn last_id(&self) -> i64 {
        self.last_id
    }

    pub(crate) fn next_id(&mut self) -> DeliveryId {
        self.last_id += 1;
        DeliveryId::from_i64(self.last_id).unwrap()
    }

    pub(crate) fn recorded(&mut self, id: DeliveryId, endpoint: EndpointId, at: Timestamp) {
        let entry = Entry {
            endpoint,
            at,
            was_taken: false,
            is_answered: false,
        };
        self.entries.insert(id, entry);
    }

    /// A request is about to be sent, and these before it in its lane are pending: that may only be what was brought
    /// back by hand.
    pub(crate) fn prepared(&self, ticket: &Ticket, earlier: &[DeliveryId]) {
        let overtaken: Vec<&DeliveryId> = earlier
            .iter()
            .filter(|earlier| !self.revived.contains(*earlier))
            .collect();
        assert!(overtaken.is_empty(), "{ticket:?} overtakes {overtaken:?}");
    }

    pub(crate) fn sent(&mut self, ticket: &Ticket, reply: &Reply) {
        self.requests += 1;
        if !reply.arrived {
            return;
        }
        let entry = self.entries.get_mut(&ticket.addressee.delivery_id).unwrap();
        // What comes after a repeat that fails is a retry of that one.
        self.repeats += usize::from(std::mem::take(&mut entry.is_answered));
        let is_taken = matches!(&reply.result, Ok(answer) if (200..300).contains(&answer.status));
        entry.is_answered = is_taken;
        entry.was_taken |= is_taken;
    }

    pub(crate) fn stored(&mut self, ticket: &Ticket, finish: &Finish, now: Timestamp) {
        let id = ticket.addressee.delivery_id;
        match finish {
            Finish::Stored(stored) if stored.outcome == Some(OutcomeClass::Delivered) => {
                let entry = &self.entries[&id];
                self.delays
                    .push((entry.endpoint, moment::since(entry.at, now)));
                self.delivered.push(id);
            }
            Finish::Stored(_) => {}
            _ => self.excuses += 1,
        }
    }

    /// A process died with this attempt on its way.
    pub(crate) fn lost(&mut self, next: &Moment) {
        self.excuses += usize::from(matches!(next, Moment::Store { .. }));
    }

    /// The time within which this share (in percent) of these endpoints' deliveries was delivered.
    pub(crate) fn percentile(&self, percent: usize, of: impl Fn(EndpointId) -> bool) -> Duration {
        let mut delays: Vec<Duration> = self
            .delays
            .iter()
            .filter(|(endpoint, _)| of(*endpoint))
            .map(|(_, delay)| *delay)
            .collect();
        delays.sort_unstable();
        delays[(delays.len() * percent / 100).min(delays.len() - 1)]
    }
}
