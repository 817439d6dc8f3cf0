//! What the tests of stores and use cases begin with. `bench` is for grants and tokens, `market` for leads and what
//! follows from them, `tools` for stores.

mod bench;
pub(crate) mod market;
mod tools;

pub(crate) use bench::{Bench, OTHER, OWN, REDIRECT_URI, REVOKING, SECRET, TEST, texts};
pub(crate) use tools::{PEOPLE, arrange, core, core_with, in_transaction, start};

pub(crate) use crate::schema::MIGRATIONS;
