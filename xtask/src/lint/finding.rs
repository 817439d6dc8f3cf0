//! What a check reports: where, what, and what to do about it.

use std::fmt;

/// Whether a finding fails the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It must be mended.
    Error,
    /// It is worth knowing.
    Remark,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// Relative to the root of the repository.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

impl Finding {
    /// A finding that fails the check.
    pub(crate) fn error(file: &str, line: usize, what: String, hint: &'static str) -> Self {
        Self {
            weight: Weight::Error,
            file: file.to_owned(),
            line,
            what,
            hint,
        }
    }

    /// A finding that only informs.
    pub(crate) fn remark(file: &str, line: usize, what: String, hint: &'static str) -> Self {
        Self {
            weight: Weight::Remark,
            ..Self::error(file, line, what, hint)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Error => "",
            Weight::Remark => "note: ",
        };
        write!(
            formatter,
            "{}:{}: {word}{}\n    hint: {}",
            self.file, self.line, self.what, self.hint
        )
    }
}
