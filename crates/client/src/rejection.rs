//! Reading a refusal: the status, the error body of §1 D2 in the source's or the RFC's style, and `Retry-After`.

use std::time::Duration;

use base::outgoing::Answer;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use protocol::error_code::{ErrorBody, ErrorCode};
use thiserror::Error;

/// The most characters that are kept of a text that the platform chose.
const LONGEST_TEXT: usize = 500;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The platform's answer that it did not do it.
///
/// `Display` leaves the description out: a platform that is not ours may repeat in it what it was sent, and errors are
/// logged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("status {status}{}{}", shown(" ", self.code), shown(", request ", self.request_id.as_deref()))]
pub struct Rejection {
    /// The status, other than 2xx.
    pub status: u16,
    /// The code, if it is one of the protocol's, in either style.
    pub code: Option<ErrorCode>,
    /// `error` as it was sent; empty if the body is not an error of the protocol.
    pub error: String,
    /// The platform's sentence for people; may be empty.
    pub description: String,
    /// The platform's name for the request, for a question to its operator.
    pub request_id: Option<String>,
    /// How long to wait before the next try.
    pub retry_after: Option<Duration>,
}

fn shown(label: &str, value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(String::new, |value| format!("{label}{value}"))
}

impl Rejection {
    /// Reads an answer of whatever body: proxies answer too.
    pub(crate) fn read(answer: &Answer) -> Self {
        let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
        let code = body.as_ref().and_then(code_of);
        let (error, description) = body
            .map(|body| (body.error, body.error_description))
            .unwrap_or_default();
        Self {
            status: answer.status,
            code,
            error: printable(&error),
            description: printable(&description),
            request_id: request_id(&answer.headers),
            retry_after: retry_after(&answer.headers),
        }
    }
}

/// The platform's name for the request that this answers (§1 D2).
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    Some(printable(id))
}

fn code_of(body: &ErrorBody) -> Option<ErrorCode> {
    let of_the_source = |name: &str| ErrorCode::parse(name);
    body.error_code
        .as_deref()
        .and_then(of_the_source)
        .or_else(|| of_the_source(&body.error))
        .or_else(|| {
            let mut codes = ErrorCode::ALL.iter().copied();
            codes.find(|code| code.rfc() == body.error)
        })
}

fn printable(text: &str) -> String {
    let shown = text.chars().filter(|character| !character.is_control());
    shown.take(LONGEST_TEXT).collect()
}

/// Seconds, or a date (RFC 9110 §10.2.3). A date is measured from the answer's own `Date`, so that it does not matter
/// whether the two clocks agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let now = http_date(headers.get(DATE)?.to_str().ok()?)?;
    Some(until.duration_since(now).try_into().unwrap_or_default())
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(HeaderName, &str)], body: &str) -> Rejection {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        Rejection::read(&Answer {
            status: 400,
            headers,
            body: body.into(),
        })
    }

    #[test]
    fn both_styles_of_an_error_name_the_same_code() {
        for body in [
            r#"{"error":"INVALID_GRANT"}"#,
            r#"{"error":"invalid_grant"}"#,
            r#"{"error":"odd","error_code":"INVALID_GRANT"}"#,
        ] {
            assert_eq!(
                read(&[], body).code,
                Some(ErrorCode::InvalidGrant),
                "{body}"
            );
        }
    }

    #[test]
    fn a_body_of_somebody_else_is_no_code() {
        for body in [
            "",
            "null",
            "<html>",
            r#"{"error":{"code":1}}"#,
            r#"{"error":"teapot"}"#,
        ] {
            assert_eq!(read(&[], body).code, None, "{body}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, seconds) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let rejection = read(&[date.clone(), (RETRY_AFTER, value)], "");
            assert_eq!(
                rejection.retry_after,
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_logged_holds_ids_and_no_text_of_the_platform() {
        let body = r#"{"error":"INVALID_GRANT","error_description":"told in confidence"}"#;
        let rejection = read(&[(REQUEST_ID, "r-1")], body);
        assert_eq!(
            rejection.to_string(),
            "status 400 INVALID_GRANT, request r-1"
        );
        assert_eq!(rejection.description, "told in confidence");
    }
}
