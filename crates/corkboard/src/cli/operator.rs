//! Which platform a command of the operator talks to, and how it answers.

use std::path::PathBuf;

use clap::Args;

/// Which platform, and with which key.
#[derive(Args, Clone, Debug)]
pub(crate) struct OperatorArguments {
    /// Where the platform's operator API is, such as `http://127.0.0.1:8300`.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CORKBOARD_PLATFORM_URL"
    )]
    pub(crate) platform_url: Option<String>,

    /// A file that holds the operator API's key, as `platform serve` has it.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CORKBOARD_OPERATOR_KEY_FILE"
    )]
    pub(crate) operator_key_file: Option<PathBuf>,

    /// The ready file of a running sandbox: URL and key are taken from it, unless they are given.
    #[arg(long, global = true, value_name = "FILE", env = "CORKBOARD_READY_FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// Print the platform's answer as JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}
