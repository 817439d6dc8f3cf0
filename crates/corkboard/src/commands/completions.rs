//! `completions`: what a shell needs to complete our words.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::printer;

/// Prints the completions of `shell`.
pub(crate) fn print(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "corkboard", &mut script);
    printer::line(String::from_utf8_lossy(&script).trim_end());
}
