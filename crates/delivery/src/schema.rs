//! The engine's tables, for both databases.

use database::Migrations;

macro_rules! texts {
    ($engine:literal, $($name:literal),*) => {
        &[$(($name, include_str!(concat!("../migrations/", $engine, "/", $name, ".sql")))),*]
    };
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        Migrations::new("delivery", texts!("sqlite", $($name),*), texts!("postgres", $($name),*))
    };
}

/// All versions of the engine's schema. They belong in the database of whoever records deliveries.
pub const MIGRATIONS: Migrations = migrations![
    "V0001__delivery",
    "V0002__limits",
    "V0003__replay",
    "V0004__retention"
];
