//! Where every endpoint is: one constant per path, in the router's syntax (`{leadID}`), and a function per path with
//! parameters that fills it for a caller.
//!
//! Routers, clients, templates and tests all take paths from here, so that none of them can disagree.

pub mod gateway;
pub mod oauth;
pub mod operator;
pub mod partner;
pub mod receiver;
pub mod sandbox;

mod fill;

/// Whether the process lives; 200 (§8.6).
pub const HEALTHZ: &str = "/healthz";
/// Whether the process can serve (§8.6).
pub const READYZ: &str = "/readyz";
/// Prometheus text, on the operator's listener only (§8.6).
pub const METRICS: &str = "/metrics";
