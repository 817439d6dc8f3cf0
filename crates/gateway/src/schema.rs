//! The gateway's tables, for both databases.

use database::Migrations;

/// Everything that the gateway's database holds.
pub const MIGRATIONS: &[Migrations] = &[GATEWAY, node::MIGRATIONS];

const GATEWAY: Migrations = Migrations::new(
    "gateway",
    &[(
        "V0001__gateway",
        include_str!("../migrations/sqlite/V0001__gateway.sql"),
    )],
    &[(
        "V0001__gateway",
        include_str!("../migrations/postgres/V0001__gateway.sql"),
    )],
);
