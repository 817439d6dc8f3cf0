//! A partner's endpoints that remember when each request came, and how it ended: the witness of what was sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use base::{Clock, Entropy, Tasks};
use jiff::Timestamp;
use protocol::id::DeliveryId;
use protocol::paths::receiver;
use serde_json::Value;
use tokio::net::TcpListener;

use super::ledger::Event;

/// How a witness answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// At once, 200.
    Prompt,
    /// 200, after a while.
    Slow(Duration),
    /// 503 to so many of a hundred, 200 to the others.
    Flaky(u64),
    /// This status, always.
    Refusing(u16),
}

impl Manner {
    /// A word for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Slow(_) => "slow",
            Self::Flaky(_) => "flaky",
            Self::Refusing(_) => "refusing",
        }
    }
}

/// One request that came.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its `webhook-id`: the same on every attempt.
    pub delivery_id: DeliveryId,
    /// The lead that it is about.
    pub lead_id: String,
    /// What it says of the lead.
    pub event: Event,
    /// When it had come, body included.
    pub came_at: Timestamp,
    /// What it got.
    pub end: End,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is not answered yet.
    Open,
    /// It was answered with this status.
    Answered(u16),
    /// Whoever sent it went away before.
    Broken,
}

/// Endpoints on a loopback port. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Witness {
    url: String,
    memory: Arc<Mutex<Memory>>,
    clock: Clock,
    entropy: Entropy,
    tasks: Tasks,
}

#[derive(Debug)]
struct Memory {
    manner: Manner,
    visits: Vec<Visit>,
}

impl Witness {
    /// Starts listening. The seed decides which requests a flaky one refuses.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(manner: Manner, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let witness = Self {
            url: format!("http://{address}"),
            memory: Arc::new(Mutex::new(Memory {
                manner,
                visits: Vec::new(),
            })),
            clock: Clock::system(),
            entropy: Entropy::seeded(seed),
            tasks: Tasks::new(),
        };
        let router = Router::new().fallback(receive).with_state(witness.clone());
        witness.tasks.spawn_until_stop("witness", async move {
            let _ = axum::serve(listener, router).await;
        });
        witness
    }

    /// Where it listens, without a last slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How it answers.
    pub fn manner(&self) -> Manner {
        self.memory().manner
    }

    /// Answers in another manner from now on.
    pub fn change(&self, manner: Manner) {
        self.memory().manner = manner;
    }

    /// Every request that came so far, in order.
    pub fn visits(&self) -> Vec<Visit> {
        self.memory().visits.clone()
    }

    /// How many requests came so far.
    pub fn count(&self) -> usize {
        self.memory().visits.len()
    }

    /// How often this delivery came.
    pub fn times(&self, delivery: DeliveryId) -> usize {
        let memory = self.memory();
        let of = |visit: &&Visit| visit.delivery_id == delivery;
        memory.visits.iter().filter(of).count()
    }

    /// Waits until so many requests have come.
    ///
    /// # Panics
    /// If they do not come within a minute.
    pub async fn wait_for(&self, count: usize) {
        self.wait(|| self.count() >= count).await;
    }

    /// Waits until this delivery has come a second time.
    ///
    /// # Panics
    /// If it does not come within a minute.
    pub async fn wait_for_another(&self, delivery: DeliveryId) {
        self.wait(|| self.times(delivery) > 1).await;
    }

    async fn wait(&self, is_there: impl Fn() -> bool) {
        let deadline = self.clock.now() + Duration::from_mins(1);
        while !is_there() {
            assert!(self.clock.now() < deadline, "it does not come");
            self.clock.sleep(Duration::from_millis(20)).await;
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a manner means for the next request: how long it waits, and what it gets.
    fn answer(&self) -> (Duration, u16) {
        match self.manner() {
            Manner::Slow(delay) => (delay, 200),
            Manner::Flaky(percent) if self.entropy.below(100) < percent => (Duration::ZERO, 503),
            Manner::Prompt | Manner::Flaky(_) => (Duration::ZERO, 200),
            Manner::Refusing(status) => (Duration::ZERO, status),
        }
    }
}

async fn receive(State(witness): State<Witness>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::BAD_REQUEST;
    };
    let id = parts.headers.get("webhook-id");
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let visit = read(parts.uri.path(), id, &body, witness.clock.now());
    let mut stay = Stay::begin(&witness, visit);
    let (delay, status) = witness.answer();
    if !delay.is_zero() {
        witness.clock.sleep(delay).await;
    }
    stay.end = End::Answered(status);
    StatusCode::from_u16(status).expect("tests answer with real statuses")
}

/// What a request says. What the platform sends has all of it.
fn read(path: &str, id: &str, body: &Bytes, came_at: Timestamp) -> Visit {
    let body: Value = serde_json::from_slice(body).expect("the platform sends JSON");
    let text = |pointer: &str| {
        let found = body.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("{path} without {pointer}"))
            .to_owned()
    };
    let event = match path {
        receiver::LEAD => Event::Lead,
        receiver::MESSAGE => Event::Message(text("/message/messageID")),
        receiver::LEAD_UPDATE => Event::Price(text("/leadPrice")),
        other => panic!("nothing is sent to {other}"),
    };
    Visit {
        delivery_id: DeliveryId::parse(id).expect("every delivery has an id"),
        lead_id: text("/leadID"),
        event,
        came_at,
        end: End::Open,
    }
}

/// A request that is being answered. It is broken if this is dropped before: its sender is gone.
struct Stay {
    memory: Arc<Mutex<Memory>>,
    place: usize,
    end: End,
}

impl Stay {
    fn begin(witness: &Witness, visit: Visit) -> Self {
        let mut memory = witness.memory();
        memory.visits.push(visit);
        Self {
            memory: Arc::clone(&witness.memory),
            place: memory.visits.len() - 1,
            end: End::Broken,
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(visit) = memory.visits.get_mut(self.place) {
            visit.end = self.end;
        }
    }
}
