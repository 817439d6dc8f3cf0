//! Reading a JSON body under the rules of protocol §1: the Content-Type, no compression, 1 MiB, 32 levels, no member twice.
//!
//! What the members mean is read with `protocol::json`. A handler that must judge something before the body (§3: the
//! token, then the path, then the body) takes `Result<JsonBody, ApiError>` and asks for it later.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use protocol::json::{BODY_LIMIT, JsonError, JsonFault, parse};
use serde_json::Value;

use crate::error::ApiError;

/// How much of a body that is too large is read and thrown away, in bytes: a caller that is still writing would otherwise
/// see a broken connection instead of the answer.
const DRAINED: usize = 16 * BODY_LIMIT;

/// A body that is a JSON object.
#[derive(Debug)]
pub struct JsonBody(pub Value);

/// A body that is a JSON object, or nothing at all (then Content-Type does not matter).
#[derive(Debug)]
pub struct OptionalJsonBody(pub Option<Value>);

/// A body that should be JSON: its bytes, and what they hold or why they hold nothing. The handler decides what becomes of
/// it; only a wrong Content-Type, a compressed and an oversized body are refused before.
#[derive(Debug)]
pub struct RawJsonBody {
    /// The body as it came.
    pub bytes: Bytes,
    /// Its value, of whatever kind.
    pub value: Result<Value, JsonError>,
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        let bytes = read_bytes(request).await?;
        object(&bytes).map(Self)
    }
}

impl<S: Sync> FromRequest<S> for OptionalJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let right_type = require_json(request.headers());
        let bytes = read_bytes(request).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        right_type?;
        object(&bytes).map(Some).map(Self)
    }
}

impl<S: Sync> FromRequest<S> for RawJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        let bytes = read_bytes(request).await?;
        let value = parse(&bytes);
        Ok(Self { bytes, value })
    }
}

/// The answer to a body that is not acceptable JSON.
pub fn json_error(error: &JsonError) -> ApiError {
    match error.fault {
        JsonFault::Empty => ApiError::bad_request("The body is empty; it must be a JSON object."),
        _ => ApiError::bad_request(format!("The body is not valid JSON: {error}.")),
    }
}

fn object(bytes: &[u8]) -> Result<Value, ApiError> {
    let value = parse(bytes).map_err(|error| json_error(&error))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(ApiError::bad_request("The body must be a JSON object."))
    }
}

/// The media type of the body, without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or(value);
    Some(essence.trim().to_ascii_lowercase())
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    match media_type(headers).as_deref() {
        Some("application/json") => Ok(()),
        Some(_) => Err(ApiError::bad_request(
            "The header Content-Type must be application/json.",
        )),
        None => Err(ApiError::bad_request(
            "The header Content-Type is missing or unreadable; it must be application/json.",
        )),
    }
}

/// The whole body, if it is neither compressed nor larger than 1 MiB.
pub(crate) async fn read_bytes(request: Request) -> Result<Bytes, ApiError> {
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    if encodings.iter().any(|encoding| encoding != "identity") {
        return Err(ApiError::bad_request(
            "The header Content-Encoding must be absent: compressed bodies are not read.",
        ));
    }
    let mut body = request.into_body();
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::bad_request("The body ended before it was complete."))?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        seen = seen.saturating_add(chunk.len());
        if seen > DRAINED {
            break;
        }
        if seen <= BODY_LIMIT {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > BODY_LIMIT {
        return Err(ApiError::payload_too_large());
    }
    Ok(kept.into())
}
