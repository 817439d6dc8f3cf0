//! What an operator chooses: read once at start by the command line, and passed on as values.

use std::net::SocketAddr;
use std::time::Duration;

use base::SecretHash;
pub use delivery::retention::Policy as DeliveryHistory;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;

/// Which of the source's two worlds this is (protocol §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// For partners' tests: `POST /v1/test/create-lead` exists.
    Staging,
    /// For customers and pros.
    Production,
}

impl Environment {
    /// The word in settings and in the ready file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// How many requests a client may make (protocol §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimit {
    /// Requests a second, for as long as it likes.
    pub per_second: u32,
    /// Requests at once, after a pause.
    pub burst: u32,
}

impl Default for RequestLimit {
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 300,
        }
    }
}

/// How long deliveries may take, and with that how soon the others go on for a process that died: when its lease has run
/// out, which lasts for the deadline and five and a half times the margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTimes {
    /// A request's time from connecting to the last byte of the answer (protocol §4.5).
    pub deadline: Duration,
    /// How much longer than the deadline a lease must last when a request begins.
    pub lease_margin: Duration,
}

impl Default for DeliveryTimes {
    fn default() -> Self {
        let usual = delivery::Settings::new("");
        Self {
            deadline: usual.deadline,
            lease_margin: usual.lease_margin,
        }
    }
}

/// The settings of the platform.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origin that browsers and partners know this platform by.
    pub base_url: ExternalOrigin,
    /// Staging or production.
    pub environment: Environment,
    /// Whether partners' endpoints may be plain http on loopback (the sandbox).
    pub allow_insecure_endpoints: bool,
    /// The hash of the key that opens the operator API.
    pub operator_key: SecretHash,
    /// The limit of a client that has none of its own; nothing switches limits off.
    pub request_limit: Option<RequestLimit>,
    /// Proxies whose word about the client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Where the operator API listens, if not with everything else.
    pub operator_listen: Option<SocketAddr>,
    /// This process's name among those of the platform, if it has one that is its own and stays the same: started again
    /// under it, it goes on with its deliveries at once instead of when the leases of its former life have run out.
    pub node_name: Option<String>,
    /// How long deliveries that are over are kept.
    pub delivery_history: DeliveryHistory,
    /// How long a partner's endpoint may be impaired until the targeting of the businesses that depend on it is paused;
    /// nothing means that it never is.
    pub pause_targeting_after: Option<Duration>,
    /// How long deliveries may take.
    pub delivery_times: DeliveryTimes,
}
