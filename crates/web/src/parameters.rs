//! The parameters of the token, revocation, introspection and disconnect endpoints: from the query, a form body or a flat
//! JSON body, whichever the caller likes, also mixed (protocol §1).
//!
//! Their values are secrets more often than not, so nothing here prints one.

use std::fmt;

use axum::extract::{FromRequest, Request};
use protocol::json::parse;
use serde_json::Value;

use crate::body::{media_type, read_bytes};
use crate::error::ApiError;

/// How many characters of a parameter's name an error repeats.
const SHOWN_CHARACTERS: usize = 64;

/// The parameters of a request. An extractor that fails with `INVALID_REQUEST`.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The value, unless it is absent or empty, which is the same (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_str())
    }

    /// The value, or `INVALID_REQUEST` that names the parameter.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| {
            ApiError::invalid_request(format!("The parameter {name} is missing or empty."))
        })
    }

    /// The parameters of a page's query. Those in `repeatable` may stand there several times, and their values are joined
    /// by a space (the connect page's `scope`, §2.1); any other must not have two values.
    pub fn parse_query(query: &str, repeatable: &[&str]) -> Result<Self, ApiError> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if repeatable.contains(&name.as_ref()) {
                parameters.join(&name, &value);
            } else {
                parameters.add(&name, &value)?;
            }
        }
        Ok(parameters)
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), ApiError> {
        match self.get(name) {
            Some(known) if known != value && !value.is_empty() => {
                let name: String = name.chars().take(SHOWN_CHARACTERS).collect();
                Err(ApiError::invalid_request(format!(
                    "The parameter {name} is given twice with different values."
                )))
            }
            Some(_) => Ok(()),
            None => {
                self.join(name, value);
                Ok(())
            }
        }
    }

    fn join(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if let Some((_, values)) = self.0.iter_mut().find(|(known, _)| known == name) {
            values.push(' ');
            values.push_str(value);
        } else {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    fn add_form(&mut self, text: &[u8]) -> Result<(), ApiError> {
        for (name, value) in form_urlencoded::parse(text) {
            self.add(&name, &value)?;
        }
        Ok(())
    }

    fn add_json(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        let value = parse(bytes).map_err(|error| {
            ApiError::invalid_request(format!("The body is not valid JSON: {error}."))
        })?;
        let Value::Object(members) = value else {
            return Err(ApiError::invalid_request("The body must be a JSON object."));
        };
        for (name, value) in &members {
            match value {
                Value::Null => {}
                Value::String(text) => self.add(name, text)?,
                Value::Number(number) => self.add(name, &number.to_string())?,
                _ => {
                    let name: String = name.chars().take(SHOWN_CHARACTERS).collect();
                    return Err(ApiError::invalid_request(format!(
                        "The parameter {name} must be a string or a number."
                    )));
                }
            }
        }
        Ok(())
    }
}

impl<S: Sync> FromRequest<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let mut parameters = Self::default();
        parameters.add_form(request.uri().query().unwrap_or_default().as_bytes())?;
        let kind = media_type(request.headers());
        let bytes = read_bytes(request).await?;
        if bytes.is_empty() {
            return Ok(parameters);
        }
        match kind.as_deref() {
            Some("application/x-www-form-urlencoded") => parameters.add_form(&bytes)?,
            Some("application/json") => parameters.add_json(&bytes)?,
            _ => {
                return Err(ApiError::invalid_request(
                    "The header Content-Type must be application/x-www-form-urlencoded or application/json.",
                ));
            }
        }
        Ok(parameters)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_none_and_the_same_value_twice_is_one() {
        let parameters = Parameters::parse_query("a=1&b=&a=1&c=x%20y+z", &[]).unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), Some("x y z"));
        let error = parameters.required("b").unwrap_err();
        assert_eq!(error.description(), "The parameter b is missing or empty.");
    }

    #[test]
    fn a_repeatable_parameter_joins_its_values() {
        let query = "scope=messages&x=1&scope=targeting+bookings&scope=";
        let parameters = Parameters::parse_query(query, &["scope"]).unwrap();
        assert_eq!(parameters.get("scope"), Some("messages targeting bookings"));
        assert!(Parameters::parse_query("x=1&x=2", &["scope"]).is_err());
    }

    #[test]
    fn two_values_are_refused_by_name_and_never_shown() {
        let error = Parameters::parse_query("code=marked1&code=marked2", &[]).unwrap_err();
        assert!(error.description().contains("code"));
        assert!(!format!("{error:?}").contains("marked"));
        let parameters = Parameters::parse_query("code=marked", &[]).unwrap();
        assert_eq!(format!("{parameters:?}"), r#"{"code"}"#);
    }
}
