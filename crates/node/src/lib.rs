//! The number under which a process makes ids (protocol D1): leased from the database, so that no two processes of a
//! side use one. Both sides take part in the same way.
//!
//! It knows nothing of what the ids are for.

mod keep;
mod lease;
mod schema;
mod store;

pub use keep::keep;
pub use lease::{NodeError, NodeLease, process_name, release, renew, take};
pub use schema::MIGRATIONS;
