//! `POST /v2/disconnect-partner` (protocol §2.4): a client ends its connections to a business.

use axum::Json;
use axum::extract::State;
use protocol::id::BusinessId;
use serde::Serialize;
use web::client_address::ClientAddress;
use web::credentials::Basic;
use web::error::ApiError;
use web::parameters::Parameters;

use crate::api::bearer::refused;
use crate::core::Core;
use crate::service::access::AccessError;
use crate::service::client_authentication::{
    ClientAuthenticationError, PresentedClient, authenticate,
};
use crate::service::disconnect::{self, DisconnectError, Disconnector};

/// The answer; its members come in the documented order.
#[derive(Serialize)]
pub(crate) struct DisconnectAnswer {
    business_pk: BusinessId,
    client_id: String,
}

/// Ends the connections, whether there are any or not.
pub(crate) async fn disconnect_partner(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Parameters,
) -> Result<Json<DisconnectAnswer>, ApiError> {
    let presented = PresentedClient {
        basic: basic.0.as_ref().map_err(|error| *error),
        client_id: parameters.get("client_id"),
        client_secret: parameters.get("client_secret"),
    };
    let client = authenticate(&core, &presented, source)
        .await
        .map_err(unproved)?;
    let business_pk = business_pk(&parameters)?;
    disconnect::disconnect(&core, Disconnector::Client, &client.client_id, business_pk)
        .await
        .map_err(failed)?;
    Ok(Json(DisconnectAnswer {
        business_pk,
        client_id: client.client_id,
    }))
}

fn business_pk(parameters: &Parameters) -> Result<BusinessId, ApiError> {
    let text = parameters.required("business_pk")?;
    BusinessId::parse(text)
        .map_err(|error| ApiError::invalid_request(format!("The parameter business_pk {error}.")))
}

fn unproved(error: ClientAuthenticationError) -> ApiError {
    match error {
        ClientAuthenticationError::Refused => ApiError::unauthorized_basic("oauth"),
        ClientAuthenticationError::TooManyFailures(wait)
        | ClientAuthenticationError::TooManyRequests(wait) => wait.into(),
        ClientAuthenticationError::Database(error) => refused(&AccessError::Database(error)),
    }
}

fn failed(error: DisconnectError) -> ApiError {
    match error {
        DisconnectError::UnknownBusiness => {
            ApiError::not_found("No business has the id in business_pk.")
        }
        DisconnectError::Database(error) => refused(&AccessError::Database(error)),
    }
}
