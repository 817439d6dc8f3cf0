//! The developer's tool: `cargo xtask ci | lint | generate | pg | torture`.
//!
//! For: everything that is done to this repository and is not in the product. Not for: anything that a user of
//! Corkboard runs. It needs nothing but Rust (and one JSON reader), so it builds in seconds on a fresh machine.
//!
//! Next: `ci.rs` for what a change must pass, `lint/` for the invariants, `postgres.rs` for the throw-away server.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a build tool talks to the person at the terminal: results to stdout, progress to stderr"
)]

mod ci;
mod failure;
mod generate;
mod lint;
mod pg;
mod postgres;
mod process;
mod repository;
mod supply;
mod tools;
mod torture;
mod workspace;

use std::process::ExitCode;

use crate::failure::Failure;

const HELP: &str = "\
cargo xtask: everything that is done to this repository

Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  ci         run all that a change must pass: format, clippy, lint, supply chain, references, docs, tests
  lint       prove the invariants of ARCHITECTURE.md from the source files
  generate   write the generated pages under docs/reference (--check: only compare)
  pg         run a throw-away PostgreSQL, alone or around a command
  torture    kill, freeze and add platform processes under load, and prove that nothing is lost

`cargo xtask COMMAND --help` tells more. Exit codes: 0 all is well, 1 something must be mended.
";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        eprint!("{HELP}");
        return ExitCode::FAILURE;
    }
    let command = arguments.remove(0);
    match run(&command, &arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, arguments: &[String]) -> Result<ExitCode, Failure> {
    match command {
        "ci" => ci::command(arguments),
        "lint" => lint::command(arguments),
        "generate" => generate::command(arguments),
        "pg" => pg::command(arguments),
        "torture" => torture::command(arguments),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => {
            Err(Failure::new(format!("`{other}` is not a command"))
                .hint("see `cargo xtask --help`"))
        }
    }
}
