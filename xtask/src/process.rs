//! Running other programs: shown while they run, or read when they are done.
//!
//! Not for: servers that outlive a call (`postgres.rs` does that).

use std::ffi::OsStr;
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Doing, Failure};

/// A cargo command, run by the cargo that runs us, in the root of the workspace.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(crate::repository::root());
    command
}

/// Runs a command whose output goes to the terminal, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed ({status})",
        words(command)
    )))
}

/// Runs a command whose output goes to the terminal and returns how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    command
        .status()
        .doing(|| format!("run `{}`", words(command)))
}

/// Runs a command and returns what it wrote to stdout; its stderr goes to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .doing(|| format!("run `{}`", words(command)))?;
    if !output.status.success() {
        let what = format!("`{}` failed ({})", words(command), output.status);
        return Err(Failure::new(what));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::new(format!("`{}` wrote what is not UTF-8", words(command))))
}

/// The command as a person would type it: program without its directory, then the arguments.
pub(crate) fn words(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or_else(|| command.get_program())
        .to_string_lossy();
    let mut words = vec![name.into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
