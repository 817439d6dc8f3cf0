//! The flags of `platform serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::DatabaseArguments;

/// The flags of `platform serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlatformArguments {
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,

    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8300",
        env = "CORKBOARD_LISTEN"
    )]
    pub(crate) listen: SocketAddr,

    /// Where the operator API and /metrics listen, if not with everything else. There /metrics needs no key.
    #[arg(long, value_name = "ADDRESS", env = "CORKBOARD_OPERATOR_LISTEN")]
    pub(crate) operator_listen: Option<SocketAddr>,

    /// The origin that browsers and partners use, such as `https://pro-api.example`.
    #[arg(long, value_name = "URL", env = "CORKBOARD_BASE_URL")]
    pub(crate) base_url: String,

    /// `staging` has POST /v1/test/create-lead for partners' tests; `production` does not.
    #[arg(long, value_name = "NAME", env = "CORKBOARD_ENVIRONMENT")]
    pub(crate) environment: EnvironmentName,

    /// A file that holds the operator API's key: at least 20 random characters on one line.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_OPERATOR_KEY_FILE")]
    pub(crate) operator_key_file: PathBuf,

    /// The master keys, as `corkboard keys generate` makes them (or any 32 random bytes). All processes of one platform need the same file.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_SECRET_KEY_FILE")]
    pub(crate) secret_key_file: PathBuf,

    /// Let partners' endpoints be plain http on this machine's loopback addresses. For tests only.
    #[arg(long, env = "CORKBOARD_ALLOW_INSECURE_ENDPOINTS")]
    pub(crate) allow_insecure_endpoints: bool,

    /// Requests a second that a client may make, unless it has a limit of its own; 0 switches limits off.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        env = "CORKBOARD_REQUESTS_PER_SECOND"
    )]
    pub(crate) requests_per_second: u32,

    /// Requests that a client may make at once after a pause.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 300,
        env = "CORKBOARD_REQUEST_BURST"
    )]
    pub(crate) request_burst: u32,

    /// This process's name among those of the platform: its own, and the same after every restart. With it a process that
    /// was killed goes on with its deliveries at once; without it, on PostgreSQL, the others wait up to 26 seconds for its
    /// leases (see --lease-margin).
    #[arg(long, value_name = "NAME", env = "CORKBOARD_NODE_NAME")]
    pub(crate) node_name: Option<String>,

    /// How long deliveries that were delivered or cancelled are kept with their attempts, in days.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=36_500),
        env = "CORKBOARD_DELIVERY_HISTORY_DAYS"
    )]
    pub(crate) delivery_history_days: u32,

    /// How long dead deliveries are kept, in days. Until then they can be tried again by hand.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 365,
        value_parser = clap::value_parser!(u32).range(1..=36_500),
        env = "CORKBOARD_DEAD_DELIVERY_DAYS"
    )]
    pub(crate) dead_delivery_days: u32,

    /// Pause the targeting of businesses that depend on a partner whose endpoint has been impaired for longer than this,
    /// such as `30m` or `2h`, until it has recovered. Off unless given.
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration,
        env = "CORKBOARD_PAUSE_TARGETING_AFTER"
    )]
    pub(crate) pause_targeting_after: Option<Duration>,

    /// How long a partner's endpoint may take for one delivery, from connecting to the last byte of its answer. All
    /// processes of one platform need the same.
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds, env = "CORKBOARD_DELIVERY_DEADLINE")]
    pub(crate) delivery_deadline: Duration,

    /// How much longer than that deadline this process's lease of an endpoint must last when a request begins. A lease lasts
    /// for the deadline and five and a half times this. All processes of one platform need the same.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds, env = "CORKBOARD_LEASE_MARGIN")]
    pub(crate) lease_margin: Duration,

    /// A proxy, or a network of them such as `10.0.0.0/8`, whose X-Forwarded-For is believed. May be given several times.
    #[arg(
        long = "trusted-proxy",
        value_name = "ADDRESS",
        env = "CORKBOARD_TRUSTED_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<String>,
}

/// The word for an environment.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EnvironmentName {
    /// For partners' tests.
    Staging,
    /// For customers and pros.
    Production,
}

impl From<EnvironmentName> for platform::Environment {
    fn from(name: EnvironmentName) -> Self {
        match name {
            EnvironmentName::Staging => Self::Staging,
            EnvironmentName::Production => Self::Production,
        }
    }
}

/// A time that passes, such as `30m`: a minute at least, because every endpoint fails for a moment.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let parsed = text.parse::<SignedDuration>().ok();
    parsed
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| *duration >= Duration::from_mins(1))
        .ok_or("it must be a duration of at least a minute, such as `30m`, `2h` or `1h 30m`")
}

/// Seconds with or without a fraction: from a tenth to ten minutes.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .filter(|seconds| (0.1..=600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "give seconds between 0.1 and 600".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_at_least_a_minute() {
        for (text, minutes) in [
            ("1m", 1),
            ("90m", 90),
            ("2h", 120),
            ("1h 30m", 90),
            ("60s", 1),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_mins(minutes)), "{text}");
        }
        for text in ["", "0", "30", "59s", "-2h", "2h ago", "soon", "1y"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction_and_have_bounds() {
        assert_eq!(seconds("15"), Ok(Duration::from_secs(15)));
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for bad in ["", "0", "-1", "601", "NaN", "inf", "5 s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
