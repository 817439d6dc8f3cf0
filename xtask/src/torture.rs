//! `cargo xtask torture`: a long run of what the tests do to a platform for a few seconds.
//!
//! The work itself is a test of `corkboard` (`tests/it/torture.rs`) with parts of `testkit`: this only finds a server for
//! it, says how much, and passes its words on.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::postgres::{Durability, Server};
use crate::process::{self, cargo};

const HELP: &str = "\
cargo xtask torture: kill, freeze and add platform processes under load, and prove that nothing is lost

Usage: cargo xtask torture [OPTIONS]

Options:
  --leads N      leads that clients feed in (2000)
  --messages M   messages to each lead (3)
  --nodes K      processes at the beginning, two at least (3)
  --seconds S    over how many seconds leads and faults are spread (120)
  --kills N      how often a process is killed; every other one comes back under its name (6)
  --freezes N    how often a process is stopped until after its lease, and then continued (4)
  --additions N  how many processes are added (2)
  --seed X       decides who is hit, how, when and in which order (1)

Runs on a throw-away PostgreSQL. Prints what happens, then a table. Exit code 1 if a receiver lacks anything that was
acknowledged, got it out of order, got something twice that was not in flight at a fault, or if anything is stuck.
";

/// The options, as the test knows them too.
const NUMBERS: [&str; 8] = [
    "leads",
    "messages",
    "nodes",
    "seconds",
    "kills",
    "freezes",
    "additions",
    "seed",
];

/// Runs the subcommand.
pub(crate) fn command(arguments: &[String]) -> Result<ExitCode, Failure> {
    if arguments
        .iter()
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let plan = plan(arguments)?;
    let server = Server::start(Durability::Full)?;
    let mut test = cargo([
        "test",
        "--quiet",
        "--package",
        "corkboard",
        "--test",
        "it",
        "--",
    ]);
    test.args(["--ignored", "--exact", "--nocapture"]);
    test.arg("torture::a_torture_as_long_as_asked_for_loses_nothing");
    server.tell(test.env("CORKBOARD_TORTURE", &plan));
    if process::status(&mut test)?.success() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(
        Failure::new("the torture run failed; the summary above says why").hint(format!(
            "`cargo xtask torture {}` repeats it",
            arguments.join(" ").trim()
        )),
    )
}

/// `--leads 300` as `leads=300`.
fn plan(arguments: &[String]) -> Result<String, Failure> {
    let mut words = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let name = argument.strip_prefix("--").unwrap_or_default();
        if !NUMBERS.contains(&name) {
            return Err(Failure::unknown_argument("torture", argument));
        }
        let number = rest.next().filter(|word| word.parse::<u64>().is_ok());
        let number = number.ok_or_else(|| Failure::new(format!("`{argument}` takes a number")))?;
        words.push(format!("{name}={number}"));
    }
    Ok(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(line: &str) -> Option<String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        plan(&words).ok()
    }

    #[test]
    fn options_become_the_words_of_the_test() {
        assert_eq!(planned("").as_deref(), Some(""));
        let plan = planned("--leads 300 --seed 7");
        assert_eq!(plan.as_deref(), Some("leads=300 seed=7"));
        for bad in [
            "--lead 3",
            "leads 3",
            "--leads",
            "--leads many",
            "--leads -1",
        ] {
            assert!(planned(bad).is_none(), "{bad}");
        }
    }
}
