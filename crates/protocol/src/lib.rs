//! The wire, shared by both sides: what the platform and its partners say to each other.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time, randomness and keys are arguments. Rules of one
//! side (who may do what, what happens next) live in `platform` and `gateway`; the retry schedule lives in `delivery`.
//!
//! The section numbers (§) in this crate's comments are those of the protocol document.

// Small values that everything else is made of.
pub mod id;
pub mod phone;
pub mod price;
pub mod scope;
pub mod timestamp;

// Reading a body.
pub mod error_code;
pub mod json;
mod limited;

// What the platform sends to partners (§4).
pub mod attachment;
pub mod lead;
pub mod lead_update;
pub mod message;
pub mod optional_fields;
pub mod review;
pub mod schedule;

// What the gateway tells a CRM (§8.2).
pub mod event;

// What is asked of the platform (§3, §8.4).
pub mod new_lead;
pub mod targeting;

// Proofs of identity (§2, §4.5).
pub mod access_token;
pub mod authorization_code;
pub mod basic_credentials;
mod hashing;
pub mod pkce;
pub mod standard_webhooks;

// Where everything is.
pub mod paths;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;

#[cfg(test)]
mod wire_tests;
