//! Endpoints in trouble beside healthy ones, for an hour of simulated time: what the healthy ones notice (nothing), and how
//! the others recover. Times are those of the simulated network; the engine's own work takes none.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::network::Behaviour;
use super::{Simulation, Stage};
use crate::id::EndpointId;
use crate::settings::Settings;

const HEALTHY: i64 = 50;
const SILENT: EndpointId = EndpointId::new(51);
const FAILING: EndpointId = EndpointId::new(52);

const HOUR: Duration = Duration::from_hours(1);
/// Each healthy endpoint gets a lead this often, and those in trouble as often as three of them together.
const BETWEEN_LEADS: Duration = Duration::from_secs(30);

fn is_healthy(endpoint: EndpointId) -> bool {
    endpoint.get() <= HEALTHY
}

/// A stream of leads, each with a conversation of its own.
struct Leads {
    /// When the next comes, and for whom it is.
    next: Vec<(Timestamp, EndpointId, Duration)>,
    last_lead: i64,
}

impl Leads {
    fn new(start: Timestamp, with_trouble: bool) -> Self {
        let healthy = (1..=HEALTHY).map(|number| {
            let offset = SignedDuration::from_millis(number * 600);
            (start + offset, EndpointId::new(number), BETWEEN_LEADS)
        });
        let mut next: Vec<_> = healthy.collect();
        if with_trouble {
            next.extend([SILENT, FAILING].map(|endpoint| (start, endpoint, BETWEEN_LEADS / 3)));
        }
        Self { next, last_lead: 0 }
    }

    fn next_at(&self) -> Timestamp {
        self.next.iter().map(|(at, ..)| *at).min().unwrap()
    }

    /// Records what comes now.
    async fn come(&mut self, simulation: &mut Simulation) {
        let now = simulation.now();
        for index in 0..self.next.len() {
            let (at, endpoint, every) = self.next[index];
            if at <= now {
                self.next[index].0 = at + every;
                self.last_lead += 1;
                simulation.record(endpoint, self.last_lead, "lead").await;
            }
        }
    }
}

impl Simulation {
    /// Everything happens at its time until `end`. `look` is called after each moment.
    async fn live_until(&mut self, end: Timestamp, leads: &mut Leads, mut look: impl FnMut(&Self)) {
        while self.now() < end {
            leads.come(self).await;
            self.step_all().await;
            while self.fly_one().await {
                self.step_all().await;
            }
            look(self);
            let next = self.next_moment().unwrap_or(end);
            let next = next.min(leads.next_at()).min(end);
            let left = next.duration_since(self.now());
            self.pass(Duration::try_from(left).unwrap_or_default());
        }
    }

    fn in_flight_to(&self, endpoint: EndpointId) -> usize {
        let flights = self.flights.iter();
        flights
            .filter(|flight| flight.ticket.addressee.endpoint_id == endpoint)
            .count()
    }
}

async fn hour(with_trouble: bool) -> (Stage, Simulation, Leads) {
    let stage = Stage::new().await;
    let mut simulation = Simulation::new(&stage, 1);
    simulation.start(Settings::new("one"));
    simulation.network.set(SILENT, Behaviour::Silent);
    simulation.network.set(FAILING, Behaviour::Answers(503));
    let start = simulation.now();
    let mut leads = Leads::new(start, with_trouble);
    simulation
        .live_until(start + HOUR, &mut leads, |_| {})
        .await;
    (stage, simulation, leads)
}

#[tokio::test]
async fn healthy_endpoints_do_not_notice_those_in_trouble_which_recover_without_delaying_what_is_new()
 {
    let (_stage, quiet, _) = hour(false).await;
    let (_stage, mut simulation, mut leads) = hour(true).await;
    let (alone, beside) = (
        quiet.ledger.percentile(99, is_healthy),
        simulation.ledger.percentile(99, is_healthy),
    );
    assert!(quiet.ledger.delays.len() > 5_900);
    assert!(
        beside * 10 <= alone * 11,
        "p99 {beside:?} instead of {alone:?}"
    );

    // Both heal. What waited goes out, one at first, and what comes now does not wait for it.
    let healed = simulation.now();
    simulation.network.heal();
    let mut in_flight = Vec::new();
    simulation
        .live_until(healed + HOUR / 4, &mut leads, |simulation| {
            let now = simulation.in_flight_to(FAILING);
            if in_flight.last() != Some(&now) {
                in_flight.push(now);
            }
        })
        .await;
    // Half of the eight places are for what came within the last minute.
    let rising = rising(&in_flight);
    assert!(rising.starts_with(&[1, 2, 4]), "it grows {rising:?}");
    assert!(rising.iter().all(|most| *most <= 8));
    let ledger = &simulation.ledger;
    for endpoint in [SILENT, FAILING] {
        let entries = || {
            ledger
                .entries
                .values()
                .filter(|entry| entry.endpoint == endpoint)
        };
        let waited = entries().filter(|entry| entry.at < healed).count();
        assert!((350..=370).contains(&waited), "{waited} waited");
        // All but what came in the last second.
        let delivered = ledger.delays.iter().filter(|(of, _)| *of == endpoint);
        assert!(delivered.count() + 2 >= entries().count());
    }
    let newest = oldest_first(&simulation, healed);
    #[expect(
        clippy::print_stdout,
        reason = "the figures are what people ask for; a test that passes shows them on request only"
    )]
    {
        println!(
            "p99 from recording to delivery of {HEALTHY} healthy endpoints: {alone:?} alone, {beside:?} beside two in \
             trouble; after these healed, in flight to one of them: {rising:?}, and what came meanwhile took at most \
             {newest:?}"
        );
    }
}

/// The values that are greater than all before them.
fn rising(values: &[usize]) -> Vec<usize> {
    let mut rising = Vec::new();
    for value in values {
        if *value > rising.last().copied().unwrap_or(0) {
            rising.push(*value);
        }
    }
    rising
}

/// What had waited for more than a minute was delivered in the order in which it came, but for what was on its way
/// together; what came afterwards was delivered at once: the longest that took.
fn oldest_first(simulation: &Simulation, healed: Timestamp) -> Duration {
    let ledger = &simulation.ledger;
    let of_failing = |id: &&protocol::id::DeliveryId| ledger.entries[*id].endpoint == FAILING;
    let delivered: Vec<i64> = ledger
        .delivered
        .iter()
        .filter(of_failing)
        .filter(|id| ledger.entries[*id].at < healed - Duration::from_mins(1))
        .map(|id| id.get())
        .collect();
    let mut sorted = delivered.clone();
    sorted.sort_unstable();
    let far_away = delivered.iter().enumerate().filter(|(place, id)| {
        let right_place = sorted.binary_search(id).unwrap();
        place.abs_diff(right_place) > 8
    });
    assert_eq!(far_away.count(), 0, "{delivered:?}");
    let mut since_then: Vec<Duration> = ledger
        .delays
        .iter()
        .zip(&ledger.delivered)
        .filter(|((endpoint, _), id)| {
            *endpoint == FAILING && ledger.entries[*id].at > healed + Duration::from_mins(6)
        })
        .map(|((_, delay), _)| *delay)
        .collect();
    since_then.sort_unstable();
    let longest = since_then.last().copied().unwrap();
    assert!(longest < Duration::from_secs(1));
    longest
}
