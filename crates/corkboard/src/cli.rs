//! The command line's words. Every flag is also an environment variable and a key of the settings file.

mod database;
mod deliveries;
mod gateway;
mod operator;
mod platform;
mod replay;
mod sandbox;
mod when;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use database::DatabaseArguments;
pub(crate) use deliveries::{
    CancelArguments, DeliveriesArguments, DeliveriesCommand, ListArguments,
};
pub(crate) use gateway::{GatewayArguments, PlatformPreset};
pub(crate) use operator::OperatorArguments;
pub(crate) use platform::PlatformArguments;
pub(crate) use replay::{ReplayArguments, ReplayCommand, StartArguments};
pub(crate) use sandbox::SandboxArguments;
pub(crate) use when::When;

/// Both sides of a home-service marketplace's partner API: the marketplace's (platform) and the partner's (gateway).
///
/// Start with `corkboard sandbox`: it runs both sides on this machine with demo data and says what to try.
#[derive(Debug, Parser)]
#[command(
    name = "corkboard",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        corkboard sandbox                                 both sides on this machine, in one command\n  \
        corkboard gateway serve --config my.toml          the partner's side, against a real platform\n  \
        corkboard config check gateway --config my.toml   what a settings file means, secrets hidden\n  \
        corkboard deliveries list --failed                what did not arrive, at a running platform\n  \
        corkboard completions bash                        completions for your shell"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) log: LogArguments,

    /// A TOML file that gives flags their defaults: tables [platform], [gateway], [sandbox] and [operator], keys as the flags.
    #[arg(long, global = true, value_name = "FILE", env = "CORKBOARD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// How the process logs.
#[derive(Args, Debug)]
pub(crate) struct LogArguments {
    /// What to log: a level, or levels per part, such as `info,delivery=debug`. Goes to standard error.
    #[arg(
        long = "log",
        global = true,
        value_name = "FILTER",
        default_value = "info",
        env = "CORKBOARD_LOG"
    )]
    pub(crate) filter: String,

    /// Log lines for people or for a collector.
    #[arg(
        long = "log-format",
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        env = "CORKBOARD_LOG_FORMAT"
    )]
    pub(crate) format: LogFormatName,
}

/// The word for a log format.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormatName {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl From<LogFormatName> for base::telemetry::LogFormat {
    fn from(name: LogFormatName) -> Self {
        match name {
            LogFormatName::Text => Self::Text,
            LogFormatName::Json => Self::Json,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run both sides on this machine, on SQLite, with demo data: the place to try an integration.
    Sandbox(SandboxArguments),

    /// The marketplace's side: OAuth, partner API, deliveries, operator API.
    #[command(subcommand)]
    Platform(PlatformCommand),

    /// The partner's side: receives leads, answers customers, keeps tokens fresh.
    #[command(subcommand)]
    Gateway(GatewayCommand),

    /// See what happened to deliveries, try them again, call them off, hold a partner: for whoever runs a platform.
    Deliveries(DeliveriesArguments),

    /// Send a partner again what died, at a rate, and follow it: for whoever runs a platform.
    Replay(ReplayArguments),

    /// Bring a database's tables up to date, and say what was done. `serve` does the same at its start.
    Migrate(MigrateArguments),

    /// Look at settings without starting anything.
    #[command(subcommand)]
    Config(ConfigCommand),

    /// Make key files.
    #[command(subcommand)]
    Keys(KeysCommand),

    /// Print completions for a shell; for bash: `corkboard completions bash > ~/.local/share/bash-completion/completions/corkboard`.
    Completions {
        /// The shell.
        shell: Shell,
    },

    /// Print reference documents in Markdown, from the command line's own words.
    #[command(subcommand, hide = true)]
    Reference(ReferenceCommand),
}

/// What to do with the platform.
#[derive(Debug, Subcommand)]
pub(crate) enum PlatformCommand {
    /// Serve until Ctrl-C or SIGTERM. Several processes with the same database, keys and base URL are one platform.
    Serve(Box<PlatformArguments>),
}

/// What to do with the gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// Serve until Ctrl-C or SIGTERM.
    Serve(Box<GatewayArguments>),
}

/// What to migrate.
#[derive(Args, Debug)]
pub(crate) struct MigrateArguments {
    /// Whose tables.
    #[arg(value_enum)]
    pub(crate) side: Side,

    #[command(flatten)]
    pub(crate) database: DatabaseArguments,

    /// Only say what would be done; exit code 1 if there is anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Side {
    /// The marketplace's.
    Platform,
    /// The partner's.
    Gateway,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check that the settings of a side are complete and usable (files readable, keys strong, URLs right), and print
    /// them with secrets hidden. Takes the same flags as `serve`.
    #[command(subcommand)]
    Check(CheckCommand),
}

/// Whose settings to check.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Those of `platform serve`.
    Platform(Box<PlatformArguments>),
    /// Those of `gateway serve`.
    Gateway(Box<GatewayArguments>),
}

/// Which key to make.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Write a new file for `--secret-key-file` (readable by its owner only). An existing file is left alone.
    Generate {
        /// The file to make.
        file: PathBuf,
    },
}

/// Which reference to print.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ReferenceCommand {
    /// Every command and flag.
    Cli,
    /// Every setting with its flag, environment variable and key in the file.
    Settings,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_agrees_with_itself() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_server_has_an_environment_variable() {
        let command = Cli::command();
        for path in [["platform", "serve"], ["gateway", "serve"]] {
            let serve = path.iter().fold(&command, |command, name| {
                command.find_subcommand(name).unwrap()
            });
            for argument in serve.get_arguments() {
                let long = argument.get_long().unwrap();
                let variable = argument
                    .get_env()
                    .map(|name| name.to_string_lossy().into_owned());
                let expected = format!("CORKBOARD_{}", long.replace('-', "_").to_uppercase());
                assert_eq!(variable.as_deref(), Some(expected.as_str()), "--{long}");
            }
        }
    }
}
