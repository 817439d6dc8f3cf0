//! Use cases: one transaction each.

pub(crate) mod announce;
pub(crate) mod arrival_events;
pub(crate) mod call;
pub(crate) mod connect;
pub(crate) mod connection_events;
pub(crate) mod connections;
pub(crate) mod event_feed;
pub(crate) mod forward_control;
pub(crate) mod forward_deliveries;
pub(crate) mod forward_directory;
pub(crate) mod forward_secrets;
pub(crate) mod forwards;
pub(crate) mod inbox;
pub(crate) mod person;
pub(crate) mod quarantine;
pub(crate) mod receive;
pub(crate) mod replies;
pub(crate) mod reply_events;
pub(crate) mod reply_outcome;
pub(crate) mod reply_sending;
pub(crate) mod targeting;
pub(crate) mod tokens;
pub(crate) mod waiting_messages;
