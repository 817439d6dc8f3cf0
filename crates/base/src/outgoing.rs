//! Outgoing HTTP: to partners, to the platform, to a CRM. One request, one deadline, a capped answer, no redirects, no
//! proxy, no cookies, nothing decompressed.
//!
//! Targets are named by others, so a request must reach what it names or nothing at all. Who takes part:
//!
//! - [`address`] judges: the URL by itself, before any name service is asked, and every address;
//! - `connector` looks a name up once, has all of its addresses judged, dials those very addresses ([`network`], and
//!   `race` where there are several), and judges the peer, all before a byte of the request or of TLS is written;
//! - `connection` is HTTP/1.1 over what was dialled, without a task of its own; `wire` beneath it counts what comes before
//!   an answer's body;
//! - `pool` keeps connections that may be used again, by `origin`; `request` and `answer` are what goes over them.
//!
//! A request is written at most once. If a kept connection turns out to be closed before any of it was written, it goes
//! over another one; in every other failure after that point it may have been seen, and the error says so
//! ([`OutgoingError::was_not_sent`]). Whoever sends decides what an answer means.

pub mod address;
mod answer;
mod connection;
mod connector;
pub mod network;
mod origin;
mod pool;
mod race;
mod request;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

pub use address::AddressPolicy;
pub use answer::{Answer, LONGEST_ANSWER, OutgoingError};
use connection::{Connection, Failure};
use connector::Connector;
pub use network::Network;
use origin::Origin;
use pool::Pool;
use request::Message;
pub use request::Request;

/// The longest that look-up, connection and TLS together may take (protocol §4.5), within the deadline.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// The longest deadline; a longer one is meant as none, and there has to be one.
const LONGEST_DEADLINE: Duration = Duration::from_hours(1);

/// Sends requests under an address policy. Clones share their connections.
#[derive(Clone)]
pub struct Outgoing {
    policy: AddressPolicy,
    connector: Arc<Connector>,
    pool: Arc<Pool>,
}

impl Outgoing {
    /// A sender that refuses whatever `policy` refuses.
    ///
    /// # Errors
    /// None at present: a machine without trusted certificates is found out when it needs them.
    pub fn new(policy: AddressPolicy) -> Result<Self, String> {
        Ok(Self::through(policy, Network::system()))
    }

    /// The same over a network of the caller's. The policy holds whatever that network answers.
    pub fn through(policy: AddressPolicy, network: Network) -> Self {
        Self {
            policy,
            connector: Arc::new(Connector::new(policy, network)),
            pool: Pool::new(),
        }
    }

    /// Sends one request and reads its answer. A caller that no longer waits closes the connection.
    ///
    /// # Errors
    /// See [`OutgoingError`]; an answer of any status is not one.
    pub async fn send(&self, request: Request) -> Result<Answer, OutgoingError> {
        self.policy.check_url(&request.url)?;
        let origin = Origin::of(&request.url).ok_or(address::RefusedTarget::NoHost)?;
        let deadline = Deadline::after(request.deadline);
        let mut message = request.into_message(&origin)?;
        while let Some(kept) = self.pool.take(&origin, Instant::now()) {
            match self.exchange(kept, &origin, message, deadline).await? {
                Exchanged::Answered(answer) => return Ok(answer),
                Exchanged::Unsent(unsent, _) => message = *unsent,
            }
        }
        // On the heap, since most requests find a connection and should not carry this along.
        let fresh = Box::pin(self.connect(&origin, deadline)).await?;
        match self.exchange(fresh, &origin, message, deadline).await? {
            Exchanged::Answered(answer) => Ok(answer),
            Exchanged::Unsent(_, reason) => Err(OutgoingError::Connect(reason)),
        }
    }

    async fn connect(
        &self,
        origin: &Origin,
        deadline: Deadline,
    ) -> Result<Connection, OutgoingError> {
        let left = deadline.at.saturating_duration_since(Instant::now());
        let patience = left.min(CONNECT_PATIENCE);
        timeout(patience, self.connector.connect(origin))
            .await
            .unwrap_or_else(|_| {
                let seconds = deadline.length.min(CONNECT_PATIENCE).as_secs_f32();
                let reason = format!("none was made within {seconds} s");
                Err(OutgoingError::Connect(reason))
            })
    }

    /// One request over one connection, which is kept if it can be. After a failure the other connections to the same
    /// origin are closed: what broke this one has most likely broken them.
    async fn exchange(
        &self,
        mut connection: Connection,
        origin: &Origin,
        message: Message,
        deadline: Deadline,
    ) -> Result<Exchanged, OutgoingError> {
        let outcome = timeout_at(deadline.at, connection.exchange(message)).await;
        let error = match outcome {
            Ok(Ok(answered)) => {
                if let Some(until) = answered.reusable_until {
                    self.pool.put(origin.clone(), connection, until);
                }
                return Ok(Exchanged::Answered(answered.answer));
            }
            Ok(Err(Failure::Unsent(message, reason))) => {
                return Ok(Exchanged::Unsent(message, reason));
            }
            Ok(Err(Failure::Broken(reason))) => OutgoingError::Broken(reason),
            Err(_) => OutgoingError::TimedOut(deadline.length),
        };
        self.pool.forget(origin);
        Err(error)
    }
}

/// What became of one request over one connection, unless it failed.
enum Exchanged {
    Answered(Answer),
    /// The connection was closed before any of it was written.
    Unsent(Box<Message>, String),
}

/// When a request has to be over.
#[derive(Clone, Copy)]
struct Deadline {
    length: Duration,
    at: Instant,
}

impl Deadline {
    fn after(length: Duration) -> Self {
        let length = length.min(LONGEST_DEADLINE);
        let at = Instant::now() + length;
        Self { length, at }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
