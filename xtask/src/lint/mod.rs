//! `cargo xtask lint`: the invariants of ARCHITECTURE.md, proved from the source files.
//!
//! A check is a function from the [`Tree`] (every file of the repository, the Rust ones as tokens, so that comments and
//! strings cannot fool it) to findings. Each has a test in which it fails. Not for: what clippy and rustfmt do.
//!
//! Next: `tree.rs` for what a check sees, `graph.rs` for the rule by which modules depend on each other, then one file
//! per family of checks.

mod dependencies;
mod files;
mod finding;
mod graph;
mod modules;
mod paths;
mod places;
mod purity;
mod resolve;
mod sizes;
mod statements;
mod statics;
mod tokens;
mod tree;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::repository::root;
use crate::workspace::Packages;
use finding::{Finding, Weight};
use tree::Tree;

const HELP: &str = "\
cargo xtask lint: prove the invariants of ARCHITECTURE.md from the source files

Usage: cargo xtask lint [CHECK]..

Prints `file:line: what is wrong`, then a hint, and fails if anything is wrong. With names, runs only those checks.

Checks:
";

/// What a check looks at.
enum Look {
    /// The files of the repository.
    Files(fn(&Tree) -> Vec<Finding>),
    /// The packages of the lock file.
    Packages(fn(&Packages) -> Vec<Finding>),
}

/// One invariant.
struct Check {
    name: &'static str,
    proves: &'static str,
    look: Look,
}

const fn files(name: &'static str, proves: &'static str, look: fn(&Tree) -> Vec<Finding>) -> Check {
    Check {
        name,
        proves,
        look: Look::Files(look),
    }
}

const fn packages(
    name: &'static str,
    proves: &'static str,
    look: fn(&Packages) -> Vec<Finding>,
) -> Check {
    Check {
        name,
        proves,
        look: Look::Packages(look),
    }
}

const CHECKS: [Check; 17] = [
    packages(
        "protocol-io",
        "protocol has no I/O crate below it",
        dependencies::protocol_io,
    ),
    packages(
        "sides",
        "platform and gateway never depend on each other",
        dependencies::sides,
    ),
    packages(
        "faults",
        "only tests are built with fault points",
        dependencies::faults,
    ),
    files(
        "domain",
        "domain/ knows neither a database, HTTP nor a clock",
        purity::domain,
    ),
    files(
        "sql",
        "SQL stands only in store/, delivery's store and database",
        places::sql,
    ),
    files(
        "status",
        "StatusCode stands only in the faces",
        places::status,
    ),
    files(
        "ambient",
        "environment, system clock and random source are used only in base",
        places::ambient,
    ),
    files(
        "terminal",
        "only corkboard (and tools) print or exit",
        places::terminal,
    ),
    files("statics", "there are no mutable statics", statics::mutable),
    files(
        "operations",
        "no network call inside a transaction",
        purity::operations,
    ),
    files(
        "circles",
        "there is no circle among the modules of a crate",
        graph::circles,
    ),
    files(
        "layers",
        "domain, store, service, faces and jobs: a lower layer never imports a higher one",
        graph::layers,
    ),
    files(
        "file-size",
        "a Rust file has at most 600 lines (from 400 on: a warning)",
        sizes::file_lines,
    ),
    files(
        "function-size",
        "a function has at most 100 lines and 6 arguments",
        sizes::functions,
    ),
    files(
        "per-engine",
        "statements whose text differs per database, counted",
        statements::per_engine,
    ),
    files(
        "machine",
        "no file mentions one machine's folders or registry",
        files::machine,
    ),
    files(
        "file-doc",
        "every Rust file opens with `//!`",
        files::opening,
    ),
];

/// Runs the subcommand.
pub(crate) fn command(arguments: &[String]) -> Result<ExitCode, Failure> {
    if arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{HELP}");
        for check in &CHECKS {
            println!("  {:<14} {}", check.name, check.proves);
        }
        return Ok(ExitCode::SUCCESS);
    }
    for argument in arguments {
        if !CHECKS.iter().any(|check| check.name == argument) {
            return Err(Failure::unknown_argument("lint", argument));
        }
    }
    run(|check| arguments.is_empty() || arguments.iter().any(|name| name == check.name))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs every check, as a step of `cargo xtask ci`.
pub(crate) fn all() -> Result<(), Failure> {
    run(|_| true)
}

fn run(wanted: impl Fn(&Check) -> bool) -> Result<(), Failure> {
    let tree = Tree::load(&root())?;
    let packages = Packages::load()?;
    let mut wrong = 0;
    let mut ran = 0;
    for check in CHECKS.iter().filter(|check| wanted(check)) {
        let findings = match check.look {
            Look::Files(look) => look(&tree),
            Look::Packages(look) => look(&packages),
        };
        let errors = count(&findings, Weight::Error);
        let remarks = findings.len() - errors;
        let verdict = if errors == 0 { "ok" } else { "FAILED" };
        eprintln!("  {verdict:<6} {:<14} {}", check.name, check.proves);
        for finding in &findings {
            println!("{finding}");
        }
        if remarks > 0 && errors == 0 {
            eprintln!("         {remarks} remarks above do not fail the check");
        }
        wrong += errors;
        ran += 1;
    }
    if wrong > 0 {
        return Err(Failure::new(format!(
            "lint: {wrong} findings in {ran} checks"
        )));
    }
    let rust = tree.rust().count();
    eprintln!("  lint: {ran} checks passed over {rust} Rust files");
    Ok(())
}

fn count(findings: &[Finding], weight: Weight) -> usize {
    findings
        .iter()
        .filter(|finding| finding.weight == weight)
        .count()
}
