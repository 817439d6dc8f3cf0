//! What partners' programs call (protocol §2.3, §2.4, §3, §8.7): what a token is for, disconnecting, messages, targeting,
//! test data, and the log of what is delivered to them.
//!
//! Who calls is the first argument of each handler ([`bearer::Bearer`], `partner_basic::BasicPartner`), so that the checks
//! come in the order of §3: token, scope, path, ownership, body, and then existence and state in the use case.

pub(crate) mod bearer;
mod deliveries;
mod disconnect;
mod endpoint;
mod errors;
mod info;
mod message;
mod partner_basic;
mod success;
mod targeting;
mod test_lead;

use axum::Router;
use axum::routing::{get, patch, post};
use protocol::paths::partner as paths;

use crate::core::Core;
use crate::settings::Environment;

/// All routes of the partner API. In production there is none that makes test data (protocol §3.3).
pub(crate) fn routes(environment: Environment) -> Router<Core> {
    let routes = Router::new()
        .route(paths::INFO, get(info::show_info))
        .route(paths::DISCONNECT, post(disconnect::disconnect_partner))
        .route(paths::MESSAGE, post(message::send_message))
        .route(paths::MESSAGE_V1, post(message::send_message_v1))
        .route(paths::TARGETING, patch(targeting::set_targeting))
        .route(
            paths::CATEGORY_TARGETING,
            patch(targeting::set_category_targeting),
        )
        .route(paths::DELIVERIES, get(deliveries::list_own_deliveries))
        .route(paths::DELIVERY, get(deliveries::get_own_delivery))
        .route(paths::ENDPOINT, get(endpoint::get_own_endpoint));
    match environment {
        Environment::Staging => routes.route(paths::CREATE_LEAD, post(test_lead::create_test_lead)),
        Environment::Production => routes,
    }
}

#[cfg(test)]
mod tests;
