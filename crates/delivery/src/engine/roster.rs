//! All desks of this process, whose turn it is, and when the next of them is to be looked at.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::engine::desk::{Desk, Room};
use crate::engine::ticket::{Class, Finish, Ticket};
use crate::id::EndpointId;
use crate::settings::Settings;
use crate::store::endpoint::Overview;

/// The desks of the endpoints that are ours and have, or lately had, something to send.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    desks: HashMap<EndpointId, Desk>,
    /// Those whose heads, probe or row are to be read now.
    waiting: BTreeSet<EndpointId>,
    /// Those that have heads to send.
    ready: BTreeSet<EndpointId>,
    /// When to look at a desk again, each at most once.
    timers: BTreeSet<(Timestamp, EndpointId)>,
    timer_of: HashMap<EndpointId, Timestamp>,
    /// Where the last round stopped, so that the next begins behind it.
    last_served: Option<EndpointId>,
    in_flight: usize,
    backlog_in_flight: usize,
    probes_in_flight: usize,
}

impl Roster {
    /// Attempts on their way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Probes on their way.
    pub(crate) fn probes_in_flight(&self) -> usize {
        self.probes_in_flight
    }

    /// Shards with something on its way.
    pub(crate) fn busy_shards(&self) -> HashSet<i64> {
        let busy = self.desks.values().filter(|desk| desk.in_flight() > 0);
        busy.map(|desk| desk.id().shard()).collect()
    }

    pub(crate) fn contains(&self, endpoint: EndpointId) -> bool {
        self.desks.contains_key(&endpoint)
    }

    pub(crate) fn desk(&mut self, endpoint: EndpointId) -> Option<&mut Desk> {
        self.desks.get_mut(&endpoint)
    }

    /// The desks that are to be read now.
    pub(crate) fn take_waiting(&mut self) -> Vec<EndpointId> {
        std::mem::take(&mut self.waiting).into_iter().collect()
    }

    /// Something was recorded for the endpoint, or fell due.
    pub(crate) fn mark(&mut self, endpoint: EndpointId) {
        if let Some(desk) = self.desks.get_mut(&endpoint) {
            desk.mark_stale();
            self.waiting.insert(endpoint);
        }
    }

    /// Takes over what the database says of an endpoint with something pending.
    pub(crate) fn learn(&mut self, overview: Overview, now: Timestamp) {
        let id = overview.endpoint.id;
        let epoch = overview.epoch;
        match self.desks.get_mut(&id) {
            None => {
                let desk = Desk::new(overview.endpoint, epoch, now);
                self.desks.insert(id, desk);
            }
            Some(desk) => {
                desk.update(overview.endpoint, epoch);
                // The heads that are on their way look due, too; looking once in a poll's time costs little.
                if overview.first_due <= now && !desk.has_fresh() {
                    desk.mark_stale();
                }
            }
        }
        self.waiting.insert(id);
    }

    /// Forgets an endpoint that has nothing to send, is stopped, or not ours any more.
    pub(crate) fn forget(&mut self, endpoint: EndpointId) {
        let Some(desk) = self.desks.get_mut(&endpoint) else {
            return;
        };
        desk.stop();
        if desk.in_flight() == 0 {
            self.desks.remove(&endpoint);
            self.ready.remove(&endpoint);
            self.waiting.remove(&endpoint);
            self.set_timer(endpoint, None);
        }
    }

    /// Forgets whoever is not among these and has not been used for a while.
    pub(crate) fn retain(&mut self, seen: &HashSet<EndpointId>, now: Timestamp) {
        let idle = self.desks.values().filter(|desk| desk.is_idle(now));
        let gone: Vec<EndpointId> = idle.map(Desk::id).filter(|id| !seen.contains(id)).collect();
        for id in gone {
            self.forget(id);
        }
    }

    /// Has those read whose time has come.
    pub(crate) fn fire(&mut self, now: Timestamp) {
        while let Some((at, endpoint)) = self.timers.first().copied() {
            if at > now {
                return;
            }
            self.set_timer(endpoint, None);
            self.waiting.insert(endpoint);
        }
    }

    /// When the next desk is to be looked at.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Sorts a desk in again after it was touched.
    pub(crate) fn sort(&mut self, endpoint: EndpointId, settings: &Settings, now: Timestamp) {
        let Some(desk) = self.desks.get_mut(&endpoint) else {
            return;
        };
        desk.tick(now);
        if desk.has_heads() {
            self.ready.insert(endpoint);
        } else {
            self.ready.remove(&endpoint);
        }
        if desk.is_doubtful() || desk.wants_heads(settings, now) || desk.wants_probe(now) {
            self.waiting.insert(endpoint);
        }
        let wakes_at = desk.wakes_at(settings, now);
        self.set_timer(endpoint, wakes_at);
    }

    fn set_timer(&mut self, endpoint: EndpointId, at: Option<Timestamp>) {
        let old = match at {
            Some(at) => self.timer_of.insert(endpoint, at),
            None => self.timer_of.remove(&endpoint),
        };
        if let Some(old) = old {
            self.timers.remove(&(old, endpoint));
        }
        if let Some(at) = at {
            self.timers.insert((at, endpoint));
        }
    }

    /// Notes that a probe begins, which its desk has given out.
    pub(crate) fn begun(&mut self, ticket: &Ticket) {
        self.count(ticket.class, 1);
    }

    fn count(&mut self, class: Class, more: isize) {
        self.in_flight = self.in_flight.saturating_add_signed(more);
        match class {
            Class::Fresh => {}
            Class::Backlog => {
                self.backlog_in_flight = self.backlog_in_flight.saturating_add_signed(more);
            }
            Class::Probe => {
                self.probes_in_flight = self.probes_in_flight.saturating_add_signed(more);
            }
        }
    }

    /// Notes that an attempt is over.
    pub(crate) fn ended(
        &mut self,
        ticket: &Ticket,
        finish: Finish,
        settings: &Settings,
        now: Timestamp,
    ) {
        self.count(ticket.class, -1);
        let endpoint = ticket.addressee.endpoint_id;
        if let Some(desk) = self.desks.get_mut(&endpoint) {
            desk.end(ticket, finish, settings, now);
        }
        self.sort(endpoint, settings, now);
    }

    /// The attempts that may begin now. Endpoints take turns, each with as many as its weight, from behind the one that
    /// was served last.
    pub(crate) fn pick(
        &mut self,
        settings: &Settings,
        may_begin: impl Fn(i64, i64) -> bool,
        now: Timestamp,
    ) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        let mut round = self.round(|desk| may_begin(desk.id().shard(), desk.epoch()));
        while !round.is_empty() {
            round.retain(|endpoint| {
                let served = self.serve(*endpoint, settings, now);
                let is_served = !served.is_empty();
                tickets.extend(served);
                is_served
            });
        }
        tickets
    }

    /// Whose turn it is, in order.
    fn round(&self, may_begin: impl Fn(&Desk) -> bool) -> Vec<EndpointId> {
        let may_begin = |id: &&EndpointId| self.desks.get(id).is_some_and(&may_begin);
        let mut round: Vec<EndpointId> = self.ready.iter().filter(may_begin).copied().collect();
        if let Some(last) = self.last_served {
            let start = round.partition_point(|endpoint| *endpoint <= last);
            round.rotate_left(start);
        }
        round
    }

    /// One turn of an endpoint.
    fn serve(&mut self, endpoint: EndpointId, settings: &Settings, now: Timestamp) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        let Some(desk) = self.desks.get_mut(&endpoint) else {
            return tickets;
        };
        for _ in 0..desk.weight() {
            let free = settings.max_in_flight.saturating_sub(self.in_flight);
            let most_backlog = settings.max_in_flight.div_ceil(2);
            let room = Room {
                free,
                free_for_backlog: most_backlog
                    .saturating_sub(self.backlog_in_flight)
                    .min(free),
            };
            let ticket = (free > 0).then(|| desk.next(settings, room, now)).flatten();
            let Some(ticket) = ticket else {
                break;
            };
            self.in_flight += 1;
            self.backlog_in_flight += usize::from(ticket.class == Class::Backlog);
            tickets.push(ticket);
        }
        if !tickets.is_empty() {
            self.last_served = Some(endpoint);
        }
        self.sort(endpoint, settings, now);
        tickets
    }
}

#[cfg(test)]
mod tests;
