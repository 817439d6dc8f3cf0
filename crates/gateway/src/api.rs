//! What the partner's own programs call: `/api/v1/…` with the gateway key (protocol §8.2, §8.4).

mod connections;
mod errors;
mod events;
mod forward_deliveries;
mod forwards;
mod key;
mod leads;
mod quarantine;
mod reading;
mod replies;
mod reviews;
mod targeting;

use axum::Router;

pub(crate) use key::ApiKey;

use crate::core::Core;

/// The endpoints.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .merge(connections::routes())
        .merge(events::routes())
        .merge(forward_deliveries::routes())
        .merge(forwards::routes())
        .merge(leads::routes())
        .merge(quarantine::routes())
        .merge(replies::routes())
        .merge(reviews::routes())
        .merge(targeting::routes())
}
