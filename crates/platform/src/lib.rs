//! The marketplace's side: OAuth server, partner API v1 to v3, operator API, deliveries to partners, pages for pros.
//!
//! Layers, each knowing only those before it: `domain` (rules, pure), `store` (SQL and rows), `service` (use cases, one
//! transaction each), and the faces that translate HTTP: `api` (what partners call), `oauth`, `operator`, `pages`.
//! `jobs` is background work. [`App`] puts them together; start reading at `routes.rs`.

mod api;
mod app;
mod core;
mod delivery_shapes;
pub mod demo;
mod domain;
mod jobs;
mod oauth;
mod operator;
mod pages;
mod routes;
mod schema;
mod service;
mod settings;
mod store;
#[cfg(test)]
mod testing;

pub use app::{App, BuildError, ConfirmError, Parts};
pub use schema::MIGRATIONS;
pub use service::demo::DemoError;
pub use settings::{DeliveryHistory, DeliveryTimes, Environment, RequestLimit, Settings};
