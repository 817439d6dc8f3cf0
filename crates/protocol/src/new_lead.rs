//! What the operator posts to make a lead (§8.4): the members of §4.1 without ids and timestamps, plus `businessID`.
//!
//! Unlike a receiver ([`crate::lead`]) the platform judges formats and lengths: what it lets in, partners have to take.

mod limited;
mod read;

pub use read::{CategoryChoice, NewCustomer, NewLead, NewLocation};
