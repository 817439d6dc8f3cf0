//! What is on its way, in memory: the lanes and endpoints that are busy, and those that rest for a while.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::directory::Addressee;
use crate::id::{ConversationId, EndpointId};
use crate::policy::decide::Role;
use crate::store::endpoint::Endpoint;

/// An attempt that may begin: a lane's head, as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) addressee: Addressee,
    /// Attempts made before this one.
    pub(crate) attempts: u32,
    pub(crate) role: Role,
    /// The epoch in which the endpoint's shard was ours.
    pub(crate) epoch: i64,
    /// The endpoint's version.
    pub(crate) version: i64,
}

/// How an attempt left its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// What is to be known stands in the database.
    Settled,
    /// It could not be made now. The endpoint is left alone until then, unless its version changes.
    RestUntil(Timestamp),
}

#[derive(Default)]
struct Busy {
    lanes: HashSet<ConversationId>,
    probing: bool,
}

struct Rest {
    until: Timestamp,
    version: i64,
}

/// What is on its way.
#[derive(Default)]
pub(crate) struct Board {
    busy: HashMap<EndpointId, Busy>,
    rests: HashMap<EndpointId, Rest>,
    total: usize,
    /// Where the last round over the endpoints stopped, so that the next begins behind it.
    last_served: Option<EndpointId>,
}

impl Board {
    /// Notes that an attempt begins.
    pub(crate) fn begin(&mut self, ticket: &Ticket) {
        let busy = self.busy.entry(ticket.addressee.endpoint_id).or_default();
        if busy.lanes.insert(ticket.addressee.conversation_id) {
            self.total += 1;
        }
        busy.probing |= ticket.role == Role::Probe;
    }

    /// Notes that an attempt is over.
    pub(crate) fn end(&mut self, ticket: &Ticket, finish: Finish) {
        let endpoint = ticket.addressee.endpoint_id;
        if let Some(busy) = self.busy.get_mut(&endpoint) {
            if busy.lanes.remove(&ticket.addressee.conversation_id) {
                self.total -= 1;
            }
            busy.probing &= ticket.role != Role::Probe;
            if busy.lanes.is_empty() {
                self.busy.remove(&endpoint);
            }
        }
        if let Finish::RestUntil(until) = finish {
            let version = ticket.version;
            self.rests.insert(endpoint, Rest { until, version });
        }
    }

    /// Attempts on their way.
    pub(crate) fn in_flight(&self) -> usize {
        self.total
    }

    /// Attempts on their way to one endpoint.
    pub(crate) fn in_flight_to(&self, endpoint: EndpointId) -> usize {
        self.busy.get(&endpoint).map_or(0, |busy| busy.lanes.len())
    }

    /// Whether the lane has an attempt on its way.
    pub(crate) fn is_busy(&self, endpoint: EndpointId, conversation: ConversationId) -> bool {
        self.busy
            .get(&endpoint)
            .is_some_and(|busy| busy.lanes.contains(&conversation))
    }

    /// Whether the endpoint has a probe on its way.
    pub(crate) fn is_probing(&self, endpoint: EndpointId) -> bool {
        self.busy.get(&endpoint).is_some_and(|busy| busy.probing)
    }

    /// Whether any endpoint of the shard has an attempt on its way.
    pub(crate) fn is_shard_busy(&self, shard: i64) -> bool {
        self.busy.keys().any(|endpoint| endpoint.shard() == shard)
    }

    /// Whether the endpoint is to be left alone.
    pub(crate) fn rests(&mut self, endpoint: &Endpoint, now: Timestamp) -> bool {
        let Some(rest) = self.rests.get(&endpoint.id) else {
            return false;
        };
        if rest.version == endpoint.version && now < rest.until {
            return true;
        }
        self.rests.remove(&endpoint.id);
        false
    }

    /// In which order to serve endpoints that are sorted by id: from behind the one that was served last.
    pub(crate) fn order<T>(&self, endpoints: &mut [T], id: impl Fn(&T) -> EndpointId) {
        let Some(last) = self.last_served else {
            return;
        };
        let start = endpoints.partition_point(|endpoint| id(endpoint) <= last);
        endpoints.rotate_left(start);
    }

    /// Notes which endpoint got the last free place.
    pub(crate) fn served(&mut self, endpoint: EndpointId) {
        self.last_served = Some(endpoint);
    }
}
