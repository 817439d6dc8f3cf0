//! The one place that prints: results to standard output, everything else to standard error. A reader that went away
//! (`| head`) is no failure.

use std::io::Write as _;

use crate::failure::Failure;

/// A line of a command's result.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line of a command's result in colours, which are left out where no terminal shows them (or `NO_COLOR` is set). What
/// others wrote in it has been made [harmless](crate::words::style::harmless).
pub(crate) fn styled(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// A result as it is.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(bytes).and_then(|()| output.flush());
}

/// A word to the person, beside the result.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Why the command failed, and what to do.
pub(crate) fn failure(failure: &Failure) {
    match failure {
        Failure::Mendable { what, hint } => {
            note(&format!("error: {what}"));
            note(&format!("hint: {hint}"));
        }
        Failure::Unexpected(what) => {
            note(&format!("error: {what}"));
            note(
                "hint: this was not expected; run again with `--log debug` and report what it prints",
            );
        }
        Failure::CommandLine(error) => {
            let _ = error.print();
        }
    }
}
