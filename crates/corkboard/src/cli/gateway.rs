//! The flags of `gateway serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DatabaseArguments;

/// The flags of `gateway serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct GatewayArguments {
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,

    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8400",
        env = "CORKBOARD_LISTEN"
    )]
    pub(crate) listen: SocketAddr,

    /// The origin that browsers and the platform use; the OAuth callback is BASE-URL/connect/callback.
    #[arg(long, value_name = "URL", env = "CORKBOARD_BASE_URL")]
    pub(crate) base_url: String,

    /// The master keys, as `corkboard keys generate` makes them (or any 32 random bytes). All processes of one gateway need the same file.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_SECRET_KEY_FILE")]
    pub(crate) secret_key_file: PathBuf,

    /// A file that holds the gateway API's key: at least 20 random characters on one line.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_API_KEY_FILE")]
    pub(crate) api_key_file: PathBuf,

    /// The user name that the platform logs in with when it sends leads.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "platform",
        env = "CORKBOARD_RECEIVER_USERNAME"
    )]
    pub(crate) receiver_username: String,

    /// A file that holds the password that goes with it: at least 12 characters on one line.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_RECEIVER_PASSWORD_FILE")]
    pub(crate) receiver_password_file: PathBuf,

    /// Which platform: the real ones by name, or `corkboard` with --platform-url.
    #[arg(
        long,
        value_name = "PRESET",
        default_value = "thumbtack",
        env = "CORKBOARD_PLATFORM"
    )]
    pub(crate) platform: PlatformPreset,

    /// Where a Corkboard platform is, such as `https://pro-api.example`.
    #[arg(
        long,
        value_name = "URL",
        env = "CORKBOARD_PLATFORM_URL",
        required_if_eq("platform", "corkboard")
    )]
    pub(crate) platform_url: Option<String>,

    /// The connect page, if it is not where the preset has it.
    #[arg(long, value_name = "URL", env = "CORKBOARD_PLATFORM_CONNECT_URL")]
    pub(crate) platform_connect_url: Option<String>,

    /// The API's base, if it is not where the preset has it.
    #[arg(long, value_name = "URL", env = "CORKBOARD_PLATFORM_API_URL")]
    pub(crate) platform_api_url: Option<String>,

    /// The client id (consumer key) that the platform gave you.
    #[arg(long, value_name = "ID", env = "CORKBOARD_CLIENT_ID")]
    pub(crate) client_id: String,

    /// A file that holds the client secret.
    #[arg(long, value_name = "FILE", env = "CORKBOARD_CLIENT_SECRET_FILE")]
    pub(crate) client_secret_file: PathBuf,

    /// What a connection asks for, separated by commas: messages, availability, bookings, targeting.
    #[arg(
        long,
        value_name = "SCOPES",
        default_value = "messages,targeting",
        env = "CORKBOARD_SCOPES"
    )]
    pub(crate) scopes: String,

    /// Let the platform be plain http on this machine's loopback addresses. For tests only.
    #[arg(long, env = "CORKBOARD_ALLOW_INSECURE_PLATFORM")]
    pub(crate) allow_insecure_platform: bool,

    /// Let forwards go to plain http on this machine's loopback addresses. For tests only.
    #[arg(long, env = "CORKBOARD_ALLOW_INSECURE_FORWARDS")]
    pub(crate) allow_insecure_forwards: bool,

    /// This process's name among those of the gateway: its own, and the same after every restart. With it a process that
    /// was killed goes on with its replies and forwards at once; without it the others wait for its leases.
    #[arg(long, value_name = "NAME", env = "CORKBOARD_NODE_NAME")]
    pub(crate) node_name: Option<String>,

    /// A proxy, or a network of them such as `10.0.0.0/8`, whose X-Forwarded-For is believed. May be given several times.
    #[arg(
        long = "trusted-proxy",
        value_name = "ADDRESS",
        env = "CORKBOARD_TRUSTED_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<String>,
}

/// The platforms that are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlatformPreset {
    /// The real one.
    Thumbtack,
    /// The real one's test environment.
    ThumbtackStaging,
    /// A Corkboard platform, at --platform-url.
    Corkboard,
}
