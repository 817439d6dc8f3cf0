//! What an endpoint answers when something is wrong: the one body shape of protocol §1 (D2) and the headers that go with
//! each code.
//!
//! An [`ApiError`] does not know the request's id. As a response it carries itself in the extensions, and
//! [`crate::frame::Frame`] writes the body; within [`crate::pages::Pages`] it becomes a page instead. Which error of a
//! side becomes which code is decided by that side.

use std::borrow::Cow;
use std::error::Error;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use protocol::error_code::{ErrorBody, ErrorCode};

/// How an error is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorStyle {
    /// Every endpoint but the token endpoints (§1 D2).
    #[default]
    Api,
    /// `/v2/tokens/…`: 400 for all that the caller can mend, no `WWW-Authenticate`, `error_code` repeats the code (§2.2).
    SourceToken,
    /// `/oauth2/…`: lower-case `error` (RFC 6749 §5.2), the source's code in `error_code`.
    RfcToken,
}

/// An error answer.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    status: StatusCode,
    description: Cow<'static, str>,
    retry_after: Option<u32>,
    www_authenticate: Option<HeaderValue>,
    style: ErrorStyle,
}

impl ApiError {
    /// An error with the code's own status. The description is a sentence that names the member; never a secret.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: StatusCode::from_u16(code.status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            description: description.into(),
            retry_after: None,
            www_authenticate: None,
            style: ErrorStyle::Api,
        }
    }

    /// 400 `BAD_REQUEST`.
    pub fn bad_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadRequest, description)
    }

    /// 400 `INVALID_REQUEST`, the token endpoints' word for the same.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// 401 `UNAUTHORIZED` for missing or wrong Basic credentials. `realm` holds no quotation mark.
    pub fn unauthorized_basic(realm: &str) -> Self {
        Self::new(
            ErrorCode::Unauthorized,
            "The Basic credentials are missing or wrong.",
        )
        .with_www_authenticate(&format!("Basic realm=\"{realm}\""))
    }

    /// 401 `INVALID_TOKEN` for a request without a usable bearer token (RFC 6750 §3.1: no error attribute then).
    pub fn missing_token() -> Self {
        Self::new(
            ErrorCode::InvalidToken,
            "The Authorization header must be `Bearer` and an access token.",
        )
        .with_www_authenticate("Bearer")
    }

    /// 401 `INVALID_TOKEN` for a token that is unknown, expired, revoked or another business's (§3).
    pub fn invalid_token(description: impl Into<Cow<'static, str>>) -> Self {
        let error = Self::new(ErrorCode::InvalidToken, description);
        let description = quotable(&error.description);
        error.with_www_authenticate(&format!(
            "Bearer error=\"invalid_token\", error_description=\"{description}\""
        ))
    }

    /// 403 `INSUFFICIENT_SCOPE`: the token lacks `scope`.
    pub fn insufficient_scope(scope: &str) -> Self {
        let scope = quotable(scope);
        Self::new(
            ErrorCode::InsufficientScope,
            format!("The token lacks the scope {scope}."),
        )
        .with_www_authenticate(&format!(
            "Bearer error=\"insufficient_scope\", scope=\"{scope}\""
        ))
    }

    /// 403 `ACCESS_DENIED`.
    pub fn forbidden(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::AccessDenied, description)
    }

    /// 404 `NOT_FOUND`: absent or somebody else's, which look the same.
    pub fn not_found(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::NotFound, description)
    }

    /// 409 `CONFLICT`.
    pub fn conflict(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, description)
    }

    /// 413 `PAYLOAD_TOO_LARGE`.
    pub fn payload_too_large() -> Self {
        Self::new(
            ErrorCode::PayloadTooLarge,
            "The body is larger than 1 MiB (1048576 bytes).",
        )
    }

    /// 429 `TOO_MANY_REQUESTS`; the caller may try again after so many seconds.
    pub fn too_many_requests(retry_after_seconds: u32) -> Self {
        Self::new(
            ErrorCode::TooManyRequests,
            "There were too many requests; try again after the time in Retry-After.",
        )
        .with_retry_after(retry_after_seconds)
    }

    /// 503 `SERVICE_UNAVAILABLE`; the caller may try again after so many seconds.
    pub fn unavailable(retry_after_seconds: u32) -> Self {
        Self::new(
            ErrorCode::ServiceUnavailable,
            "This cannot be done at the moment; try again after the time in Retry-After.",
        )
        .with_retry_after(retry_after_seconds)
    }

    /// 500 `INTERNAL_ERROR`, which tells outsiders nothing but the request id. The cause is logged here, once, with its
    /// whole chain.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        let mut chain = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            chain.push_str(": ");
            chain.push_str(&source.to_string());
            next = source.source();
        }
        tracing::error!(error = %chain, "a request failed for a reason of ours");
        Self::internal_without_cause()
    }

    /// 500 `INTERNAL_ERROR` for what was logged already.
    pub(crate) fn internal_without_cause() -> Self {
        Self::new(
            ErrorCode::InternalError,
            "Something went wrong on our side; tell us the request id.",
        )
    }

    /// Another status than the code's own.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Sets `WWW-Authenticate`. What cannot be a header is left out.
    #[must_use]
    pub fn with_www_authenticate(self, challenge: &str) -> Self {
        Self {
            www_authenticate: HeaderValue::from_str(challenge).ok(),
            ..self
        }
    }

    /// Writes the error as this kind of endpoint does.
    #[must_use]
    pub fn in_style(self, style: ErrorStyle) -> Self {
        Self { style, ..self }
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The status that the answer has.
    pub fn status(&self) -> StatusCode {
        if self.style == ErrorStyle::SourceToken {
            StatusCode::from_u16(self.code.status_at_token_endpoint()).unwrap_or(self.status)
        } else {
            self.status
        }
    }

    /// The body (§1 D2).
    pub(crate) fn body(&self, request_id: &str) -> ErrorBody {
        let description = self.description.as_ref();
        match self.style {
            ErrorStyle::Api => ErrorBody::new(self.code, description, request_id),
            ErrorStyle::SourceToken => {
                ErrorBody::new(self.code, description, request_id).with_error_code(self.code)
            }
            ErrorStyle::RfcToken => ErrorBody::rfc(self.code, description, request_id),
        }
    }

    /// The error that a response stands for, taken out of it: one of ours, or a bare one of the router's (unknown path,
    /// wrong method, an extractor's plain text), recognised by having no body of a kind that a handler makes.
    pub(crate) fn taken_from(response: &mut Response) -> Option<Self> {
        if let Some(error) = response.extensions_mut().remove::<Self>() {
            return Some(error);
        }
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return None;
        }
        let plain = match response.headers().get(header::CONTENT_TYPE) {
            None => true,
            Some(kind) => kind.as_bytes().starts_with(b"text/plain"),
        };
        plain.then(|| Self::from_status(status))
    }

    fn from_status(status: StatusCode) -> Self {
        let error = match status {
            StatusCode::NOT_FOUND => Self::not_found("There is nothing at this path."),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                ErrorCode::MethodNotAllowed,
                "This path does not have that method; Allow lists those it has.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::payload_too_large(),
            StatusCode::TOO_MANY_REQUESTS => Self::too_many_requests(1),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(1),
            status if status.is_server_error() => Self::internal_without_cause(),
            _ => Self::bad_request("The request could not be read."),
        };
        error.with_status(status)
    }
}

/// What may stand between quotation marks in `WWW-Authenticate` (RFC 6750 §3).
fn quotable(text: &str) -> String {
    let allowed = |character: char| match character {
        '"' | '\\' => '\'',
        ' '..='~' => character,
        _ => '?',
    };
    text.chars().map(allowed).collect()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        let mut set = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::RETRY_AFTER, self.retry_after.map(HeaderValue::from));
        if self.style != ErrorStyle::SourceToken {
            set(header::WWW_AUTHENTICATE, self.www_authenticate.clone());
        }
        if self.style != ErrorStyle::Api {
            set(
                header::CACHE_CONTROL,
                Some(HeaderValue::from_static("no-store")),
            );
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_brings_the_headers_that_it_needs() {
        let response = ApiError::too_many_requests(7).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        let response = ApiError::unauthorized_basic("leads").into_response();
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            "Basic realm=\"leads\""
        );
        let response = ApiError::invalid_token("The token\nis \"old\" …").into_response();
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            "Bearer error=\"invalid_token\", error_description=\"The token?is 'old' ?\""
        );
    }

    #[test]
    fn the_three_styles_write_one_error_each_in_its_way() {
        let error = ApiError::new(ErrorCode::InvalidClient, "no")
            .with_status(StatusCode::UNAUTHORIZED)
            .with_www_authenticate("Basic");
        let written = |style| {
            let error = error.clone().in_style(style);
            let body = serde_json::to_string(&error.body("r")).unwrap();
            let response = error.into_response();
            let challenged = response.headers().contains_key(header::WWW_AUTHENTICATE);
            (response.status().as_u16(), challenged, body)
        };
        let api = r#"{"error":"INVALID_CLIENT","error_description":"no","request_id":"r"}"#;
        let source = r#"{"error":"INVALID_CLIENT","error_description":"no","request_id":"r","error_code":"INVALID_CLIENT"}"#;
        let rfc = r#"{"error":"invalid_client","error_description":"no","request_id":"r","error_code":"INVALID_CLIENT"}"#;
        assert_eq!(written(ErrorStyle::Api), (401, true, api.to_owned()));
        assert_eq!(
            written(ErrorStyle::SourceToken),
            (400, false, source.to_owned())
        );
        assert_eq!(written(ErrorStyle::RfcToken), (401, true, rfc.to_owned()));
    }
}
