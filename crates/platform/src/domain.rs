//! The rules of the platform: pure, with time and randomness as arguments. Nothing here knows a database or HTTP.

pub(crate) mod business;
pub(crate) mod client;
pub(crate) mod client_words;
pub(crate) mod connect;
pub(crate) mod connect_query;
pub(crate) mod curl;
pub(crate) mod endpoint;
pub(crate) mod endpoint_health;
pub(crate) mod grant;
pub(crate) mod impairment;
pub(crate) mod lead;
pub(crate) mod message;
pub(crate) mod outlook;
pub(crate) mod partner;
pub(crate) mod pro;
pub(crate) mod reconnect;
pub(crate) mod redirect_uri;
pub(crate) mod refresh;
pub(crate) mod session;
pub(crate) mod test_data;
pub(crate) mod text;
