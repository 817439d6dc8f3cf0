//! Names that people read: of partners, pros, businesses and categories.

use std::fmt;

use thiserror::Error;

/// The longest name, in characters.
const LONGEST: usize = 200;

/// A name without space around it and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

/// Why a text is not a name. Each message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum NameError {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    #[error("must not hold control characters")]
    Control,
}

impl Name {
    /// Reads a name; space around it is dropped.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > LONGEST {
            return Err(NameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_holds_something_to_read() {
        assert_eq!(Name::parse("  Acme CRM ").unwrap().as_str(), "Acme CRM");
        assert_eq!(Name::parse(" \n"), Err(NameError::Empty));
        assert_eq!(Name::parse("a\0b"), Err(NameError::Control));
        assert_eq!(Name::parse(&"é".repeat(201)), Err(NameError::TooLong));
        assert!(Name::parse(&"é".repeat(200)).is_ok());
    }
}
