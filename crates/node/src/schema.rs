//! The table of leases, for both databases.

use database::Migrations;

/// The table of leases. Whoever takes a number migrates it together with its own tables.
pub const MIGRATIONS: Migrations = Migrations::new(
    "node",
    &[(
        "V0001__node",
        include_str!("../migrations/sqlite/V0001__node.sql"),
    )],
    &[(
        "V0001__node",
        include_str!("../migrations/postgres/V0001__node.sql"),
    )],
);
