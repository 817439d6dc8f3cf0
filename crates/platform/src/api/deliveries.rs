//! What was, is and will be sent to a partner, for the partner itself (protocol §8.7): list, one with its attempts. With the
//! user name and password that the platform gave it. Another partner's deliveries look as if there were none.

use axum::Json;
use axum::extract::{RawQuery, State};
use delivery::Filter;
use protocol::id::DeliveryId;
use serde_json::Value;
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::api::errors;
use crate::api::partner_basic::BasicPartner;
use crate::core::Core;
use crate::delivery_shapes as shapes;
use crate::service::deliveries;

/// `GET /v1/deliveries?state=…&failed=…&lead=…&kind=…&since=…&until=…`, newest first.
pub(super) async fn list_own_deliveries(
    partner: BasicPartner,
    State(core): State<Core>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let filter = Filter {
        endpoint_id: Some(partner.partner_id.into()),
        ..shapes::filter(&query.unwrap_or_default(), page)?
    };
    let found = deliveries::list(&core, &filter, page.limit.into()).await;
    let found = found.map_err(|error| errors::database(&error))?;
    Ok(Json(shapes::page(&found, shapes::delivery)))
}

/// `GET /v1/deliveries/{delivery_id}`
pub(super) async fn get_own_delivery(
    partner: BasicPartner,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let delivery_id: DeliveryId = path.id("delivery_id")?;
    let found = deliveries::find_of_partner(&core, partner.partner_id, delivery_id).await;
    let found = found.map_err(|error| errors::database(&error))?;
    let found =
        found.ok_or_else(|| ApiError::not_found("There is no delivery to you with this id."))?;
    let mut shown = shapes::delivery(&found.details.delivery);
    shown["next"] = shapes::outlook(&found.outlook);
    shown["attempt_log"] = shapes::attempts(&found.details.attempts);
    shown["as_of"] = found.as_of.to_string().into();
    Ok(Json(shown))
}
