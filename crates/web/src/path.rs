//! Ids in a path: read after the caller has shown its token, so that the checks come in the order of protocol §3.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::error::ApiError;

/// The variable segments of a path. An extractor.
#[derive(Debug)]
pub struct PathSegments(Vec<(String, String)>);

impl PathSegments {
    /// The id in the segment `name` of the route: 400 naming the segment when it is not one, 404 when it is empty.
    pub fn id<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, ApiError> {
        let text = self.text(name)?;
        text.parse()
            .map_err(|error| ApiError::bad_request(format!("{name} in the path {error}.")))
    }

    /// The text in the segment `name` of the route: 404 when it is empty.
    pub fn text(&self, name: &str) -> Result<&str, ApiError> {
        let Some((_, text)) = self.0.iter().find(|(known, _)| known == name) else {
            tracing::error!(segment = name, "the route has no such segment");
            return Err(ApiError::internal_without_cause());
        };
        if text.is_empty() {
            return Err(ApiError::not_found(format!("{name} in the path is empty.")));
        }
        Ok(text)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathSegments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segments = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| {
                // It says which segment, in the route's word for it.
                let reason = error.body_text();
                ApiError::bad_request(format!(
                    "The path holds an escape that is not UTF-8: {reason}."
                ))
            })?;
        let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        Ok(Self(segments.iter().map(owned).collect()))
    }
}
