//! Reading JSON from strangers: [`parse`] under limits, then [`Members`] to take a body apart and name all that is wrong.
//!
//! Writing needs nothing of this: the wire types are serializable.

mod members;
mod parse;
mod problem;

pub use members::Members;
pub use parse::{BODY_LIMIT, JsonError, JsonFault, NESTING_LIMIT, parse};
pub use problem::{Problem, Problems, sentence};
