//! The rules of the platform: pure, with time and randomness as arguments. Nothing here knows a database or HTTP.

pub(crate) mod business;
pub(crate) mod endpoint;
pub(crate) mod partner;
pub(crate) mod pro;
pub(crate) mod text;
