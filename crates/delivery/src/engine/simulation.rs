//! A deterministic simulation of the engine: several processes on one database, an unreliable network, a clock and
//! people's hands, all moved by a seed. What is simulated is the world; the engine's steps, operations and statements are
//! the real ones.
//!
//! An attempt has three moments between which anything may happen: before its last look at the database, before its
//! request is sent, and before its outcome is stored. A process can die or freeze at each of them.

mod fairness;
mod ledger;
mod network;
mod schedules;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::outgoing::{AddressPolicy, Answer, OutgoingError};
use base::{Clock, Entropy, Outgoing};
use database::{DatabaseUrl, Db, Error, Op, Options, Tx};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};
use tempfile::TempDir;

use crate::directory::{Addressee, Destination, Directory, DirectoryError, Target};
use crate::engine::attempt::{Prepared, observe, prepare, rest, store};
use crate::engine::neighbours::Teller;
use crate::engine::ticket::{Finish, Ticket};
use crate::engine::tools::{LeaseEnd, Tools};
use crate::engine::worker::Worker;
use crate::id::{ConversationId, EndpointId};
use crate::model::NewDelivery;
use crate::record::record;
use crate::schema::MIGRATIONS;
use crate::settings::Settings;
use crate::waker::Waker;
use ledger::Ledger;
use network::Network;

/// Everything goes to the simulated network.
struct Everywhere;

impl Directory for Everywhere {
    async fn target(&self, _: &Addressee) -> Result<Target, DirectoryError> {
        Ok(Target::Send(Box::new(Destination {
            method: "POST".parse()?,
            url: "https://partner.example/".parse()?,
            headers: http::header::HeaderMap::new(),
            credentials: None,
            signing_secrets: Vec::new(),
        })))
    }
}

/// One process.
struct Node {
    tools: Arc<Tools<Everywhere>>,
    worker: Worker,
    /// It does nothing until it is thawed.
    is_frozen: bool,
}

/// One attempt on its way.
struct Flight {
    /// Which process makes it.
    node: usize,
    ticket: Ticket,
    next: Moment,
    /// When its next moment comes.
    at: Timestamp,
}

enum Moment {
    Prepare,
    Send,
    Store {
        result: Result<Answer, OutgoingError>,
        started_at: Timestamp,
    },
}

/// What several simulations, one after the other, have in common: it takes long to make.
struct Stage {
    db: Db,
    clock: Clock,
    outgoing: Outgoing,
    _directory: TempDir,
}

impl Stage {
    /// An empty database, in memory where there is a place for that: the simulation kills no machine.
    async fn new() -> Self {
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let directory = directory.unwrap();
        let url = DatabaseUrl::sqlite(directory.path().join("simulated.db"));
        let db = Db::open(&url, &Options::default()).await.unwrap();
        let migrated = db.migrate(&MIGRATIONS, Timestamp::UNIX_EPOCH).await;
        migrated.unwrap();
        Self {
            db,
            clock: Clock::manual("2026-11-23T12:00:00Z".parse().unwrap()),
            outgoing: Outgoing::new(AddressPolicy::PublicOnly).unwrap(),
            _directory: directory,
        }
    }
}

/// The whole world.
struct Simulation {
    db: Db,
    clock: Clock,
    dice: Entropy,
    outgoing: Outgoing,
    network: Network,
    nodes: HashMap<usize, Node>,
    next_node: usize,
    flights: Vec<Flight>,
    ledger: Ledger,
}

impl Simulation {
    fn new(stage: &Stage, seed: u64) -> Self {
        Self {
            db: stage.db.clone(),
            clock: stage.clock.clone(),
            dice: Entropy::seeded(seed),
            outgoing: stage.outgoing.clone(),
            network: Network::default(),
            nodes: HashMap::new(),
            next_node: 0,
            flights: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number in `0..bound`.
    fn roll(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.dice.below(bound)).unwrap()
    }

    fn is_one_in(&self, bound: usize) -> bool {
        self.roll(bound) == 0
    }

    /// Starts a process under this name.
    fn start(&mut self, settings: Settings) -> usize {
        let lease = LeaseEnd::default();
        let worker = Worker::new(&settings, lease.clone());
        let tools = Tools {
            db: self.db.clone(),
            clock: self.clock.clone(),
            entropy: Entropy::seeded(self.dice.below(u64::MAX)),
            outgoing: self.outgoing.clone(),
            directory: Arc::new(Everywhere),
            waker: Waker::new(),
            settings,
            lease,
            teller: Teller::new(),
        };
        let number = self.next_node;
        self.next_node += 1;
        let node = Node {
            tools: Arc::new(tools),
            worker,
            is_frozen: false,
        };
        self.nodes.insert(number, node);
        number
    }

    /// The process dies as by `kill -9`: what it has on its way is forgotten, though requests may have arrived.
    fn kill(&mut self, number: usize) {
        self.nodes.remove(&number);
        for flight in self.flights.extract_if(.., |flight| flight.node == number) {
            self.ledger.lost(&flight.next);
        }
    }

    fn node_numbers(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = self.nodes.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Every process that is not frozen takes a step.
    async fn step_all(&mut self) {
        for number in self.node_numbers() {
            self.step(number).await;
        }
    }

    async fn step(&mut self, number: usize) {
        let now = self.now();
        let node = self.nodes.get_mut(&number).unwrap();
        if node.is_frozen {
            return;
        }
        for ticket in node.worker.decide(&node.tools).await.unwrap() {
            self.flights.push(Flight {
                node: number,
                ticket,
                next: Moment::Prepare,
                at: now,
            });
        }
    }

    /// One of the flights whose moment has come goes on, if there is one: any, for nothing orders them.
    async fn fly_one(&mut self) -> bool {
        let now = self.now();
        let nodes = &self.nodes;
        let due = self.flights.iter().enumerate().filter(|(_, flight)| {
            flight.at <= now && nodes.get(&flight.node).is_some_and(|node| !node.is_frozen)
        });
        let due: Vec<usize> = due.map(|(index, _)| index).collect();
        if due.is_empty() {
            return false;
        }
        let index = due[self.roll(due.len())];
        let flight = self.flights.swap_remove(index);
        self.fly(flight).await;
        true
    }

    async fn fly(&mut self, mut flight: Flight) {
        let tools = Arc::clone(&self.nodes[&flight.node].tools);
        match flight.next {
            Moment::Prepare => match prepare(&tools, &flight.ticket).await.unwrap() {
                Prepared::Over(finish) => self.end(&flight.ticket, flight.node, finish),
                Prepared::Ready(_) if !tools.may_send() => {
                    let finish = rest(&tools.clock);
                    self.end(&flight.ticket, flight.node, finish);
                }
                Prepared::Ready(_) => {
                    let earlier = self.unfinished_before(&flight.ticket).await;
                    self.ledger.prepared(&flight.ticket, &earlier);
                    self.is_alone(&flight.ticket);
                    flight.next = Moment::Send;
                    self.flights.push(flight);
                }
            },
            Moment::Send => {
                let now = self.now();
                let reply = self.network.answer(&flight.ticket.addressee, &self.dice);
                self.ledger.sent(&flight.ticket, &reply);
                flight.at = now + jiff::SignedDuration::try_from(reply.after).unwrap();
                flight.next = Moment::Store {
                    result: reply.result,
                    started_at: now,
                };
                self.flights.push(flight);
            }
            Moment::Store { result, started_at } => {
                let attempted = observe(result, started_at, self.now());
                let finish = store(&tools, &flight.ticket, attempted).await.unwrap();
                self.is_fenced(&flight.ticket, &finish);
                self.ledger.stored(&flight.ticket, &finish, self.now());
                self.end(&flight.ticket, flight.node, finish);
            }
        }
    }

    /// Nobody else sends in the lane, unless the shard was taken from them.
    fn is_alone(&self, ticket: &Ticket) {
        let rivals = self.flights.iter().filter(|flight| {
            let is_sending = !matches!(flight.next, Moment::Prepare);
            let other = &flight.ticket;
            is_sending
                && other.epoch == ticket.epoch
                && other.addressee.endpoint_id == ticket.addressee.endpoint_id
                && other.addressee.conversation_id == ticket.addressee.conversation_id
        });
        assert_eq!(rivals.count(), 0, "{ticket:?} is not alone in its lane");
    }

    /// Whose shard another process has by now stores nothing.
    fn is_fenced(&self, ticket: &Ticket, finish: &Finish) {
        let shard = ticket.addressee.endpoint_id.shard();
        let epochs = self
            .nodes
            .values()
            .map(|node| node.worker.leases.epoch(shard));
        let newest = epochs.flatten().max().unwrap_or(ticket.epoch);
        let is_stored = matches!(finish, Finish::Stored(_));
        assert!(
            !is_stored || newest <= ticket.epoch,
            "{ticket:?} is of the past"
        );
    }

    fn end(&mut self, ticket: &Ticket, node: usize, finish: Finish) {
        if let Some(node) = self.nodes.get_mut(&node) {
            let tools = Arc::clone(&node.tools);
            node.worker.end(&tools, ticket, finish);
        }
    }

    /// The deliveries before this one in its lane that are still pending.
    async fn unfinished_before(&self, ticket: &Ticket) -> Vec<DeliveryId> {
        let addressee = &ticket.addressee;
        let filter = crate::look::Filter {
            state: Some(crate::model::State::Pending),
            conversation_id: Some(addressee.conversation_id),
            endpoint_id: Some(addressee.endpoint_id),
            after: Some(addressee.delivery_id),
            ..crate::look::Filter::default()
        };
        let page = crate::look::list(&mut self.db.reader(), &filter, 1_000).await;
        let deliveries = page.unwrap().deliveries;
        deliveries.iter().map(|view| view.delivery_id).collect()
    }

    /// Records a delivery and wakes everybody.
    async fn record(&mut self, endpoint: EndpointId, lead: i64, kind: &'static str) {
        let (id, now) = (self.ledger.next_id(), self.now());
        let recording = Recording {
            id,
            endpoint,
            lead,
            kind,
            now,
        };
        self.db.write(recording).await.unwrap();
        self.ledger.recorded(id, endpoint, now);
        for node in self.nodes.values() {
            node.tools.waker.wake_for([endpoint]);
        }
    }

    /// Lets time pass.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// When something happens next by itself: a flight's moment, a process's timer.
    fn next_moment(&self) -> Option<Timestamp> {
        let nodes = &self.nodes;
        let flights = self
            .flights
            .iter()
            .filter(|flight| nodes.get(&flight.node).is_some_and(|node| !node.is_frozen))
            .map(|flight| flight.at);
        let timers = nodes
            .values()
            .filter(|node| !node.is_frozen)
            .filter_map(|node| node.worker.roster.next_timer());
        flights.chain(timers).filter(|at| *at > self.now()).min()
    }

    /// Lets time pass until something happens by itself, or for so long.
    fn pass_to_next(&self, at_most: Duration) {
        let now = self.now();
        let left = self.next_moment().map_or(at_most, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        self.pass(left.min(at_most));
    }
}

struct Recording {
    id: DeliveryId,
    endpoint: EndpointId,
    lead: i64,
    kind: &'static str,
    now: Timestamp,
}

impl Op for Recording {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let new = NewDelivery {
            delivery_id: self.id,
            endpoint_id: self.endpoint,
            conversation_id: ConversationId::new(self.lead),
            business_id: business_of(self.lead),
            kind: self.kind,
            body: "{}",
            created_at: self.now,
        };
        record(tx, &new).await.map(drop)
    }
}

/// Two leads out of three belong to one business, the third to another.
fn business_of(lead: i64) -> BusinessId {
    BusinessId::from_i64(1 + i64::from(lead % 3 == 0)).unwrap()
}
