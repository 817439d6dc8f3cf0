//! `cargo xtask ci`: all that a change must pass, in the order in which failures are cheapest.
//!
//! It is the test command of the README and what `.ci/run` runs; there is no other list of checks.

use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::failure::Failure;
use crate::postgres::{Durability, Server};
use crate::process::{self, cargo};
use crate::tools::{Binaries, Browser};
use crate::{generate, lint, supply};

/// One thing that a change must pass.
struct Step {
    name: &'static str,
    tells: &'static str,
    run: fn() -> Result<(), Failure>,
    mend: &'static str,
}

const STEPS: [Step; 8] = [
    Step {
        name: "tools",
        tells: "PostgreSQL, Chromium and its driver are here, or are installed",
        run: tools,
        mend: "install what is named above; this step does it itself as root on Debian",
    },
    Step {
        name: "fmt",
        tells: "cargo fmt --all --check",
        run: || process::run(&mut cargo(["fmt", "--all", "--check"])),
        mend: "run `cargo fmt --all`",
    },
    Step {
        name: "clippy",
        tells: "cargo clippy --workspace --all-targets -- -D warnings",
        run: clippy,
        mend: "mend each warning; silence one only by `#[expect(.., reason = \"..\")]`",
    },
    Step {
        name: "lint",
        tells: "the invariants of ARCHITECTURE.md (cargo xtask lint)",
        run: lint::all,
        mend: "each line above says what to do; `cargo xtask lint` repeats this step alone",
    },
    Step {
        name: "deny",
        tells: "licences, sources and banned crates (deny.toml)",
        run: deny,
        mend: "see deny.toml; `cargo tree -i NAME` shows who brings a crate",
    },
    Step {
        name: "generate",
        tells: "docs/reference is what the binary says (cargo xtask generate --check)",
        run: generate::check,
        mend: "run `cargo xtask generate` and commit what it writes",
    },
    Step {
        name: "doc",
        tells: "cargo doc --workspace --no-deps, warnings are errors",
        run: doc,
        mend: "mend the links and items named above",
    },
    Step {
        name: "test",
        tells: "cargo test --workspace, with PostgreSQL and Chromium",
        run: test,
        mend: "run the failing test alone: cargo xtask pg --fast -- cargo test --package CRATE NAME",
    },
];

/// Runs the subcommand.
pub(crate) fn command(arguments: &[String]) -> Result<ExitCode, Failure> {
    let mut skipped = Vec::new();
    let mut only = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let list = match argument.as_str() {
            "--skip" => &mut skipped,
            "--only" => &mut only,
            "--help" | "-h" => {
                print_help();
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(Failure::unknown_argument("ci", other)),
        };
        list.push(step_named(rest.next())?);
    }
    let steps: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_empty() || only.contains(&step.name))
        .filter(|step| !skipped.contains(&step.name))
        .collect();
    Ok(run(&steps))
}

fn step_named(name: Option<&String>) -> Result<&'static str, Failure> {
    let known = STEPS.map(|step| step.name);
    known
        .into_iter()
        .find(|known| name.is_some_and(|name| name == known))
        .ok_or_else(|| {
            Failure::new("--skip and --only take the name of a step")
                .hint(format!("one of {}", known.join(", ")))
        })
}

fn print_help() {
    println!("cargo xtask ci: run all that a change must pass\n");
    println!("Usage: cargo xtask ci [--only STEP].. [--skip STEP]..\n");
    println!("Steps, in order; the first that fails ends the run and says what to do:");
    for step in &STEPS {
        println!("  {:<9} {}", step.name, step.tells);
    }
    println!(
        "\nNeeds nothing but Rust (rustup) and a C compiler. As root on Debian it installs what is missing.\n\
         CORKBOARD_TEST_POSTGRES, CORKBOARD_TEST_CHROMIUM and CORKBOARD_TEST_CHROMEDRIVER name a server, a browser\n\
         and a driver of your own."
    );
}

fn run(steps: &[&Step]) -> ExitCode {
    let whole = Instant::now();
    let count = steps.len();
    for (at, step) in steps.iter().enumerate() {
        eprintln!("\n[{}/{count}] {}: {}", at + 1, step.name, step.tells);
        let start = Instant::now();
        let result = (step.run)();
        let seconds = start.elapsed().as_secs_f64();
        if let Err(failure) = result {
            eprintln!("{failure}");
            eprintln!("\nci: FAILED at `{}` after {seconds:.1} s", step.name);
            eprintln!("hint: {}", step.mend);
            eprintln!("hint: repeat with `cargo xtask ci --only {}`", step.name);
            return ExitCode::FAILURE;
        }
        eprintln!("[{}/{count}] {}: ok ({seconds:.1} s)", at + 1, step.name);
    }
    let skipped: Vec<&str> = STEPS
        .iter()
        .map(|step| step.name)
        .filter(|name| steps.iter().all(|step| step.name != *name))
        .collect();
    let seconds = whole.elapsed().as_secs_f64();
    if skipped.is_empty() {
        eprintln!("\nci: PASSED, all {count} steps, {seconds:.1} s");
    } else {
        let skipped = skipped.join(", ");
        eprintln!("\nci: passed {count} steps, {seconds:.1} s; NOT run: {skipped}");
    }
    ExitCode::SUCCESS
}

fn tools() -> Result<(), Failure> {
    if own_postgres() {
        eprintln!("  PostgreSQL: the one of CORKBOARD_TEST_POSTGRES");
    } else {
        eprintln!("  PostgreSQL: {}", Binaries::ensure()?.postgres.display());
    }
    let browser = Browser::ensure()?;
    eprintln!("  Chromium: {}", browser.chromium.display());
    eprintln!("  chromedriver: {}", browser.driver.display());
    Ok(())
}

fn clippy() -> Result<(), Failure> {
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D"];
    process::run(cargo(words).arg("warnings"))
}

fn deny() -> Result<(), Failure> {
    supply::check()?;
    let installed = cargo(["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        eprintln!("  cargo-deny is not installed: its own run is skipped");
        eprintln!("  (`cargo install --locked cargo-deny` gets it, in some minutes)");
        return Ok(());
    }
    process::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]))
}

fn doc() -> Result<(), Failure> {
    let mut command = cargo(["doc", "--workspace", "--no-deps"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn test() -> Result<(), Failure> {
    let browser = Browser::ensure()?;
    let mut command = cargo(["test", "--workspace"]);
    command
        .env("CORKBOARD_TEST_CHROMIUM", browser.chromium)
        .env("CORKBOARD_TEST_CHROMEDRIVER", browser.driver);
    if own_postgres() {
        return process::run(&mut command);
    }
    let server = Server::start(Durability::None)?;
    with(&server, &mut command)
}

fn with(server: &Server, command: &mut Command) -> Result<(), Failure> {
    server.tell(command);
    process::run(command)
}

fn own_postgres() -> bool {
    std::env::var_os("CORKBOARD_TEST_POSTGRES").is_some()
}
