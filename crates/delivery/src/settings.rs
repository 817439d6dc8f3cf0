//! The engine's settings, with the protocol's values as defaults.

use std::time::Duration;

/// How an engine works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of this process in leases, unique among those that live. A process that is started again under the
    /// name of one that died goes on at once, any other name waits until the dead one's leases have run out.
    pub owner: String,
    /// Requests on their way to one endpoint, at most.
    pub max_in_flight_per_endpoint: usize,
    /// Requests on their way altogether, at most.
    pub max_in_flight: usize,
    /// How often to look for work that nobody woke us for: other nodes' recordings, and what falls due.
    pub poll: Duration,
    /// A request's time from connecting to the last byte of the answer (protocol §4.5).
    pub deadline: Duration,
    /// How far the clocks of two nodes may be apart. Nodes need synchronised clocks; beyond this, two of them may send
    /// the same delivery at the same time.
    pub clock_margin: Duration,
    /// Kinds that an endpoint may leave out: a 405 to one of them switches it off (protocol §4.5).
    pub optional_kinds: Vec<String>,
}

impl Settings {
    /// The defaults, for the process of this name.
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            max_in_flight_per_endpoint: 8,
            max_in_flight: 256,
            poll: Duration::from_millis(200),
            deadline: Duration::from_secs(15),
            clock_margin: Duration::from_secs(5),
            optional_kinds: vec!["lead_update".to_owned(), "review".to_owned()],
        }
    }

    /// What must be left of a lease when a request begins, so that it is over before another node may take the shard.
    pub(crate) fn needed_lease(&self) -> Duration {
        self.deadline + self.clock_margin
    }

    /// A lease is renewed when a third of it has passed; what is left then is more than a request needs.
    pub(crate) fn lease(&self) -> Duration {
        self.needed_lease() * 2
    }
}
