//! What is wrong with a body: where, as a JSON pointer (RFC 6901), and why.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The member, such as `/request/location/city`; empty for the body as a whole.
    pub pointer: String,
    /// What the member should have been, such as "must be a string".
    pub reason: String,
}

impl Problem {
    /// A problem with the member at this pointer.
    pub fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self.pointer.as_str() {
            "" => "the body",
            pointer => pointer,
        };
        write!(formatter, "{subject} {}", self.reason)
    }
}

/// All problems in one sentence, for an `error_description`.
///
/// ```
/// use protocol::json::{Problem, sentence};
/// let problems = [Problem::new("/leadID", "is required"), Problem::new("/price", "must be a string")];
/// assert_eq!(sentence(&problems), "/leadID is required; /price must be a string.");
/// ```
pub fn sentence(problems: &[Problem]) -> String {
    let clauses: Vec<String> = problems.iter().map(Problem::to_string).collect();
    format!("{}.", clauses.join("; "))
}

/// How many problems are kept: a body of 1 MiB can hold a hundred thousand, and an answer must not.
const KEPT: usize = 100;

/// Collects what is wrong while a body is read. Shared by the readers of all its objects.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem. Beyond the hundredth only the fact is kept that there are more.
    pub fn report(&self, pointer: impl Into<String>, reason: impl Into<String>) {
        let mut problems = self.0.borrow_mut();
        if problems.len() < KEPT {
            problems.push(Problem::new(pointer, reason));
        } else if problems.len() == KEPT {
            problems.push(Problem::new("", "has more problems than are listed"));
        }
    }

    /// What was read, if nothing is wrong with it; otherwise everything that is. A reader returns `None` only after it
    /// has reported why.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        let mut problems = self.0.into_inner();
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            None if problems.is_empty() => {
                problems.push(Problem::new("", "could not be read"));
                Err(problems)
            }
            _ => Err(problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_problems_is_cut() {
        let problems = Problems::new();
        for index in 0..100_000 {
            problems.report(format!("/details/{index}"), "must be an object");
        }
        let kept = problems.finish(Some(())).unwrap_err();
        assert_eq!(kept.len(), KEPT + 1);
        assert_eq!(
            kept.last().map(ToString::to_string).as_deref(),
            Some("the body has more problems than are listed")
        );
    }

    #[test]
    fn a_reader_that_gives_up_silently_is_still_an_error() {
        assert!(Problems::new().finish(None::<()>).is_err());
        assert_eq!(Problems::new().finish(Some(1)), Ok(1));
    }
}
