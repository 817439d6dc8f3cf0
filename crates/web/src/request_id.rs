//! The id of a request: made here, never taken from the caller, told in `X-Request-Id`, in error bodies and in the log.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use base::Entropy;
use data_encoding::HEXLOWER;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::error::ApiError;

/// The header that tells the id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// 16 random bytes in hexadecimal. An extractor: [`crate::frame::Frame`] gives every request one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new id.
    pub(crate) fn make(entropy: &Entropy) -> Self {
        Self(HEXLOWER.encode(&entropy.bytes::<16>()).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("hexadecimal digits can stand in a header")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let id = parts.extensions.get::<Self>().cloned();
        id.ok_or_else(|| {
            tracing::error!("a route stands outside the frame and has no request id");
            ApiError::internal_without_cause()
        })
    }
}
