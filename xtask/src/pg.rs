//! `cargo xtask pg`: a throw-away PostgreSQL at the command line.

use std::process::{Command, ExitCode};

use crate::failure::{Doing, Failure};
use crate::postgres::{Durability, Server, Shutdown};
use crate::process;

const HELP: &str = "\
cargo xtask pg: run a throw-away PostgreSQL

Usage: cargo xtask pg [--fast] [-- COMMAND [ARGUMENTS]]

With a COMMAND: starts a server, runs COMMAND with CORKBOARD_TEST_POSTGRES set to its URL (and PGHOST, PGPORT, PGUSER
and PGDATABASE, so that a plain `psql` finds it), stops the server and ends with COMMAND's exit code.
Without: prints the URL and serves until Ctrl-C or the end of stdin. Lines on stdin stop and start the server meanwhile:
`stop fast`, `stop immediate` (as a crash would) and `start`, each answered by `done`.

  --fast   do not wait for the disk (fsync=off): for tests of behaviour, not of durability or speed

The server has a fresh temporary folder, a free port on 127.0.0.1, a superuser `corkboard` without password and room for
300 connections. It is stopped and removed however this command ends. PostgreSQL is looked for in PATH and where Debian
and Homebrew put it; as root on Debian it is installed if missing.

Examples:
  cargo xtask pg -- psql
  cargo xtask pg --fast -- cargo test --package database
";

/// Runs the subcommand.
pub(crate) fn command(arguments: &[String]) -> Result<ExitCode, Failure> {
    let mut durability = Durability::Full;
    let mut rest = arguments.iter();
    let mut wanted = Vec::new();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--fast" => durability = Durability::None,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            "--" => wanted = rest.by_ref().collect(),
            other => {
                return Err(Failure::unknown_argument("pg", other)
                    .hint("a command to run comes after `--`: cargo xtask pg -- psql"));
            }
        }
    }
    let server = Server::start(durability)?;
    match wanted.split_first() {
        None => serve(server),
        Some((program, arguments)) => around(&server, Command::new(program).args(arguments)),
    }
}

fn serve(mut server: Server) -> Result<ExitCode, Failure> {
    println!("{}", server.url());
    eprintln!("serving until Ctrl-C or the end of stdin");
    for order in std::io::stdin().lines() {
        let order = order.doing(|| "read stdin".into())?;
        match order.trim() {
            "stop fast" => server.stop(Shutdown::Fast)?,
            "stop immediate" => server.stop(Shutdown::Immediate)?,
            "start" => server.start_again()?,
            other => {
                return Err(Failure::new(format!("`{other}` is not an order"))
                    .hint("`stop fast`, `stop immediate` or `start`"));
            }
        }
        println!("done");
    }
    Ok(ExitCode::SUCCESS)
}

fn around(server: &Server, command: &mut Command) -> Result<ExitCode, Failure> {
    server.tell(command);
    let status = process::status(command)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
