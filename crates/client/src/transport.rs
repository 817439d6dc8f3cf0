//! One call on the wire: builds the request, sends it, and sorts what came back into success and [`ClientError`].
//!
//! It knows nothing of what the calls mean. Success is any 2xx with the body that the call promises: the source says
//! exactly 200 (§1 D2), but a 201 or 204 is never a refusal, and taking it for one would send a message twice.

use std::time::Duration;

use base::Secret;
use base::outgoing::{Answer, Outgoing, OutgoingError, Request};
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use protocol::basic_credentials::Credentials;
use protocol::json::{Members, Problems, parse, sentence};
use serde_json::Value;
use url::Url;

use crate::error::{ClientError, Uncertainty};
use crate::rejection::{Rejection, request_id};

/// How long a call may take from the name look-up to the last byte of the answer.
pub(crate) const CALL_DEADLINE: Duration = Duration::from_secs(15);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Who calls.
pub(crate) enum Authorization<'a> {
    Basic(&'a Credentials),
    Bearer(&'a Secret),
}

/// A call that is being put together.
pub(crate) struct Call {
    request: Request,
}

impl Call {
    pub(crate) fn new(
        method: Method,
        url: Url,
        authorization: &Authorization<'_>,
    ) -> Result<Self, ClientError> {
        let value = match authorization {
            Authorization::Basic(credentials) => credentials.to_header(),
            Authorization::Bearer(token) => format!("Bearer {}", token.expose()),
        };
        let mut value = header_value(&value, "the access token")?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, JSON);
        headers.insert(AUTHORIZATION, value);
        let request = Request {
            method,
            url,
            headers,
            body: Vec::new(),
            deadline: CALL_DEADLINE,
        };
        Ok(Self { request })
    }

    /// Announces JSON. The source's samples do so on every API call, even on one without a body.
    pub(crate) fn announcing_json(mut self) -> Self {
        self.request.headers.insert(CONTENT_TYPE, JSON);
        self
    }

    pub(crate) fn with_json(self, body: &Value) -> Self {
        let mut call = self.announcing_json();
        call.request.body = body.to_string().into_bytes();
        call
    }

    pub(crate) fn with_form(mut self, parameters: &[(&str, &str)]) -> Self {
        self.request.headers.insert(CONTENT_TYPE, FORM);
        self.request.body = encode(parameters).into_bytes();
        self
    }

    pub(crate) fn with_query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.request.url.set_query(Some(&encode(parameters)));
        self
    }

    pub(crate) fn with_header(
        mut self,
        name: HeaderName,
        value: &str,
    ) -> Result<Self, ClientError> {
        let value = header_value(value, name.as_str())?;
        self.request.headers.insert(name, value);
        Ok(self)
    }

    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.request.deadline = deadline;
        self
    }

    pub(crate) async fn send(self, outgoing: &Outgoing) -> Result<Success, ClientError> {
        let answer = outgoing.send(self.request).await?;
        match answer.status {
            200..=299 => Ok(Success { body: answer.body }),
            // 503 says that nothing was done (§2.2, §3.4); every other 5xx may have come half-way.
            500..=502 | 504..=599 => Err(ClientError::Uncertain(failed(&answer))),
            _ => Err(ClientError::Rejected(Rejection::read(&answer))),
        }
    }
}

/// A 2xx.
pub(crate) struct Success {
    body: Vec<u8>,
}

impl Success {
    /// The body as any JSON object.
    pub(crate) fn object(&self) -> Result<Value, ClientError> {
        if self.body.trim_ascii().is_empty() {
            return Err(ClientError::Empty);
        }
        let value = parse(&self.body).map_err(|error| ClientError::Malformed(error.to_string()))?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(ClientError::Empty)
        }
    }

    /// The body as what `read` takes out of its members.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Members<'_>) -> Option<T>,
    ) -> Result<T, ClientError> {
        let body = self.object()?;
        let problems = Problems::new();
        let value = Members::of_body(&body, &problems).and_then(|members| read(&members));
        problems
            .finish(value)
            .map_err(|problems| ClientError::Malformed(sentence(&problems)))
    }

    /// The `{"status": "success"}` of §3.
    pub(crate) fn expect_status_success(&self) -> Result<(), ClientError> {
        self.read(|members| {
            if members.required_string("status")? != "success" {
                members.report("status", "must be \"success\"");
            }
            Some(())
        })
    }
}

/// Query and form alike, with a space as `%20`: a form decoder and a plain percent decoder both read that.
pub(crate) fn encode(parameters: &[(&str, &str)]) -> String {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(parameters);
    // A plus sign of the text itself has become %2B, so each that is left is a space.
    encoder.finish().replace('+', "%20")
}

fn header_value(text: &str, name: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|_| {
        let reason = format!("{name} has characters that a header field cannot carry");
        ClientError::NotSent(OutgoingError::Refused(reason))
    })
}

fn failed(answer: &Answer) -> Uncertainty {
    Uncertainty::ServerFailed {
        status: answer.status,
        request_id: request_id(&answer.headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_survives_a_query() {
        let encoded = encode(&[("client_id", "A B+/=é&"), ("scope", "messages targeting")]);
        assert_eq!(
            encoded,
            "client_id=A%20B%2B%2F%3D%C3%A9%26&scope=messages%20targeting"
        );
    }

    #[test]
    fn an_answer_without_an_object_is_empty_and_one_that_is_no_json_is_malformed() {
        let object = |body: &str| Success { body: body.into() }.object();
        for body in ["", " \n", "null", "[]", "\"text\"", "5"] {
            assert!(matches!(object(body), Err(ClientError::Empty)), "{body}");
        }
        for body in ["<html>", "{", "{\"a\":1,\"a\":2}"] {
            assert!(
                matches!(object(body), Err(ClientError::Malformed(_))),
                "{body}"
            );
        }
        assert!(object("{}").is_ok());
    }
}
