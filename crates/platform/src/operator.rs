//! The operator API (protocol §8.1): how a marketplace feeds the platform, looks after it, and follows what happens.
//!
//! Every handler takes an [`Operator`], which only the right key makes.

mod access;
mod answers;
mod businesses;
mod clients;
mod connections;
mod csv;
mod deliveries;
mod enablements;
mod endpoints;
mod errors;
mod events;
mod impairments;
mod leads;
mod messages;
mod partner_deliveries;
mod partners;
mod price;
mod pros;
pub(crate) mod reading;
mod replays;
mod review;
mod targeting;

use axum::Router;
use axum::routing::{delete, get, post, put};
use protocol::paths::operator as paths;

use crate::core::Core;

pub(crate) use access::Operator;

/// All routes of the operator API.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .merge(set_up())
        .merge(leads::routes())
        .merge(follow())
        .merge(deliver())
}

/// Who there is.
fn set_up() -> Router<Core> {
    Router::new()
        .route(
            paths::PARTNERS,
            get(partners::list_partners).post(partners::create_partner),
        )
        .route(paths::PARTNER, get(partners::get_partner))
        .route(
            paths::PARTNER_ENDPOINTS,
            get(endpoints::get_partner_endpoints).put(endpoints::set_partner_endpoints),
        )
        .route(
            paths::PARTNER_BUSINESSES,
            get(enablements::list_partner_businesses),
        )
        .route(
            paths::PARTNER_BUSINESS,
            put(enablements::enable_partner_business).delete(enablements::disable_partner_business),
        )
        .route(
            paths::CLIENTS,
            get(clients::list_clients).post(clients::create_client),
        )
        .route(paths::CLIENT, get(clients::get_client))
        .route(paths::PROS, get(pros::list_pros).post(pros::create_pro))
        .route(paths::PRO, get(pros::get_pro))
        .route(
            paths::BUSINESSES,
            get(businesses::list_businesses).post(businesses::create_business),
        )
        .route(paths::BUSINESS, get(businesses::get_business))
}

/// What happens.
fn follow() -> Router<Core> {
    Router::new()
        .route(paths::CONNECTIONS, get(connections::list_connections))
        .route(paths::CONNECTION, delete(connections::delete_connection))
        .route(paths::IMPAIRMENTS, get(impairments::list_impairments))
        .route(paths::IMPAIRMENT, get(impairments::get_impairment))
        .route(
            paths::IMPAIRMENT_CHARGED_LEADS,
            get(impairments::list_charged_leads),
        )
        .route(paths::EVENTS, get(events::list_events))
}

/// What is on its way to partners.
fn deliver() -> Router<Core> {
    Router::new()
        .route(paths::DELIVERIES, get(deliveries::list_deliveries))
        .route(paths::DELIVERY, get(deliveries::get_delivery))
        .route(paths::DELIVERY_BODY, get(deliveries::get_delivery_body))
        .route(paths::DELIVERY_RETRY, post(deliveries::retry_delivery))
        .route(paths::DELIVERY_CANCEL, post(deliveries::cancel_delivery))
        .route(
            paths::PARTNER_HEALTH,
            get(partner_deliveries::get_partner_health),
        )
        .route(
            paths::PARTNER_PAUSE,
            post(partner_deliveries::pause_partner),
        )
        .route(
            paths::PARTNER_LIMITS,
            put(partner_deliveries::put_partner_limits),
        )
        .route(
            paths::PARTNER_RESUME,
            post(partner_deliveries::resume_partner),
        )
        .route(
            paths::PARTNER_CANCEL_DELIVERIES,
            post(partner_deliveries::cancel_partner_deliveries),
        )
        .route(paths::PARTNER_REPLAY, post(replays::replay_partner))
        .route(paths::REPLAYS, get(replays::list_replays))
        .route(paths::REPLAY, get(replays::get_replay))
        .route(paths::REPLAY_CANCEL, post(replays::cancel_replay))
}
