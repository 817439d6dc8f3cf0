//! Thousands of random schedules: whatever happens, nothing is lost, overtaken or stuck.

use std::time::Duration;

use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::ledger::Ledger;
use super::network::Behaviour;
use super::{Simulation, Stage, business_of};
use crate::by_hand;
use crate::id::EndpointId;
use crate::model::{Ending, Limits, State};
use crate::record::{Called, cancel};
use crate::settings::Settings;
use crate::store::endpoint;

/// How many schedules are run, and how many of them share a database.
const SCHEDULES: u64 = 10_000;
const PER_DATABASE: u64 = 20;

/// What happens in one schedule, before the world heals.
const EVENTS: usize = 40;
const ENDPOINTS: i64 = 3;
const LEADS: i64 = 4;
const NODES: usize = 2;

/// After so many steps a healed world must have delivered everything.
const MOST_STEPS: usize = 3_000;

#[test]
fn whatever_happens_nothing_is_lost_overtaken_or_stuck() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let databases = SCHEDULES / PER_DATABASE;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let mine = (0..databases).filter(|database| database % threads == thread);
                runtime.unwrap().block_on(async {
                    for database in mine {
                        run_in_one_database(database * PER_DATABASE).await;
                    }
                });
            });
        }
    });
}

async fn run_in_one_database(first_seed: u64) {
    let stage = Stage::new().await;
    let mut last_id = 0;
    for seed in first_seed..first_seed + PER_DATABASE {
        let mut simulation = Simulation::new(&stage, seed);
        simulation.ledger = Ledger::after(last_id);
        let endpoints = endpoints_of(seed);
        let _named_if_it_fails = Named(seed);
        simulation.live(&endpoints).await;
        simulation.heal(&endpoints).await;
        simulation.judge().await;
        last_id = simulation.ledger.last_id();
    }
    stage.db.close().await;
}

/// Leases are renewed rarely, for that is what takes most of the time.
fn settings(name: String) -> Settings {
    Settings {
        lease_margin: Duration::from_secs(14),
        ..Settings::new(name)
    }
}

/// Names the seed if an assertion fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "whoever mends it needs the seed")]
            {
                eprintln!("the schedule with seed {} failed", self.0);
            }
        }
    }
}

/// Endpoints of this schedule alone.
fn endpoints_of(seed: u64) -> Vec<EndpointId> {
    let first = i64::try_from(seed).unwrap() * ENDPOINTS;
    (1..=ENDPOINTS)
        .map(|number| EndpointId::new(first + number))
        .collect()
}

impl Simulation {
    /// The days when everything goes wrong.
    async fn live(&mut self, endpoints: &[EndpointId]) {
        for number in 0..NODES {
            self.start(settings(format!("node {number}")));
        }
        for _ in 0..EVENTS {
            self.happen(endpoints).await;
            self.step_all().await;
            for _ in 0..self.roll(4) {
                self.fly_one().await;
            }
        }
    }

    async fn happen(&mut self, endpoints: &[EndpointId]) {
        let endpoint = endpoints[self.roll(endpoints.len())];
        let lead = 1 + i64::try_from(self.roll(usize::try_from(LEADS).unwrap())).unwrap();
        match self.roll(100) {
            0..35 => {
                let kind = ["lead", "message", "lead_update"][self.roll(3)];
                self.record(endpoint, lead, kind).await;
            }
            35..60 => self.pass_to_next(Duration::from_mins(10)),
            60..66 => self.pass(Duration::from_secs(1 + self.dice.below(40))),
            66..68 => self.pass(Duration::from_secs(self.dice.below(30_000))),
            68..80 => self.network.set(endpoint, self.behaviour()),
            80..84 => self.replace_a_node(),
            84..88 => self.freeze_or_thaw(),
            _ => self.by_hand(endpoint, lead).await,
        }
    }

    fn behaviour(&self) -> Behaviour {
        match self.roll(10) {
            0..3 => Behaviour::Healthy,
            3 => Behaviour::Silent,
            4 => Behaviour::Unreachable,
            5 => Behaviour::Busy(1 + u32::try_from(self.roll(100)).unwrap()),
            6 => Behaviour::Flaky,
            _ => Behaviour::Answers([401, 404, 405, 410, 500, 503, 418, 302][self.roll(8)]),
        }
    }

    /// One dies; another starts, at once and under the same name, or under another.
    fn replace_a_node(&mut self) {
        let numbers = self.node_numbers();
        let victim = numbers[self.roll(numbers.len())];
        let old = self.nodes[&victim].tools.settings.owner.clone();
        self.kill(victim);
        let name = if self.is_one_in(2) {
            old
        } else {
            format!("node {}", self.next_node)
        };
        self.start(settings(name));
    }

    fn freeze_or_thaw(&mut self) {
        let numbers = self.node_numbers();
        let number = numbers[self.roll(numbers.len())];
        if let Some(node) = self.nodes.get_mut(&number) {
            node.is_frozen = !node.is_frozen;
        }
    }

    async fn by_hand(&mut self, endpoint: EndpointId, lead: i64) {
        let some = self.some_delivery();
        let hand = match (self.roll(6), some) {
            (0, _) => Hand::Pause(endpoint),
            (1, _) => Hand::Resume(endpoint),
            (2, _) => Hand::Release(endpoint),
            (3, _) => Hand::Cancel(endpoint, lead),
            (4, _) => Hand::Limit(endpoint),
            (_, Some(delivery)) => {
                // Whether it is revived or hastened: it may come late in its lane from now on.
                self.ledger.revived.insert(delivery);
                Hand::Retry(delivery)
            }
            (_, None) => return,
        };
        let now = self.now();
        self.db.write(ByHand { hand, now }).await.unwrap();
    }

    fn some_delivery(&self) -> Option<DeliveryId> {
        let count = self.ledger.entries.len();
        let index = (count > 0).then(|| self.roll(count))?;
        self.ledger.entries.keys().nth(index).copied()
    }

    /// Everything works from now on, and everybody waits until nothing is left to do.
    async fn heal(&mut self, endpoints: &[EndpointId]) {
        self.network.heal();
        for node in self.nodes.values_mut() {
            node.is_frozen = false;
        }
        let now = self.now();
        for endpoint in endpoints {
            let hand = Hand::Resume(*endpoint);
            self.db.write(ByHand { hand, now }).await.unwrap();
            // What is held recovers by itself; what is gone does not.
            let view = crate::look::endpoint(&mut self.db.reader(), *endpoint).await;
            if view.unwrap().gone {
                let hand = Hand::Release(*endpoint);
                self.db.write(ByHand { hand, now }).await.unwrap();
            }
        }
        for _ in 0..MOST_STEPS {
            self.step_all().await;
            if self.fly_one().await || !self.flights.is_empty() {
                if self.flights.iter().all(|flight| flight.at > self.now()) {
                    self.pass_to_next(Duration::from_secs(1));
                }
                continue;
            }
            if endpoint::all_due(&mut self.db.reader())
                .await
                .unwrap()
                .is_empty()
            {
                return;
            }
            self.pass_to_next(Duration::from_hours(1));
        }
        panic!("something is stuck");
    }

    /// What must be true in the end.
    async fn judge(&mut self) {
        let mut reader = self.db.reader();
        for (id, entry) in &self.ledger.entries {
            let found = crate::look::find(&mut reader, *id).await.unwrap();
            let found = found.unwrap_or_else(|| panic!("{id} is lost"));
            let delivery = &found.delivery;
            assert_ne!(delivery.state, State::Pending, "{id} is stuck");
            if delivery.state == State::Finished(Ending::Delivered) {
                assert!(entry.was_taken, "{id} is called delivered and is not");
            }
            let numbers: Vec<u32> = found
                .attempts
                .iter()
                .map(|attempt| attempt.attempt)
                .collect();
            let expected: Vec<u32> = (1..=delivery.attempts).collect();
            assert_eq!(numbers, expected, "{id} lacks attempts on record");
        }
        let Ledger {
            repeats, excuses, ..
        } = self.ledger;
        assert!(
            repeats <= excuses,
            "{repeats} repeats, but only {excuses} attempts were lost"
        );
        for number in self.node_numbers() {
            let mut node = self.nodes.remove(&number).unwrap();
            node.worker.stop(&node.tools).await.unwrap();
        }
    }
}

/// What people do.
enum Hand {
    Pause(EndpointId),
    Resume(EndpointId),
    Release(EndpointId),
    Cancel(EndpointId, i64),
    Limit(EndpointId),
    Retry(DeliveryId),
}

struct ByHand {
    hand: Hand,
    now: Timestamp,
}

impl Op for ByHand {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        match self.hand {
            Hand::Pause(endpoint) => by_hand::pause(tx, endpoint).await,
            Hand::Resume(endpoint) => by_hand::resume(tx, endpoint).await,
            Hand::Release(endpoint) => by_hand::release(tx, endpoint, self.now).await,
            Hand::Cancel(endpoint, lead) => {
                let called = Called::Business(business_of(lead));
                cancel(tx, endpoint, called, "disconnected", self.now)
                    .await
                    .map(drop)
            }
            Hand::Limit(endpoint) => {
                let limits = Limits {
                    weight: 2,
                    max_in_flight: Some(1),
                    backlog_per_second: Some(1),
                };
                by_hand::limit(tx, endpoint, limits).await
            }
            Hand::Retry(delivery) => by_hand::retry(tx, delivery, self.now).await.map(drop),
        }
    }
}
