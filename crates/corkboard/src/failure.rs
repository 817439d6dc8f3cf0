//! What went wrong, in words for people: what happened, then what to do.

use std::fmt;
use std::process::ExitCode;

/// A failed command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user can mend it; exit code 1.
    Mendable { what: String, hint: String },
    /// Nobody expected it; exit code 2.
    Unexpected(String),
    /// The command line was not understood, or help was asked for; clap has the words.
    CommandLine(clap::Error),
}

impl Failure {
    /// The user can mend it, and `hint` says how.
    pub(crate) fn mendable(what: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::Mendable {
            what: what.to_string(),
            hint: hint.to_string(),
        }
    }

    /// The same failure, with what it is about in front.
    pub(crate) fn about(self, subject: &str) -> Self {
        match self {
            Self::Mendable { what, hint } => Self::Mendable {
                what: format!("{subject}: {what}"),
                hint,
            },
            Self::Unexpected(what) => Self::Unexpected(format!("{subject}: {what}")),
            Self::CommandLine(error) => Self::CommandLine(error),
        }
    }

    /// What happened, without what to do.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Mendable { what, .. } | Self::Unexpected(what) => what.clone(),
            Self::CommandLine(error) => error.to_string(),
        }
    }

    /// An error with all its causes, most general first.
    pub(crate) fn unexpected(error: &dyn std::error::Error) -> Self {
        Self::Unexpected(chain(error))
    }

    pub(crate) fn from_clap<T>(error: clap::Error) -> Result<T, Self> {
        Err(Self::CommandLine(error))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Mendable { .. } => ExitCode::from(1),
            Self::CommandLine(error) if error.use_stderr() => ExitCode::from(1),
            Self::CommandLine(_) => ExitCode::SUCCESS,
            Self::Unexpected(_) => ExitCode::from(2),
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
