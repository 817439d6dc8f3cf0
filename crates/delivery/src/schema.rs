//! The engine's tables, for both databases.

use database::Migrations;

/// All versions of the engine's schema. They belong in the database of whoever records deliveries.
pub const MIGRATIONS: Migrations = Migrations::new(
    "delivery",
    &[
        (
            "V0001__delivery",
            include_str!("../migrations/sqlite/V0001__delivery.sql"),
        ),
        (
            "V0003__replay",
            include_str!("../migrations/sqlite/V0003__replay.sql"),
        ),
    ],
    &[
        (
            "V0001__delivery",
            include_str!("../migrations/postgres/V0001__delivery.sql"),
        ),
        (
            "V0003__replay",
            include_str!("../migrations/postgres/V0003__replay.sql"),
        ),
    ],
);
