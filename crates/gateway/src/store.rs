//! SQL and rows. Every finder takes the owner's id first, where a row has an owner.

pub(crate) mod connect_attempt;
pub(crate) mod connection;
pub(crate) mod connection_token;
pub(crate) mod event;
pub(crate) mod forward;
pub(crate) mod forward_secret;
pub(crate) mod lead;
pub(crate) mod lead_update;
pub(crate) mod message;
pub(crate) mod person;
pub(crate) mod quarantine;
pub(crate) mod reply;
pub(crate) mod review;
pub(crate) mod revision;
pub(crate) mod waiting_message;

#[cfg(test)]
mod tests;
