//! The four endpoints. They differ in the kind of body alone.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use web::body::{RawJsonBody, json_error};
use web::error::ApiError;

use super::errors;
use super::sender::Sender;
use crate::core::Core;
use crate::domain::arrival::{Arrival, ArrivalKind};
use crate::service::receive::{self, Delivered};

/// `POST /v1/lead` (protocol §4.1).
pub(super) async fn receive_lead(
    sender: Sender,
    State(core): State<Core>,
    headers: HeaderMap,
    body: RawJsonBody,
) -> Result<StatusCode, ApiError> {
    take(&core, sender, ArrivalKind::Lead, &headers, body).await
}

/// `POST /v1/message` (protocol §4.2).
pub(super) async fn receive_message(
    sender: Sender,
    State(core): State<Core>,
    headers: HeaderMap,
    body: RawJsonBody,
) -> Result<StatusCode, ApiError> {
    take(&core, sender, ArrivalKind::Message, &headers, body).await
}

/// `PUT /v1/lead/update` (protocol §4.3).
pub(super) async fn receive_lead_update(
    sender: Sender,
    State(core): State<Core>,
    headers: HeaderMap,
    body: RawJsonBody,
) -> Result<StatusCode, ApiError> {
    take(&core, sender, ArrivalKind::LeadUpdate, &headers, body).await
}

/// `POST /v1/review` (protocol §4.4).
pub(super) async fn receive_review(
    sender: Sender,
    State(core): State<Core>,
    headers: HeaderMap,
    body: RawJsonBody,
) -> Result<StatusCode, ApiError> {
    take(&core, sender, ArrivalKind::Review, &headers, body).await
}

async fn take(
    core: &Core,
    _: Sender,
    kind: ArrivalKind,
    headers: &HeaderMap,
    body: RawJsonBody,
) -> Result<StatusCode, ApiError> {
    let value = body.value.map_err(|error| json_error(&error))?;
    // Valid JSON is valid UTF-8, so nothing is replaced here.
    let text = String::from_utf8_lossy(&body.bytes).into_owned();
    let arrival = match Arrival::read(kind, &value) {
        Ok(arrival) => arrival,
        Err(problems) => {
            let kept = receive::quarantine(core, kind, text, &problems).await;
            kept.map_err(|error| errors::database(&error))?;
            return Err(errors::problems(&problems));
        }
    };
    let delivered = Delivered {
        arrival,
        body: text,
        sender_id: sender_id(headers),
    };
    let taken = receive::take(core, delivered)
        .await
        .map_err(|error| errors::database(&error))?;
    Ok(if taken.lead_is_known {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    })
}

/// The sender's number of this delivery, where it is a number as ours are (a Corkboard platform's is).
fn sender_id(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get("webhook-id")?.to_str().ok()?;
    value.parse().ok().filter(|number| *number > 0)
}
