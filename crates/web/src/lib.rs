//! The HTTP kit of both sides, platform and gateway: what every endpoint and every page needs, and nothing that only one
//! of them does. It knows no marketplace and no database.
//!
//! A side builds its routers, puts [`pages::Pages::around`] the ones that people see, merges them, puts
//! [`frame::Frame::around`] the whole and hands it to [`serve::serve`].

// What an answer says when something is wrong.
pub mod error;

// Where a request comes from and where we are.
pub mod client_address;
pub mod cookies;
pub mod origin;

// Around every request.
pub mod frame;
pub mod headers;
pub mod probes;
pub mod request_id;
pub mod serve;

// Reading a request.
pub mod body;
pub mod credentials;
pub mod cursor;
pub mod idempotency_key;
pub mod parameters;
pub mod path;

// Answering bit by bit.
pub mod sent_events;

// How often someone may ask.
pub mod limits;

// What people see.
pub mod pages;
