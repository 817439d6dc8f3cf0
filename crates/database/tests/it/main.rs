//! The database on both engines. The PostgreSQL half needs a server: `cargo xtask pg -- cargo test -p database`.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and so may its actors"
)]

mod actors;
mod failures;
mod group_commit;
mod migrations;
mod nodes;
mod notices;
mod schema;
mod values;
mod writes;
