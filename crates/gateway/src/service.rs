//! Use cases: one transaction each.

pub(crate) mod call;
pub(crate) mod connect;
pub(crate) mod connections;
pub(crate) mod inbox;
pub(crate) mod person;
pub(crate) mod quarantine;
pub(crate) mod receive;
pub(crate) mod replies;
pub(crate) mod reply_sending;
pub(crate) mod targeting;
pub(crate) mod tokens;
