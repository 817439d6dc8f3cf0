//! The text of a message that enters the platform.

use std::fmt;

use serde::{Serialize, Serializer};

/// The longest message, in characters after trimming (§3.1).
pub const LONGEST_MESSAGE: usize = 4_000;

/// Why a text is not a message. Each message completes the sentence "this member …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageTextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More than [`LONGEST_MESSAGE`] characters.
    #[error("must have at most {LONGEST_MESSAGE} characters, not {0}")]
    TooLong(usize),
    /// U+0000, which no database keeps as text.
    #[error("must not contain the character U+0000")]
    Nul,
}

/// A text of 1 to 4,000 characters, without white space around it. `Debug` shows its length only: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims the text and checks what is left.
    ///
    /// ```
    /// use protocol::message::MessageText;
    /// assert_eq!(MessageText::parse(" Yes, we do.\n").unwrap().as_str(), "Yes, we do.");
    /// ```
    pub fn parse(text: &str) -> Result<Self, MessageTextError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(MessageTextError::Empty);
        }
        let characters = trimmed.chars().count();
        if characters > LONGEST_MESSAGE {
            return Err(MessageTextError::TooLong(characters));
        }
        if trimmed.contains('\0') {
            return Err(MessageTextError::Nul);
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MessageText({} bytes)", self.0.len())
    }
}

impl Serialize for MessageText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_characters_after_trimming() {
        let longest = "é".repeat(LONGEST_MESSAGE);
        assert!(MessageText::parse(&format!(" {longest}\n")).is_ok());
        assert_eq!(
            MessageText::parse(&format!("{longest}é")),
            Err(MessageTextError::TooLong(4_001))
        );
        assert_eq!(
            MessageText::parse(" \u{3000}\n"),
            Err(MessageTextError::Empty)
        );
        assert_eq!(MessageText::parse("a\0b"), Err(MessageTextError::Nul));
    }

    #[test]
    fn a_text_is_not_printed_for_programmers() {
        let text = MessageText::parse("my door code is 4711").unwrap();
        assert_eq!(format!("{text:?}"), "MessageText(20 bytes)");
    }
}
