//! What the platform remembers: SQL and rows, the owner first in every finder. Nothing here decides.

pub(crate) mod audit;
pub(crate) mod business;
pub(crate) mod client;
pub(crate) mod column;
pub(crate) mod connect_request;
pub(crate) mod connection;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod expired;
pub(crate) mod grant;
pub(crate) mod idempotency;
pub(crate) mod lead;
pub(crate) mod message;
pub(crate) mod node;
pub(crate) mod partner;
pub(crate) mod partner_access;
pub(crate) mod pro;
pub(crate) mod refresh_token;
pub(crate) mod review;
pub(crate) mod session;
