//! Deliveries: list, one with all that is known of it, its bytes, try again, call off.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use delivery::{CalledOff, DeliveryView, Ending, Filter, Retried};
use http::{HeaderValue, StatusCode, header};
use protocol::id::{DeliveryId, PartnerId};
use protocol::paths;
use serde_json::{Value, json};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::headers::NoStore;
use web::path::PathSegments;

use crate::core::Core;
use crate::delivery_shapes as shapes;
use crate::operator::access::Operator;
use crate::operator::{errors, reading};
use crate::service;
use crate::service::deliveries::{Body, Dossier};

/// `GET /operator/v1/deliveries?state=…&failed=…&lead=…&partner=…&business=…&kind=…&since=…&until=…`, newest first.
pub(super) async fn list_deliveries(
    _: Operator,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let query = query.unwrap_or_default();
    let partner: Option<PartnerId> = reading::parameter(&query, "partner")?;
    let filter = Filter {
        endpoint_id: partner.map(Into::into),
        business_id: reading::parameter(&query, "business")?,
        ..shapes::filter(&query, page)?
    };
    let found = service::deliveries::list(&core, &filter, page.limit.into()).await;
    let found = found.map_err(|error| errors::database(&error))?;
    Ok(Json(shapes::page(&found, shown)))
}

/// `GET /operator/v1/deliveries/{delivery_id}`
pub(super) async fn get_delivery(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    details(&core, path.id("delivery_id")?).await
}

/// `GET /operator/v1/deliveries/{delivery_id}/body`: the bytes as they are sent. Reading them is recorded.
pub(super) async fn get_delivery_body(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Response, ApiError> {
    let read = service::deliveries::read_body(&core, path.id("delivery_id")?).await;
    match read.map_err(|error| errors::database(&error))? {
        Body::Kept(body) => {
            let kind = HeaderValue::from_static("application/json");
            Ok(NoStore(([(header::CONTENT_TYPE, kind)], body)).into_response())
        }
        Body::Dropped(view) => {
            Err(ApiError::not_found(dropped(&view)).with_status(StatusCode::GONE))
        }
        Body::Unknown => Err(errors::unknown("delivery")),
    }
}

/// `POST /operator/v1/deliveries/{delivery_id}/retry`
pub(super) async fn retry_delivery(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let delivery_id: DeliveryId = path.id("delivery_id")?;
    let retried = service::deliveries::retry(&core, delivery_id).await;
    match retried.map_err(|error| errors::database(&error))? {
        Retried::Hastened | Retried::Revived => details(&core, delivery_id).await,
        Retried::Delivered => Err(ApiError::conflict("The delivery has been delivered.")),
        Retried::Unknown => Err(errors::unknown("delivery")),
    }
}

/// `POST /operator/v1/deliveries/{delivery_id}/cancel`. Calling it off again changes nothing.
pub(super) async fn cancel_delivery(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let delivery_id: DeliveryId = path.id("delivery_id")?;
    let called_off = service::deliveries::cancel(&core, delivery_id).await;
    match called_off.map_err(|error| errors::database(&error))? {
        CalledOff::Now | CalledOff::Before(Ending::Cancelled) => details(&core, delivery_id).await,
        CalledOff::Before(Ending::Delivered) => {
            Err(ApiError::conflict("The delivery has been delivered."))
        }
        CalledOff::Before(Ending::Dead) => Err(ApiError::conflict(
            "The delivery is dead: there is nothing to call off.",
        )),
        CalledOff::Unknown => Err(errors::unknown("delivery")),
    }
}

async fn details(core: &Core, delivery_id: DeliveryId) -> Result<Json<Value>, ApiError> {
    let found = service::deliveries::find(core, delivery_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let found = found.ok_or_else(|| errors::unknown("delivery"))?;
    Ok(Json(shown_whole(&found)))
}

fn shown(delivery: &DeliveryView) -> Value {
    let mut shown = shapes::delivery(delivery);
    shown["partner_id"] = delivery.endpoint_id.to_string().into();
    shown
}

/// The delivery with everything else, most of which is for people.
fn shown_whole(dossier: &Dossier) -> Value {
    let view = &dossier.details.delivery;
    let repeatable = dossier.repeatable.as_ref();
    let mut shown = shown(view);
    shown["partner_name"] = dossier.partner_name.as_deref().into();
    shown["next"] = shapes::outlook(&dossier.outlook);
    shown["attempt_log"] = shapes::attempts(&dossier.details.attempts);
    shown["method"] = repeatable.map(|request| request.method).into();
    shown["url"] = repeatable.map(|request| request.url.as_str()).into();
    shown["curl"] = repeatable
        .map(|request| request.line(view.delivery_id))
        .into();
    shown["body"] = if view.keeps_body {
        let path = paths::operator::delivery_body(view.delivery_id);
        json!({"kept": true, "path": path, "explanation": "Save it as body.json for the curl line; reading it is recorded."})
    } else {
        json!({"kept": false, "path": null, "explanation": dropped(view)})
    };
    shown["as_of"] = dossier.as_of.to_string().into();
    shown
}

fn dropped(view: &DeliveryView) -> String {
    match (view.state, view.finished_at) {
        (delivery::State::Finished(Ending::Delivered), Some(at)) => {
            format!("The body was kept until it was delivered, at {at}.")
        }
        _ => "The body is not kept any more.".to_owned(),
    }
}
