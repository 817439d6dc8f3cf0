//! The client that calls one of these endpoints, what it asks, and the style in which it is answered.

use axum::response::{IntoResponse, Response};
use web::client_address::ClientAddress;
use web::credentials::Basic;
use web::error::{ApiError, ErrorStyle};
use web::headers::NoStore;
use web::parameters::Parameters;

use crate::core::Core;
use crate::domain::client::Client;
use crate::oauth::errors;
use crate::service::client_authentication::{PresentedClient, authenticate};

/// A client that has proved itself, and what it asks.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) parameters: Parameters,
}

/// Reads the parameters and proves the client, before anything else is looked at.
pub(super) async fn authenticated(
    core: &Core,
    source: ClientAddress,
    basic: &Basic,
    parameters: Result<Parameters, ApiError>,
) -> Result<Caller, ApiError> {
    let parameters = parameters?;
    let presented = PresentedClient {
        basic: basic.0.as_ref().map_err(|error| *error),
        client_id: parameters.get("client_id"),
        client_secret: parameters.get("client_secret"),
    };
    match authenticate(core, &presented, source).await {
        Ok(client) => Ok(Caller { client, parameters }),
        Err(error) => Err(errors::client_refused(&error, basic)),
    }
}

/// The answer in the endpoint's style; no cache may keep it.
pub(super) fn answer<T: IntoResponse>(result: Result<T, ApiError>, style: ErrorStyle) -> Response {
    match result {
        Ok(found) => NoStore(found).into_response(),
        Err(error) => NoStore(error.in_style(style)).into_response(),
    }
}
