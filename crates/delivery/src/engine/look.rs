//! Reading what there is to do: from the database into the desks.

use std::collections::HashSet;

use database::{DbReader, Error};
use jiff::Timestamp;

use crate::engine::desk::Desk;
use crate::engine::lease::Leases;
use crate::engine::roster::Roster;
use crate::engine::ticket::Ticket;
use crate::engine::window::Found;
use crate::id::EndpointId;
use crate::moment;
use crate::settings::Settings;
use crate::store::{endpoint, pending};
use crate::waker::Asked;

/// What looking needs to know.
pub(crate) struct Look<'a> {
    pub(crate) reader: DbReader,
    pub(crate) settings: &'a Settings,
    pub(crate) leases: &'a Leases,
    pub(crate) now: Timestamp,
}

impl Look<'_> {
    /// Looks where it was asked to; answers with the endpoints that are other processes' affair.
    pub(crate) async fn look(
        &mut self,
        roster: &mut Roster,
        asked: Asked,
    ) -> Result<Vec<EndpointId>, Error> {
        if asked.everywhere {
            self.look_everywhere(roster).await?;
        }
        let is_ours = |id: &EndpointId| self.leases.epoch(id.shard()).is_some();
        let (ours, foreign): (Vec<_>, Vec<_>) = asked.endpoints.into_iter().partition(is_ours);
        let heard: Vec<_> = asked.heard.into_iter().filter(is_ours).collect();
        for id in ours.into_iter().chain(heard) {
            if roster.contains(id) {
                roster.mark(id);
            } else {
                self.look_at(roster, id).await?;
            }
        }
        Ok(foreign)
    }

    async fn look_everywhere(&mut self, roster: &mut Roster) -> Result<(), Error> {
        let overview = endpoint::overview(&mut self.reader, &self.settings.owner).await?;
        let mut seen = HashSet::with_capacity(overview.len());
        for one in overview {
            if self.leases.epoch(one.endpoint.id.shard()) == Some(one.epoch) {
                seen.insert(one.endpoint.id);
                roster.learn(one, self.now);
            }
        }
        roster.retain(&seen, self.now);
        Ok(())
    }

    async fn look_at(&mut self, roster: &mut Roster, id: EndpointId) -> Result<(), Error> {
        let owner = &self.settings.owner;
        let found = endpoint::overview_of(&mut self.reader, owner, id).await?;
        match found {
            Some(overview) if self.leases.epoch(id.shard()) == Some(overview.epoch) => {
                roster.learn(overview, self.now);
            }
            _ => roster.forget(id),
        }
        Ok(())
    }

    /// Reads for every desk that waits for it, and adds the probes that are to be made; they count as begun, also if there
    /// is an error afterwards.
    pub(crate) async fn read_waiting(
        &mut self,
        roster: &mut Roster,
        tickets: &mut Vec<Ticket>,
    ) -> Result<(), Error> {
        for id in roster.take_waiting() {
            if roster.desk(id).is_some_and(|desk| desk.is_doubtful()) {
                self.look_at(roster, id).await?;
            }
            let may_probe = roster.probes_in_flight() < self.settings.max_in_flight.div_ceil(4);
            if let Some(desk) = roster.desk(id) {
                let probe = self.read(desk, may_probe).await?;
                if let Some(ticket) = probe {
                    roster.begun(&ticket);
                    tickets.push(ticket);
                }
            }
            roster.sort(id, self.settings, self.now);
        }
        Ok(())
    }

    async fn read(&mut self, desk: &mut Desk, may_probe: bool) -> Result<Option<Ticket>, Error> {
        if !self.leases.may_begin(desk.id().shard(), desk.epoch()) {
            return Ok(None);
        }
        desk.tick(self.now);
        if desk.wants_probe(self.now) {
            if !may_probe {
                return Ok(None);
            }
            let limit = desk.in_flight() + 1;
            let heads = pending::heads(&mut self.reader, desk.id(), Timestamp::MIN, limit).await?;
            return Ok(desk.probe(heads, self.now));
        }
        if desk.wants_heads(self.settings, self.now) {
            let found = self.heads_of(desk).await?;
            desk.fill(found, self.now);
        }
        Ok(None)
    }

    /// The heads that wait longest; and, if those are so many that they hide the fresh ones, the first of these too.
    async fn heads_of(&mut self, desk: &Desk) -> Result<Found, Error> {
        let fresh_after = moment::before(self.now, self.settings.fresh_for);
        let limit = desk.asked_heads();
        let mut heads = pending::heads(&mut self.reader, desk.id(), Timestamp::MIN, limit).await?;
        let is_full = heads.len() == limit;
        let last_due = heads.last().map(|head| head.due_at);
        let mut found = Found {
            heads: Vec::new(),
            fresh_after,
            has_more_fresh: false,
            has_more_backlog: is_full && last_due.is_some_and(|due| due <= fresh_after),
        };
        if is_full && last_due.is_some_and(|due| due <= self.now) {
            heads.retain(|head| head.due_at <= fresh_after);
            let fresh = pending::heads(&mut self.reader, desk.id(), fresh_after, limit).await?;
            let last_due = fresh.last().map(|head| head.due_at);
            found.has_more_fresh =
                fresh.len() == limit && last_due.is_some_and(|due| due <= self.now);
            heads.extend(fresh);
        }
        found.heads = heads;
        Ok(found)
    }
}
