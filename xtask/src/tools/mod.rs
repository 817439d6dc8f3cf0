//! What the tests need beside Rust: PostgreSQL, Chromium and its driver. Found where the usual packages put them, and
//! installed where that is possible without asking (Debian and its kin, as root or with password-less sudo).
//!
//! Not for: starting any of them (`postgres.rs` does that for the server; the tests start the browser).

mod browser;
mod install;
mod postgresql;
mod search;

pub(crate) use browser::Browser;
pub(crate) use install::is_root;
pub(crate) use postgresql::Binaries;
