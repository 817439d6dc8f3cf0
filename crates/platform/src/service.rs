//! The use cases of the platform, one transaction each: find, judge, save, record what is to be delivered, audit.

pub(crate) mod business;
pub(crate) mod event_feed;
pub(crate) mod idempotency;
pub(crate) mod ids;
pub(crate) mod node;
pub(crate) mod partner;
pub(crate) mod pro;
