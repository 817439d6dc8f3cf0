//! What pros see: log-in, the connect page, the Services page, and the start page. Every form is sent from here or refused.
//!
//! A handler reads what a browser sent, calls one use case and answers with a page or a redirect. Templates are in
//! `templates/`, the words and the context of each beside its handler.

mod code;
mod connect;
mod consent;
mod errors;
mod form;
mod login;
mod next_page;
mod notice;
mod scope_words;
mod services;
mod start;
mod templates;
mod visitor;

use axum::Router;
use axum::routing::{get, post};
use protocol::paths::oauth;

pub(crate) use templates::templates;

use crate::core::Core;

/// The pages. They need [`web::pages::Pages`] with [`templates`] around them.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .route("/", get(start::show_start))
        .route(oauth::LOG_IN, get(login::show_login).post(login::log_in))
        .route(oauth::LOG_OUT, post(login::log_out))
        .route(
            oauth::CONNECT,
            get(connect::show_connect).post(connect::answer_connect),
        )
        .route(
            oauth::CONNECT_WITHOUT_SLASH,
            get(connect::show_connect).post(connect::answer_connect),
        )
        .route(
            oauth::AUTHORIZE,
            get(connect::show_authorize).post(connect::answer_connect),
        )
        .route(oauth::SERVICES, get(services::show_services))
        .route(oauth::SERVICES_TARGETING, post(services::switch_targeting))
        .route(
            oauth::SERVICES_DISCONNECT,
            post(services::disconnect_partner),
        )
}

#[cfg(test)]
mod tests;
