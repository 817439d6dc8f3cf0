//! What browsers open: the start page, and the page to which the platform sends a pro back. Nobody logs in here.
//!
//! Templates are in `templates/`, the words and the context of each beside its handler.

mod callback;
mod start;
mod templates;

use axum::Router;
use axum::routing::get;
use protocol::paths::gateway;

pub(crate) use templates::templates;

use crate::core::Core;

/// The pages. They need [`web::pages::Pages`] with [`templates`] around them.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .route("/", get(start::show_start))
        .route(gateway::CONNECT_CALLBACK, get(callback::finish_connection))
}
