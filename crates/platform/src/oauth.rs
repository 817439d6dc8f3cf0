//! The OAuth endpoints that programs call (protocol §2.2): tokens, revocation, introspection, metadata. Two styles over
//! the same services: the source's below `/v2/tokens`, the RFCs' below `/oauth2`. The connect page is in `pages`.

mod caller;
mod errors;
mod introspect;
mod metadata;
mod revoke;
#[cfg(test)]
mod tests;
mod token;

use axum::Router;
use axum::routing::{get, post};
use protocol::paths::oauth as paths;

use crate::core::Core;

/// All routes of this face.
pub(crate) fn routes() -> Router<Core> {
    Router::new()
        .route(
            paths::TOKENS_ACCESS,
            post(token::create_token_in_source_style),
        )
        .route(paths::TOKEN, post(token::create_token_in_rfc_style))
        .route(
            paths::TOKENS_REVOKE,
            post(revoke::revoke_token_in_source_style),
        )
        .route(paths::REVOKE, post(revoke::revoke_token_in_rfc_style))
        .route(
            paths::TOKENS_INTROSPECT,
            post(introspect::introspect_token_in_source_style),
        )
        .route(
            paths::INTROSPECT,
            post(introspect::introspect_token_in_rfc_style),
        )
        .route(paths::METADATA, get(metadata::show_metadata))
}
