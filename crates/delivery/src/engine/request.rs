//! The HTTP request of one attempt: the same bytes and id every time, a new timestamp and signature.

use std::time::Duration;

use base::outgoing::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue};
use jiff::Timestamp;
use protocol::standard_webhooks::{self, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};

use crate::directory::Destination;
use crate::store::pending::Pending;

/// A delivery that is to be sent.
pub(crate) struct Ready {
    pub(crate) destination: Destination,
    pub(crate) delivery: Pending,
}

/// The request for a delivery. The error says that a value cannot stand in a header; it never shows the value.
pub(crate) fn build(
    ready: Ready,
    now: Timestamp,
    deadline: Duration,
) -> Result<Request, InvalidHeaderValue> {
    let Pending {
        delivery_id, body, ..
    } = ready.delivery;
    let Destination {
        method,
        url,
        mut headers,
        credentials,
        signing_secrets,
    } = ready.destination;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(credentials) = credentials {
        let mut value = HeaderValue::try_from(credentials.to_header())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let (id, timestamp) = (delivery_id.to_string(), now.as_second());
    insert(&mut headers, ID_HEADER, id.clone())?;
    insert(&mut headers, TIMESTAMP_HEADER, timestamp.to_string())?;
    if !signing_secrets.is_empty() {
        let signature =
            standard_webhooks::sign_with_all(&signing_secrets, &id, timestamp, body.as_bytes());
        insert(&mut headers, SIGNATURE_HEADER, signature)?;
    }
    Ok(Request {
        method,
        url,
        headers,
        body: body.into_bytes(),
        deadline,
    })
}

fn insert(
    headers: &mut HeaderMap,
    name: &'static str,
    value: String,
) -> Result<(), InvalidHeaderValue> {
    headers.insert(name, HeaderValue::try_from(value)?);
    Ok(())
}
