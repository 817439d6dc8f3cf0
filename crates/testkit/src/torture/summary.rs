//! What a run has shown, for a person to read.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::cluster::Suffered;
use super::flight::{TO_ARRIVE, is_late};
use super::ledger::{AcceptedLead, Event};
use super::market::Market;
use super::plan::{Harm, Plan};
use super::poster::Poster;
use super::verdict::arrivals;
use super::witness::{End, Visit};

/// A process has at most so many requests on their way to one endpoint.
const IN_FLIGHT_PER_ENDPOINT: usize = 8;

/// The results of a run.
#[derive(Debug)]
pub struct Summary {
    plan: Plan,
    begun_at: Timestamp,
    /// What was done, in order.
    pub suffered: Vec<Suffered>,
    /// When everything that was accepted during the harm was delivered.
    pub drained_at: Option<Timestamp>,
    /// What must not be. Empty after a good run.
    pub wrong: Vec<String>,
    take_overs: Vec<Option<Duration>>,
    accepted: [usize; 3],
    turned_away: u64,
    lost: u64,
    repeats: usize,
    in_flight: usize,
    late: usize,
    receivers: Vec<Receiver>,
}

/// What one receiver has seen.
#[derive(Debug)]
struct Receiver {
    manner: &'static str,
    deliveries: usize,
    requests: usize,
    refused: usize,
    /// From the acknowledgement to the first arrival, ascending.
    waits: Vec<Duration>,
}

impl Summary {
    /// Nothing has happened yet.
    pub(super) fn begin(plan: &Plan, begun_at: Timestamp) -> Self {
        Self {
            plan: plan.clone(),
            begun_at,
            suffered: Vec::new(),
            drained_at: None,
            wrong: Vec::new(),
            take_overs: Vec::new(),
            accepted: [0; 3],
            turned_away: 0,
            lost: 0,
            repeats: 0,
            in_flight: 0,
            late: 0,
            receivers: Vec::new(),
        }
    }

    /// A line about harm that was done.
    pub(super) fn line(&self, suffered: &Suffered) -> String {
        let (at, harm) = (self.seconds(suffered.at), suffered.harm.words());
        let (node, count) = (&suffered.node, suffered.in_flight.len());
        match suffered.harm {
            Harm::Add => format!("{at:>7.1}  {node} {harm}"),
            _ => format!("{at:>7.1}  {node} {harm}, with {count} requests in flight"),
        }
    }

    /// Counts everything, and judges the repeats.
    pub(super) fn close(
        &mut self,
        market: &Market,
        poster: &Poster,
        repeats: Vec<Visit>,
        wrong: Vec<String>,
    ) {
        self.wrong.extend(wrong);
        let leads = poster.ledger.leads();
        for accepted in leads.iter().flat_map(|lead| &lead.events) {
            let place = match accepted.event {
                Event::Lead => 0,
                Event::Message(_) => 1,
                Event::Price(_) => 2,
            };
            self.accepted[place] += 1;
        }
        self.turned_away = poster.tries.turned_away.load(Ordering::Relaxed);
        self.lost = poster.tries.lost.load(Ordering::Relaxed);
        for (place, witness) in market.witnesses.iter().enumerate() {
            let visits = witness.visits();
            let of = |lead: &&AcceptedLead| {
                let business = &market.businesses[lead.business];
                business.receivers.contains(&place)
            };
            let leads: Vec<&AcceptedLead> = leads.iter().filter(of).collect();
            let manner = witness.manner().name();
            self.receivers.push(Receiver::of(manner, &visits, &leads));
        }
        self.take_overs = self
            .suffered
            .iter()
            .map(|suffered| taken_over_after(suffered, market))
            .collect();
        self.judge(repeats, market.witnesses.len());
    }

    /// Every repeat belongs to something that was in flight when its process was harmed.
    fn judge(&mut self, repeats: Vec<Visit>, endpoints: usize) {
        let in_flight: HashSet<DeliveryId> = self
            .suffered
            .iter()
            .flat_map(|suffered| suffered.in_flight.iter().copied())
            .collect();
        self.in_flight = self.suffered.iter().map(|one| one.in_flight.len()).sum();
        self.repeats = repeats.len();
        let unexpected = |visit: &Visit| !in_flight.contains(&visit.delivery_id);
        for visit in repeats.into_iter().filter(unexpected) {
            let mut thaws = self.suffered.iter().filter_map(|one| one.thawed_at);
            if thaws.any(|thawed_at| is_late(&visit, thawed_at)) {
                self.late += 1;
            } else {
                self.wrong.push(format!("sent without need: {visit:?}"));
            }
        }
        let thawed = self.suffered.iter().filter(|one| one.thawed_at.is_some());
        let most = thawed.count() * endpoints * IN_FLIGHT_PER_ENDPOINT;
        if self.late > most {
            let late = self.late;
            self.wrong.push(format!(
                "{late} were sent late, and at most {most} could be"
            ));
        }
        if self.repeats > self.in_flight + self.late {
            let (repeats, in_flight) = (self.repeats, self.in_flight);
            self.wrong.push(format!(
                "{repeats} repeats, and {in_flight} requests were in flight"
            ));
        }
    }

    fn seconds(&self, moment: Timestamp) -> f64 {
        moment.duration_since(self.begun_at).as_secs_f64()
    }
}

impl Receiver {
    fn of(manner: &'static str, visits: &[Visit], leads: &[&AcceptedLead]) -> Self {
        let arrivals = arrivals(visits);
        let mut waits = Vec::new();
        for lead in leads {
            let arrived = arrivals.get(lead.lead_id.as_str());
            for (accepted, arrival) in lead.events.iter().zip(arrived.into_iter().flatten()) {
                let wait = arrival.at.duration_since(accepted.at);
                // What arrives before its client has heard of it has not waited.
                waits.push(Duration::try_from(wait).unwrap_or_default());
            }
        }
        waits.sort_unstable();
        let refused = |visit: &&Visit| matches!(visit.end, End::Answered(status) if status >= 300);
        Self {
            manner,
            deliveries: arrivals.values().map(Vec::len).sum(),
            requests: visits.len(),
            refused: visits.iter().filter(refused).count(),
            waits,
        }
    }

    /// The wait that so many of a hundred did not exceed, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.waits.len() * percent / 100).min(self.waits.len().saturating_sub(1));
        let wait = self.waits.get(place).copied().unwrap_or_default();
        wait.as_secs_f64() * 1_000.0
    }
}

/// When the last of what the process had in flight was sent by another, or by its own next life.
fn taken_over_after(suffered: &Suffered, market: &Market) -> Option<Duration> {
    let mut last = None;
    for witness in &market.witnesses {
        for delivery in &suffered.in_flight {
            let again = witness.visits().into_iter().find(|visit| {
                visit.delivery_id == *delivery && visit.came_at > suffered.at + TO_ARRIVE
            });
            let after = again.map(|visit| visit.came_at.duration_since(suffered.at));
            last = last.max(after.and_then(|after| Duration::try_from(after).ok()));
        }
    }
    last
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        writeln!(
            formatter,
            "\nTorture with seed {}: {} processes, leases of {} s, {} leads with {} messages each over {} s\n",
            plan.seed,
            plan.nodes,
            Plan::LEASE.as_secs_f32(),
            plan.leads,
            plan.messages,
            plan.seconds
        )?;
        writeln!(
            formatter,
            "     at  process  what                   in flight  taken over after"
        )?;
        for (suffered, take_over) in self.suffered.iter().zip(&self.take_overs) {
            let (at, node, harm) = (
                self.seconds(suffered.at),
                &suffered.node,
                suffered.harm.words(),
            );
            let count = suffered.in_flight.len();
            let after = take_over.map_or_else(
                || "-".to_owned(),
                |after| format!("{:.1} s", after.as_secs_f64()),
            );
            writeln!(
                formatter,
                "{at:>7.1}  {node:<7}  {harm:<21}  {count:>9}  {after:>16}"
            )?;
        }
        writeln!(
            formatter,
            "\nreceiver  manner    delivered  requests  refused  accepted -> arrived: p50     p99     max (ms)"
        )?;
        for (place, receiver) in self.receivers.iter().enumerate() {
            let Receiver {
                manner,
                deliveries,
                requests,
                refused,
                ..
            } = receiver;
            let [p50, p99, max] = [50, 99, 100].map(|percent| receiver.percentile(percent));
            writeln!(
                formatter,
                "{place:>8}  {manner:<8}  {deliveries:>9}  {requests:>8}  {refused:>7}  {p50:>24.0}  {p99:>6.0}  {max:>6.0}"
            )?;
        }
        let [leads, messages, prices] = self.accepted;
        writeln!(
            formatter,
            "\naccepted   {leads} leads, {messages} messages, {prices} prices"
        )?;
        writeln!(
            formatter,
            "           clients were asked to come back (503) {} times and got no answer {} times",
            self.turned_away, self.lost
        )?;
        let drained = self.drained_at.map_or(f64::NAN, |at| self.seconds(at));
        writeln!(formatter, "drained    {drained:.1} s after the beginning")?;
        writeln!(
            formatter,
            "repeats    {}; {} requests were in flight at the faults, {} were sent late by thawed processes",
            self.repeats, self.in_flight, self.late
        )?;
        match self.wrong.len() {
            0 => writeln!(
                formatter,
                "verdict    everything arrived, in order; nothing is stuck"
            ),
            count => {
                writeln!(
                    formatter,
                    "verdict    FAILED: {count} things are wrong, such as"
                )?;
                self.wrong
                    .iter()
                    .take(20)
                    .try_for_each(|wrong| writeln!(formatter, "           {wrong}"))
            }
        }
    }
}
