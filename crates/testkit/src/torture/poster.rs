//! Clients that feed a platform through whichever of its processes answers. Where nobody does, or the platform asks to
//! come back, they ask again under the same `Idempotency-Key`: so each thing happens once, and is acknowledged in the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Clock, Entropy};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::ledger::{Accepted, AcceptedLead, Event, Ledger};
use super::market::Market;
use crate::http::{Http, Reply};
use crate::world::OPERATOR_KEY;

/// After this long a client gives a request up, and asks another process.
const PATIENCE: Duration = Duration::from_secs(2);
/// A client that got nowhere for so long has found a platform that does not come back.
const DESPAIR: Duration = Duration::from_mins(2);
/// How many clients there are.
const CLIENTS: usize = 8;

/// Where the processes listen. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Doors(Arc<Mutex<Vec<String>>>);

impl Doors {
    /// Adds a process.
    pub fn open(&self, url: &str) {
        self.list().push(url.to_owned());
    }

    /// Takes a process out that does not come back.
    pub fn close(&self, url: &str) {
        self.list().retain(|known| known != url);
    }

    fn any(&self, entropy: &Entropy) -> String {
        let list = self.list();
        let place = usize::try_from(entropy.below(list.len() as u64));
        let door = list.get(place.expect("there are not so many"));
        door.expect("there is always a process").clone()
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much is fed in.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Leads.
    pub leads: u32,
    /// Messages to each of them. Every third lead gets a price between its messages.
    pub messages: u32,
    /// The leads are spread over this time.
    pub over: Duration,
}

/// How often clients did not get what they wanted at the first try.
#[derive(Debug, Default)]
pub struct Tries {
    /// Answers 503.
    pub turned_away: AtomicU64,
    /// No answer.
    pub lost: AtomicU64,
}

/// The clients of a platform. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Poster {
    http: Http,
    clock: Clock,
    entropy: Entropy,
    doors: Doors,
    market: Arc<Market>,
    /// What was acknowledged.
    pub ledger: Ledger,
    /// How it went.
    pub tries: Arc<Tries>,
}

impl Poster {
    /// Clients who have done nothing yet.
    pub fn new(market: &Market, doors: &Doors, seed: u64) -> Self {
        Self {
            http: Http::new(),
            clock: Clock::system(),
            entropy: Entropy::seeded(seed),
            doors: doors.clone(),
            market: Arc::new(market.clone()),
            ledger: Ledger::default(),
            tries: Arc::default(),
        }
    }

    /// Feeds it all in, by several clients at once.
    ///
    /// # Panics
    /// If the platform answers anything but what was asked for or 503, or does not come back.
    pub async fn feed(&self, load: Load) {
        let mut clients = JoinSet::new();
        for client in (0..).take(CLIENTS) {
            let poster = self.clone();
            clients.spawn(async move { poster.feed_some(client, load).await });
        }
        // A client that failed has said why; the others are not waited for.
        while let Some(done) = clients.join_next().await {
            done.expect("a client gets all it asks for");
        }
    }

    /// The share of one client.
    async fn feed_some(&self, client: u32, load: Load) {
        let started_at = self.clock.now();
        for number in (client..load.leads).step_by(CLIENTS) {
            self.clock
                .sleep_until(started_at + load.over * number / load.leads)
                .await;
            let businesses = self.market.businesses.len();
            let business = self.entropy.below(businesses as u64);
            let business = usize::try_from(business).expect("there are not so many");
            self.feed_lead(business, number, load.messages).await;
        }
    }

    /// A lead, its messages and perhaps a price, one after the other.
    pub async fn feed_lead(&self, business: usize, number: u32, messages: u32) {
        let lead = self.market.lead(business, &format!("Lead {number}"));
        let lead = self.ask(Method::POST, "/operator/v1/leads", &lead).await;
        let lead_id = text(&lead["leadID"]);
        let mut events = vec![self.accepted(Event::Lead)];
        for place in 0..messages {
            if place == 1 && number.is_multiple_of(3) {
                let price = format!("${}.{:02}", 10 + number / 100, number % 100);
                let path = format!("/operator/v1/leads/{lead_id}/price");
                let body = json!({ "leadPrice": price });
                self.ask(Method::PUT, &path, &body).await;
                events.push(self.accepted(Event::Price(price)));
            }
            let path = format!("/operator/v1/leads/{lead_id}/messages");
            let message = json!({"text": format!("Message {place}")});
            let message = self.ask(Method::POST, &path, &message).await;
            events.push(self.accepted(Event::Message(text(&message["messageID"]))));
        }
        self.ledger.add(AcceptedLead {
            lead_id,
            business,
            events,
        });
    }

    /// Asks until it is done.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let key = self.entropy.secret::<16>();
        let gives_up_at = self.clock.now() + DESPAIR;
        loop {
            let url = format!("{}{path}", self.doors.any(&self.entropy));
            let request = self
                .http
                .request(method.clone(), &url)
                .timeout(PATIENCE)
                .header("authorization", format!("Bearer {OPERATOR_KEY}"))
                .header("content-type", "application/json")
                .header("idempotency-key", key.expose())
                .body(body.to_string());
            match Http::try_send(request).await {
                Ok(reply) if [200, 201].contains(&reply.status) => return reply.json(),
                Ok(reply) => {
                    check_unavailable(&reply);
                    self.tries.turned_away.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => drop(self.tries.lost.fetch_add(1, Ordering::Relaxed)),
            }
            assert!(
                self.clock.now() < gives_up_at,
                "{method} {path} got nowhere for {DESPAIR:?}"
            );
            let pause = Duration::from_millis(50 + self.entropy.below(100));
            self.clock.sleep(pause).await;
        }
    }

    fn accepted(&self, event: Event) -> Accepted {
        Accepted {
            event,
            at: self.clock.now(),
        }
    }
}

/// The one refusal that a platform in trouble may answer with (protocol D2).
#[track_caller]
fn check_unavailable(reply: &Reply) {
    let words = reply.text();
    assert_eq!(reply.status, 503, "{words}");
    assert_eq!(reply.error(), "SERVICE_UNAVAILABLE", "{words}");
    let soon = reply
        .header("retry-after")
        .and_then(|text| text.parse::<u32>().ok());
    assert!(soon.is_some_and(|seconds| seconds > 0), "when to come back");
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
