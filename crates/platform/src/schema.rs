//! The platform's tables, for both databases.

use database::Migrations;

/// Everything that the platform's database holds: its own tables, and the delivery engine's.
pub const MIGRATIONS: &[Migrations] = &[PLATFORM, delivery::MIGRATIONS, node::MIGRATIONS];

const PLATFORM: Migrations = Migrations::new(
    "platform",
    &[
        (
            "V0001__platform",
            include_str!("../migrations/sqlite/V0001__platform.sql"),
        ),
        (
            "V0002__impairment",
            include_str!("../migrations/sqlite/V0002__impairment.sql"),
        ),
    ],
    &[
        (
            "V0001__platform",
            include_str!("../migrations/postgres/V0001__platform.sql"),
        ),
        (
            "V0002__impairment",
            include_str!("../migrations/postgres/V0002__impairment.sql"),
        ),
    ],
);
