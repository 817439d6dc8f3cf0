//! One endpoint in the memory of its owner: how it stands, what may be sent to it next, and what is on its way.
//!
//! Nothing here is the truth: that stands in the database, and an attempt looks there once more before it sends. A desk
//! that is mistaken costs a look, never a delivery. It remembers a bounded number of heads, however many wait.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::directory::Addressee;
use crate::engine::ticket::{Class, Finish, Stored, Ticket};
use crate::engine::window::{Found, WINDOW, Window};
use crate::id::{ConversationId, EndpointId};
use crate::moment;
use crate::policy::breaker::Breaker;
use crate::policy::classify::OutcomeClass;
use crate::policy::decide::Role;
use crate::policy::pace::{self, Pace};
use crate::policy::ramp::Ramp;
use crate::policy::recent::Recent;
use crate::settings::Settings;
use crate::store::endpoint::Endpoint;
use crate::store::pending::Head;

/// A desk with nothing to do is kept for so long, for what it knows of the last minute.
const KEPT: Duration = Duration::from_mins(1);

/// What the engine knows of an endpoint.
#[derive(Debug)]
pub(crate) struct Desk {
    endpoint: Endpoint,
    epoch: i64,
    fresh: Window,
    backlog: Window,
    /// The heads are to be read again: some came, or fell due.
    is_stale: bool,
    /// The endpoint itself is to be read again.
    is_doubtful: bool,
    /// When the first of the heads that are not due yet will be.
    due_at: Option<Timestamp>,
    busy: HashMap<ConversationId, Class>,
    probing: Probing,
    rest_until: Option<Timestamp>,
    ramp: Ramp,
    pace: Pace,
    recent: Recent,
    used_at: Timestamp,
}

/// Whether a held endpoint is being probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probing {
    /// It can be.
    Possible,
    /// One is on its way.
    Running,
    /// There was no head to probe it with.
    NoHead,
}

/// How many more attempts may begin altogether.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) free: usize,
    pub(crate) free_for_backlog: usize,
}

impl Desk {
    pub(crate) fn new(endpoint: Endpoint, epoch: i64, now: Timestamp) -> Self {
        Self {
            endpoint,
            epoch,
            fresh: Window::default(),
            backlog: Window::default(),
            is_stale: true,
            is_doubtful: false,
            due_at: None,
            busy: HashMap::new(),
            probing: Probing::Possible,
            rest_until: None,
            ramp: Ramp::DONE,
            pace: Pace::FULL,
            recent: Recent::new(),
            used_at: now,
        }
    }

    pub(crate) fn id(&self) -> EndpointId {
        self.endpoint.id
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    pub(crate) fn weight(&self) -> u32 {
        self.endpoint.limits.weight.max(1)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.busy.len()
    }

    pub(crate) fn in_flight_of(&self, class: Class) -> usize {
        self.busy.values().filter(|busy| **busy == class).count()
    }

    /// Whether something may be sent from what is remembered.
    pub(crate) fn has_heads(&self) -> bool {
        !(self.fresh.heads.is_empty() && self.backlog.heads.is_empty())
    }

    /// Whether something that fell due lately is remembered.
    pub(crate) fn has_fresh(&self) -> bool {
        !self.fresh.heads.is_empty()
    }

    /// Whether nothing is lost if this desk is forgotten.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        self.busy.is_empty() && now > moment::after(self.used_at, KEPT)
    }

    /// The heads are to be read again: some came, or fell due.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
        self.allow_probe();
    }

    fn allow_probe(&mut self) {
        if self.probing == Probing::NoHead {
            self.probing = Probing::Possible;
        }
    }

    /// What was to be due is due.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        if self.due_at.is_some_and(|due_at| due_at <= now) {
            self.due_at = None;
            self.is_stale = true;
        }
    }

    /// The endpoint is stopped, or has nothing to send.
    pub(crate) fn stop(&mut self) {
        self.forget_heads();
        self.is_stale = false;
        self.is_doubtful = false;
    }

    /// Whether the endpoint's row is to be read again.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Takes over what the endpoint's row says.
    pub(crate) fn update(&mut self, endpoint: Endpoint, epoch: i64) {
        self.is_doubtful = false;
        if epoch != self.epoch {
            self.forget_heads();
        }
        if epoch != self.epoch || endpoint.version != self.endpoint.version {
            self.rest_until = None;
            self.mark_stale();
        }
        self.epoch = epoch;
        self.settle(endpoint);
    }

    fn settle(&mut self, endpoint: Endpoint) {
        match (self.endpoint.is_held(), endpoint.is_held()) {
            (true, false) => {
                // A release by hand is a promise that all is well; a probe that succeeded is a hope.
                let is_release = endpoint.version != self.endpoint.version;
                self.ramp = if is_release { Ramp::DONE } else { Ramp::START };
                self.recent.clear();
                self.is_stale = true;
            }
            (false, true) => self.forget_heads(),
            _ => {}
        }
        if endpoint.paused || endpoint.gone {
            self.forget_heads();
            self.is_doubtful = true;
        }
        self.endpoint = endpoint;
    }

    fn forget_heads(&mut self) {
        self.fresh = Window::default();
        self.backlog = Window::default();
        self.due_at = None;
    }

    /// Whether the heads should be read now: not before there is a place for one that is not remembered.
    pub(crate) fn wants_heads(&self, settings: &Settings, now: Timestamp) -> bool {
        let is_open = !(self.endpoint.is_held() || self.rests(now) || self.is_doubtful);
        let has_place = self.busy.len() < self.ramp.limit(self.most_in_flight(settings));
        let misses_fresh = self.fresh.heads.is_empty() && (self.is_stale || self.fresh.has_more);
        let misses_backlog = self.backlog.heads.is_empty() && self.backlog.has_more;
        is_open && has_place && (misses_fresh || misses_backlog)
    }

    /// Whether a probe should be made now.
    pub(crate) fn wants_probe(&self, now: Timestamp) -> bool {
        match self.endpoint.breaker {
            Breaker::Closed { .. } => false,
            Breaker::Held(hold) => {
                let can_probe = self.probing == Probing::Possible && !self.is_doubtful;
                hold.probe_at <= now && can_probe && !self.rests(now)
            }
        }
    }

    fn rests(&self, now: Timestamp) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// How many heads to ask for, to find a full window behind those that are on their way.
    pub(crate) fn asked_heads(&self) -> usize {
        WINDOW + self.busy.len()
    }

    /// Remembers the heads that were read.
    pub(crate) fn fill(&mut self, found: Found, now: Timestamp) {
        self.forget_heads();
        self.is_stale = false;
        self.fresh.has_more = found.has_more_fresh;
        self.backlog.has_more = found.has_more_backlog;
        for head in found.heads {
            if self.busy.contains_key(&head.conversation_id) {
                continue;
            }
            if head.due_at > now {
                self.expect_at(head.due_at);
            } else if head.due_at > found.fresh_after {
                self.fresh.heads.push_back(head);
            } else {
                self.backlog.heads.push_back(head);
            }
        }
    }

    fn expect_at(&mut self, due_at: Timestamp) {
        let earliest = self.due_at.map_or(due_at, |known| known.min(due_at));
        self.due_at = Some(earliest);
    }

    /// The ticket of a probe with the first of these heads that is not on its way.
    pub(crate) fn probe(&mut self, heads: Vec<Head>, now: Timestamp) -> Option<Ticket> {
        let head = heads
            .into_iter()
            .find(|head| !self.busy.contains_key(&head.conversation_id));
        self.probing = if head.is_some() {
            Probing::Running
        } else {
            Probing::NoHead
        };
        head.map(|head| self.begin(head, Role::Probe, Class::Probe, now))
    }

    /// The next attempt that may begin, if there is room for it.
    pub(crate) fn next(
        &mut self,
        settings: &Settings,
        room: Room,
        now: Timestamp,
    ) -> Option<Ticket> {
        if self.endpoint.is_held() || self.rests(now) || self.is_doubtful {
            return None;
        }
        let places = self.places(settings, room);
        if self.busy.len() >= places {
            return None;
        }
        let is_busy = |lane| self.busy.contains_key(&lane);
        if let Some(head) = self.fresh.take(is_busy) {
            return Some(self.begin(head, Role::Regular, Class::Fresh, now));
        }
        let most_backlog = places.div_ceil(2);
        if room.free_for_backlog == 0 || self.in_flight_of(Class::Backlog) >= most_backlog {
            return None;
        }
        let rate = self.backlog_rate(settings);
        self.backlog.heads.front()?;
        self.pace = self.pace.take(rate, pace::burst(rate), now).ok()?;
        let head = self.backlog.take(is_busy)?;
        Some(self.begin(head, Role::Regular, Class::Backlog, now))
    }

    /// How many attempts may be on their way. An endpoint may have its limit while places are plenty, and less and less
    /// the fewer are free, so that there are always some for one that has none.
    fn places(&self, settings: &Settings, room: Room) -> usize {
        let most = self.most_in_flight(settings);
        let weight = usize::try_from(self.weight()).unwrap_or(usize::MAX);
        let share = (room.free.saturating_mul(weight) / 8).max(1);
        self.ramp.limit(most).min(share)
    }

    fn most_in_flight(&self, settings: &Settings) -> usize {
        let own = self.endpoint.limits.max_in_flight;
        let own = own.and_then(|most| usize::try_from(most).ok());
        own.unwrap_or(settings.max_in_flight_per_endpoint).max(1)
    }

    fn backlog_rate(&self, settings: &Settings) -> u32 {
        let own = self.endpoint.limits.backlog_per_second;
        own.unwrap_or(settings.backlog_per_second)
    }

    fn begin(&mut self, head: Head, role: Role, class: Class, now: Timestamp) -> Ticket {
        self.used_at = now;
        self.busy.insert(head.conversation_id, class);
        Ticket {
            addressee: Addressee {
                endpoint_id: self.endpoint.id,
                kind: head.kind,
                conversation_id: head.conversation_id,
                business_id: head.business_id,
                delivery_id: head.delivery_id,
            },
            attempts: head.attempts,
            role,
            class,
            epoch: self.epoch,
            version: self.endpoint.version,
            recent: self.recent.tally(now),
            created_at: head.created_at,
        }
    }

    /// An attempt is over.
    pub(crate) fn end(
        &mut self,
        ticket: &Ticket,
        finish: Finish,
        settings: &Settings,
        now: Timestamp,
    ) {
        self.used_at = now;
        self.busy.remove(&ticket.addressee.conversation_id);
        if ticket.role == Role::Probe {
            self.probing = Probing::Possible;
        }
        self.allow_probe();
        match finish {
            Finish::Changed => {
                self.is_doubtful = true;
                self.mark_stale();
            }
            Finish::RestUntil(until) => {
                self.mark_stale();
                if ticket.version == self.endpoint.version {
                    self.rest_until = Some(until);
                }
            }
            Finish::Stored(stored) => self.note(*stored, settings, now),
        }
    }

    fn note(&mut self, stored: Stored, settings: &Settings, now: Timestamp) {
        if let Some(class) = stored.outcome {
            self.recent.note(class == OutcomeClass::Endpoint, now);
            self.ramp = self.ramp.after(class, self.most_in_flight(settings));
        }
        match stored.endpoint {
            Some(endpoint) if endpoint.version == self.endpoint.version => self.settle(endpoint),
            Some(_) => self.is_doubtful = true,
            None => {}
        }
        let Some(head) = stored.head else {
            return;
        };
        if self.endpoint.is_held() {
            return;
        }
        if head.due_at > now {
            self.expect_at(head.due_at);
            return;
        }
        // The next of its lane goes at once, on the same connection.
        if head.due_at > moment::before(now, settings.fresh_for) {
            self.fresh.heads.push_front(head);
        } else {
            self.backlog.heads.push_front(head);
        }
    }

    /// When to look at this desk again, if nothing happens before.
    pub(crate) fn wakes_at(&self, settings: &Settings, now: Timestamp) -> Option<Timestamp> {
        let rest = self.rest_until.filter(|until| *until > now);
        if let Breaker::Held(hold) = self.endpoint.breaker {
            let can_probe = self.probing == Probing::Possible;
            return can_probe.then(|| rest.map_or(hold.probe_at, |rest| rest.max(hold.probe_at)));
        }
        if rest.is_some() {
            return rest;
        }
        let rate = self.backlog_rate(settings);
        let waits_for_pace = (!self.backlog.heads.is_empty())
            .then(|| self.pace.take(rate, pace::burst(rate), now).err())
            .flatten();
        [self.due_at, waits_for_pace].into_iter().flatten().min()
    }
}
