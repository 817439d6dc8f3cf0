//! The metadata of the authorization server (RFC 8414). They advertise the endpoints in the RFCs' style: whoever reads
//! them is a client that follows the RFCs.

use axum::Json;
use axum::extract::State;
use protocol::paths::oauth as paths;
use protocol::scope::Scope;
use serde_json::{Value, json};

use crate::core::Core;

/// `GET /.well-known/oauth-authorization-server`.
pub(super) async fn show_metadata(State(core): State<Core>) -> Json<Value> {
    let origin = &core.settings.base_url;
    let client_authentication = ["client_secret_basic", "client_secret_post"];
    Json(json!({
        "issuer": origin.as_str(),
        "authorization_endpoint": origin.url(paths::AUTHORIZE),
        "token_endpoint": origin.url(paths::TOKEN),
        "revocation_endpoint": origin.url(paths::REVOKE),
        "introspection_endpoint": origin.url(paths::INTROSPECT),
        "scopes_supported": Scope::ALL.map(Scope::as_str),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_methods_supported": client_authentication,
        "introspection_endpoint_auth_methods_supported": client_authentication,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
