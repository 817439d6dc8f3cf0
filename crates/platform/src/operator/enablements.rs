//! Businesses that a partner may act for without OAuth (API v1): list, enable, end.

use axum::Json;
use axum::extract::State;
use protocol::id::{BusinessId, PartnerId};
use serde_json::{Value, json};
use web::cursor::{Listing, PageQuery};
use web::error::ApiError;
use web::path::PathSegments;

use crate::core::Core;
use crate::operator::access::Operator;
use crate::operator::{answers, errors};
use crate::service;
use crate::store::partner::EnabledBusiness;

/// `GET /operator/v1/partners/{partner_id}/businesses`
pub(super) async fn list_partner_businesses(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
    page: PageQuery,
) -> Result<Json<Listing<Value>>, ApiError> {
    let partner_id: PartnerId = path.id("partner_id")?;
    let after = answers::after(page);
    let rows = service::enablement::list(&core, partner_id, after, page.rows()).await;
    let rows = rows.map_err(errors::enablement)?;
    let key = |business: &EnabledBusiness| business.business_id.get();
    Ok(answers::page(page, rows, key, |business| {
        json!({
            "business_id": business.business_id,
            "name": business.name,
            "enabled_at": business.enabled_at.to_string(),
        })
    }))
}

/// `PUT /operator/v1/partners/{partner_id}/businesses/{business_id}`
pub(super) async fn enable_partner_business(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let (partner_id, business_id) = ids(&path)?;
    let enabled = service::enablement::enable(&core, partner_id, business_id).await;
    enabled.map_err(errors::enablement)?;
    Ok(Json(shown(partner_id, business_id, true)))
}

/// `DELETE /operator/v1/partners/{partner_id}/businesses/{business_id}`
pub(super) async fn disable_partner_business(
    _: Operator,
    State(core): State<Core>,
    path: PathSegments,
) -> Result<Json<Value>, ApiError> {
    let (partner_id, business_id) = ids(&path)?;
    let disabled = service::enablement::disable(&core, partner_id, business_id).await;
    disabled.map_err(errors::enablement)?;
    Ok(Json(shown(partner_id, business_id, false)))
}

fn ids(path: &PathSegments) -> Result<(PartnerId, BusinessId), ApiError> {
    Ok((path.id("partner_id")?, path.id("business_id")?))
}

fn shown(partner_id: PartnerId, business_id: BusinessId, enabled: bool) -> Value {
    json!({"partner_id": partner_id, "business_id": business_id, "enabled": enabled})
}
