//! Reading what the operator sends: members of a body, parameters of a query, and the key of a create.

use std::fmt::Display;
use std::str::FromStr;

use protocol::json::{Members, Problems, sentence};
use serde_json::Value;
use web::error::ApiError;
use web::idempotency_key::IdempotencyKey;

use crate::service::idempotency::KeyedRequest;

/// Reads a body with `read`, which answers `None` only for what it has reported; 400 names every problem.
pub(crate) fn members<T>(
    body: &Value,
    read: impl FnOnce(&Members<'_>) -> Option<T>,
) -> Result<T, ApiError> {
    let problems = Problems::new();
    let found = Members::of_body(body, &problems).and_then(|members| read(&members));
    problems
        .finish(found)
        .map_err(|problems| ApiError::bad_request(sentence(&problems)))
}

/// A create under its key, told from others by its path and body. Without a key it happens as often as it is asked for.
pub(crate) fn keyed(key: IdempotencyKey, path: &str, body: &Value) -> Option<KeyedRequest> {
    let key = key.0?;
    Some(KeyedRequest::new(
        "operator",
        &key,
        &format!("POST {path}\n{body}"),
    ))
}

/// A parameter of a query that means something; 400 names it. An empty one is as good as none.
pub(crate) fn parameter<T: FromStr<Err: Display>>(
    query: &str,
    name: &str,
) -> Result<Option<T>, ApiError> {
    text_parameter(query, name)
        .map(|text| {
            text.parse()
                .map_err(|error| ApiError::bad_request(format!("The parameter {name} {error}.")))
        })
        .transpose()
}

/// A parameter of a query as it is.
pub(crate) fn text_parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, value)| found == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use protocol::id::BusinessId;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_problem_of_a_body_is_in_the_answer() {
        let error = members(&json!({"a": 1}), |members| {
            let (a, b) = (members.required_string("a"), members.required_string("b"));
            Some((a?.to_owned(), b?.to_owned()))
        })
        .unwrap_err();
        assert_eq!(error.description(), "/a must be a string; /b is required.");
    }

    #[test]
    fn a_parameter_that_is_no_id_is_named() {
        let read = |query| parameter::<BusinessId>(query, "business");
        assert_eq!(read("x=1&business=").unwrap(), None);
        assert_eq!(read("business=5").unwrap(), BusinessId::from_i64(5));
        let error = read("business=9223372036854775808").unwrap_err();
        assert!(
            error
                .description()
                .starts_with("The parameter business must be an id")
        );
    }
}
