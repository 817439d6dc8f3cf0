//! The partner's side, ready-made: receives leads, messages, updates and reviews, keeps them, answers customers, and
//! keeps the connections to the platform alive.
//!
//! Layers, each knowing only those before it: `domain` (rules, pure), `store` (SQL and rows), `service` (use cases, one
//! transaction each), and the faces that translate HTTP: `receive` (what the platform calls), `api` (what the partner's
//! own programs call), `pages` (what browsers open). `jobs` is background work. [`App`] puts them together; start
//! reading at `routes.rs`.

mod api;
mod app;
mod core;
mod domain;
mod jobs;
mod pages;
mod receive;
mod routes;
mod schema;
mod service;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use app::{App, BuildError, Parts};
pub use schema::MIGRATIONS;
pub use service::person::PersonError;
pub use settings::{PlatformAccount, Settings};
