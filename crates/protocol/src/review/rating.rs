//! How good it was.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why a text is not a rating. The message completes the sentence "this member …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be \"1\", \"2\", \"3\", \"4\" or \"5\"")]
pub struct RatingError;

/// One to five, a digit in a string on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rating(u8);

impl Rating {
    /// Reads one digit.
    pub fn parse(text: &str) -> Result<Self, RatingError> {
        match text.as_bytes() {
            [digit @ b'1'..=b'5'] => Ok(Self(digit - b'0')),
            _ => Err(RatingError),
        }
    }

    /// The rating with this number, if it is one to five.
    pub fn from_number(number: u64) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (1..=5).contains(&number).then_some(Self(number))
    }

    /// One to five.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Rating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_one_to_five() {
        for number in 1..=5 {
            let rating = Rating::from_number(number).unwrap();
            assert_eq!(Rating::parse(&rating.to_string()), Ok(rating));
        }
        for text in ["0", "6", "", "5.0", "05", " 5"] {
            assert_eq!(Rating::parse(text), Err(RatingError), "{text:?}");
        }
        assert_eq!(Rating::from_number(0), None);
        assert_eq!(Rating::from_number(261), None);
    }
}
