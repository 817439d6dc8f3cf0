//! What went wrong, as outsiders see it: the codes of §1 D2 and §2.2, and the one body shape that carries them.
//!
//! Which internal error becomes which code is decided by each HTTP face, not here.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $upper:literal, $lower:literal, $status:literal;)+) => {
        /// Every error code of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $variant,)+ }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code in the source's style.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $upper,)+ }
            }

            /// The code in the RFCs' style (RFC 6749 §5.2, RFC 6750 §3.1).
            pub const fn rfc(self) -> &'static str {
                match self { $(Self::$variant => $lower,)+ }
            }

            /// The HTTP status that goes with the code where an endpoint has no rule of its own.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

error_codes! {
    /// The client is unknown or its secret is wrong; nobody may learn which (§2.2).
    InvalidClient = "INVALID_CLIENT", "invalid_client", 400;
    /// The client may not use this grant.
    UnauthorizedClient = "UNAUTHORIZED_CLIENT", "unauthorized_client", 400;
    /// A parameter is missing, malformed or given twice with different values.
    InvalidRequest = "INVALID_REQUEST", "invalid_request", 400;
    /// The code or refresh token is unknown, used, expired, or another client's.
    InvalidGrant = "INVALID_GRANT", "invalid_grant", 400;
    /// A `grant_type` other than the two of §2.2.
    UnsupportedGrantType = "UNSUPPORTED_GRANT_TYPE", "unsupported_grant_type", 400;
    /// A `response_type` other than `code` (§2.1).
    UnsupportedResponseType = "UNSUPPORTED_RESPONSE_TYPE", "unsupported_response_type", 400;
    /// A scope that does not exist or was not given to the client (§2.1).
    InvalidScope = "INVALID_SCOPE", "invalid_scope", 400;
    /// The pro declined (§2.1).
    AccessDenied = "ACCESS_DENIED", "access_denied", 403;
    /// The token's scopes do not cover the endpoint (§3).
    InsufficientScope = "INSUFFICIENT_SCOPE", "insufficient_scope", 403;
    /// The request is malformed.
    BadRequest = "BAD_REQUEST", "invalid_request", 400;
    /// Basic credentials are missing or wrong.
    Unauthorized = "UNAUTHORIZED", "unauthorized", 401;
    /// The bearer token is missing, malformed, unknown, expired, revoked or another business's (§3).
    InvalidToken = "INVALID_TOKEN", "invalid_token", 401;
    /// There is no such thing, or it is somebody else's.
    NotFound = "NOT_FOUND", "not_found", 404;
    /// The path exists with another method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", "method_not_allowed", 405;
    /// The thing is in a state that does not allow this.
    Conflict = "CONFLICT", "conflict", 409;
    /// The body is larger than 1 MiB.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", "payload_too_large", 413;
    /// A limit of §3.4 was exceeded.
    TooManyRequests = "TOO_MANY_REQUESTS", "too_many_requests", 429;
    /// Our fault; the request id is all that is told.
    InternalError = "INTERNAL_ERROR", "server_error", 500;
    /// The store cannot be reached, or the queue in front of it is full.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "temporarily_unavailable", 503;
}

impl ErrorCode {
    /// The code with this name in the source's style.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The status at the token endpoint in the source's style: 400 for everything that the caller can mend (§2.2).
    pub const fn status_at_token_endpoint(self) -> u16 {
        match self.status() {
            status @ (413 | 429 | 500 | 503) => status,
            _ => 400,
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The body of every error answer (§1 D2). Reading one is tolerant: other servers leave members out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The code; always a flat string.
    pub error: String,
    /// A sentence that says what was wrong and with which member. Never a secret.
    #[serde(default)]
    pub error_description: String,
    /// The same id as in `X-Request-Id`.
    #[serde(default)]
    pub request_id: String,
    /// The source's code, beside an `error` in the RFC's style.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

impl ErrorBody {
    /// A body in the source's style.
    pub fn new(
        code: ErrorCode,
        description: impl Into<String>,
        request_id: impl Into<String>,
    ) -> Self {
        Self {
            error: code.as_str().to_owned(),
            error_description: description.into(),
            request_id: request_id.into(),
            error_code: None,
        }
    }

    /// A body in the RFC's style, for `/oauth2/…`: lower-case `error`, the source's code beside it.
    pub fn rfc(
        code: ErrorCode,
        description: impl Into<String>,
        request_id: impl Into<String>,
    ) -> Self {
        Self {
            error: code.rfc().to_owned(),
            ..Self::new(code, description, request_id).with_error_code(code)
        }
    }

    /// Adds the source's code as a member of its own; both token endpoints do.
    #[must_use]
    pub fn with_error_code(self, code: ErrorCode) -> Self {
        Self {
            error_code: Some(code.as_str().to_owned()),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_flat_and_come_back() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(code));
            assert_eq!(code.as_str(), code.as_str().to_ascii_uppercase());
            assert_eq!(code.rfc(), code.rfc().to_ascii_lowercase());
            assert!((400..600).contains(&code.status()));
        }
        assert_eq!(ErrorCode::parse("invalid_client"), None);
    }

    #[test]
    fn the_token_endpoint_answers_400_to_whatever_the_caller_can_mend() {
        for code in [
            ErrorCode::InvalidClient,
            ErrorCode::InsufficientScope,
            ErrorCode::InvalidGrant,
        ] {
            assert_eq!(code.status_at_token_endpoint(), 400);
        }
        assert_eq!(
            ErrorCode::ServiceUnavailable.status_at_token_endpoint(),
            503
        );
    }

    #[test]
    fn members_come_in_the_documented_order() {
        let body = ErrorBody::new(ErrorCode::InvalidGrant, "the code was used", "r-1");
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"error":"INVALID_GRANT","error_description":"the code was used","request_id":"r-1"}"#
        );
        let body = ErrorBody::rfc(ErrorCode::InvalidGrant, "the code was used", "r-1");
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"error":"invalid_grant","error_description":"the code was used","request_id":"r-1","error_code":"INVALID_GRANT"}"#
        );
    }

    #[test]
    fn a_bare_error_of_another_server_is_read() {
        let body: ErrorBody = serde_json::from_str(r#"{"error":"INVALID_GRANT"}"#).unwrap();
        assert_eq!(body.error_description, "");
    }
}
