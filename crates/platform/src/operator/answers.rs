//! Writing what the operator gets.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use web::cursor::{Listing, PageQuery};
use web::headers::NoStore;

use crate::service::idempotency::Answer;

/// An answer as it was made the first time. It may hold a secret that is shown once, so no cache keeps it.
pub(crate) fn stored(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = HeaderValue::from_static("application/json");
    NoStore((status, [(header::CONTENT_TYPE, kind)], answer.body)).into_response()
}

/// One page of a list. `rows` may hold one more than the page has.
pub(crate) fn page<T, U: Serialize>(
    query: PageQuery,
    rows: Vec<T>,
    key: impl Fn(&T) -> i64,
    show: impl FnMut(T) -> U,
) -> Json<Listing<U>> {
    Json(query.listing(rows, key).map(show))
}

/// The key after which the page begins.
pub(crate) fn after(query: PageQuery) -> i64 {
    query.after.map_or(0, |cursor| cursor.0)
}
