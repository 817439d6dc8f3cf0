//! `corkboard`: both sides of a marketplace's partner API in one binary. This crate is the command line: it reads
//! settings, starts what was asked for, and is the only one that prints or exits.

mod cli;
mod commands;
mod demo;
mod failure;
mod operator_client;
mod printer;
mod ready_file;
mod settings_file;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::Cli;
use crate::failure::Failure;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer::failure(&failure);
            failure.exit_code()
        }
    }
}

fn run() -> Result<(), Failure> {
    let command = settings_file::apply(Cli::command())?;
    let matches = command.try_get_matches().or_else(Failure::from_clap)?;
    let cli = Cli::from_arg_matches(&matches).or_else(Failure::from_clap)?;
    base::telemetry::start(cli.log.format.into(), &cli.log.filter).map_err(|problem| {
        Failure::mendable(problem, "use `info`, `debug` or `info,delivery=debug`")
    })?;
    commands::run(cli)
}
