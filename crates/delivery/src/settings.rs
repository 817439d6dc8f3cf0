//! The engine's settings, with the protocol's values as defaults.

use std::time::Duration;

/// How an engine works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of this process in leases, unique among those that live. A process that is started again under the
    /// name of one that died goes on at once, any other name waits until the dead one's leases have run out.
    pub owner: String,
    /// Requests on their way to one endpoint, at most, unless its [`Limits`](crate::Limits) say otherwise.
    pub max_in_flight_per_endpoint: usize,
    /// Requests on their way altogether, at most.
    pub max_in_flight: usize,
    /// A delivery that has been due for longer than this is backlog: it gets at most half of the places, so that what
    /// comes now does not queue behind what an outage left.
    pub fresh_for: Duration,
    /// Deliveries out of the backlog that may begin in a second, for one endpoint, unless its limits say otherwise.
    pub backlog_per_second: u32,
    /// How often to look for work that nobody woke us for.
    pub poll: Duration,
    /// A request's time from connecting to the last byte of the answer (protocol §4.5).
    pub deadline: Duration,
    /// How much longer than a request's deadline a lease must last when the request begins: for what happens between
    /// that look and the request, and for monotonic clocks that run at slightly different speeds. Leases are renewed
    /// after one and a half times this.
    pub lease_margin: Duration,
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
            fresh_for: Duration::from_mins(1),
            backlog_per_second: 500,
            poll: Duration::from_millis(500),
            deadline: Duration::from_secs(15),
            lease_margin: Duration::from_secs(2),
            optional_kinds: vec!["lead_update".to_owned(), "review".to_owned()],
        }
    }

    /// What must be left of a lease when a request begins, so that it is over before another node may take the shard.
    pub(crate) fn needed_lease(&self) -> Duration {
        self.deadline + self.lease_margin
    }

    /// How often leases are renewed.
    pub(crate) fn renewal(&self) -> Duration {
        self.lease_margin * 3 / 2
    }

    /// How long a lease lasts: after a process has died, so long at most nobody sends for its endpoints. It is three
    /// renewals more than a request needs, so that it takes two failed ones before nothing is sent any more.
    pub fn lease(&self) -> Duration {
        self.needed_lease() + self.renewal() * 3
    }
}
