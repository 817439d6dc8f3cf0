//! The flags of `sandbox`.

use std::path::PathBuf;

use clap::Args;

/// The flags of `sandbox`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxArguments {
    /// Where the two databases and the demo key live. A restart on the same folder has the same ids and secrets.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "corkboard-sandbox",
        env = "CORKBOARD_DATA"
    )]
    pub(crate) data: PathBuf,

    /// A file to write once both sides answer: addresses, keys, clients and pros as JSON (protocol §8.3).
    #[arg(long, value_name = "FILE", env = "CORKBOARD_READY_FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// The platform's port on 127.0.0.1; 0 takes any free one.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8300,
        env = "CORKBOARD_PLATFORM_PORT"
    )]
    pub(crate) platform_port: u16,

    /// The gateway's port on 127.0.0.1; 0 takes any free one.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8400,
        env = "CORKBOARD_GATEWAY_PORT"
    )]
    pub(crate) gateway_port: u16,

    /// Limit each client to this many requests a second, as a real platform does. Off unless given.
    #[arg(long, value_name = "N", env = "CORKBOARD_SANDBOX_REQUESTS_PER_SECOND")]
    pub(crate) requests_per_second: Option<u32>,
}
