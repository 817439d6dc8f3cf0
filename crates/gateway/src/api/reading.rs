//! Reading what callers send: members of a body, ids of ours in a path, parameters that have a meaning.

use std::fmt::Display;
use std::str::FromStr;

use protocol::json::{Members, Problems, sentence};
use serde_json::Value;
use web::error::ApiError;
use web::parameters::Parameters;
use web::path::PathSegments;

/// Reads a body with `read`, which answers `None` only for what it has reported; 400 names every problem.
pub(super) fn members<T>(
    body: &Value,
    read: impl FnOnce(&Members<'_>) -> Option<T>,
) -> Result<T, ApiError> {
    let problems = Problems::new();
    let found = Members::of_body(body, &problems).and_then(|members| read(&members));
    problems
        .finish(found)
        .map_err(|problems| ApiError::bad_request(sentence(&problems)))
}

/// An id that the gateway itself gave out, in the segment `name` of the path.
pub(super) fn own_id(path: &PathSegments, name: &str) -> Result<i64, ApiError> {
    let number = path.text(name)?.parse().ok();
    let number = number.filter(|number: &i64| *number > 0);
    number
        .ok_or_else(|| ApiError::bad_request(format!("{name} in the path must be decimal digits.")))
}

/// A parameter of a query that means something; 400 names it. An empty one is as good as none.
pub(super) fn parameter<T: FromStr<Err: Display>>(
    parameters: &Parameters,
    name: &str,
) -> Result<Option<T>, ApiError> {
    let parsed = parameters.get(name).map(str::parse).transpose();
    parsed.map_err(|error| ApiError::bad_request(format!("The parameter {name} {error}.")))
}
