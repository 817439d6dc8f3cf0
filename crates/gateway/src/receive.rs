//! What the platform calls (protocol §4): leads, messages, lead updates and reviews, with HTTP Basic.
//!
//! 2xx only once the body is on disk. A message or update whose lead is not here yet is kept and answered 202.

mod errors;
mod handlers;
mod sender;

use axum::Router;
use axum::routing::post;
use protocol::paths::receiver;

use crate::core::Core;

/// The endpoints. Real partners' platforms send updates by PUT; other methods are accepted where they were agreed on.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .route(receiver::LEAD, post(handlers::receive_lead))
        .route(receiver::MESSAGE, post(handlers::receive_message))
        .route(
            receiver::LEAD_UPDATE,
            axum::routing::put(handlers::receive_lead_update).post(handlers::receive_lead_update),
        )
        .route(receiver::REVIEW, post(handlers::receive_review))
}
