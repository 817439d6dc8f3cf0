//! The gateway's tables, for both databases.

use database::Migrations;

/// Everything that the gateway's database holds: its own tables, and the delivery engine's.
pub const MIGRATIONS: &[Migrations] = &[GATEWAY, delivery::MIGRATIONS, node::MIGRATIONS];

const GATEWAY: Migrations = Migrations::new(
    "gateway",
    &[
        (
            "V0001__gateway",
            include_str!("../migrations/sqlite/V0001__gateway.sql"),
        ),
        (
            "V0002__forwards",
            include_str!("../migrations/sqlite/V0002__forwards.sql"),
        ),
    ],
    &[
        (
            "V0001__gateway",
            include_str!("../migrations/postgres/V0001__gateway.sql"),
        ),
        (
            "V0002__forwards",
            include_str!("../migrations/postgres/V0002__forwards.sql"),
        ),
    ],
);
