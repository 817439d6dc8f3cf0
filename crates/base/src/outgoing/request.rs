//! A request, and how it goes over the wire: one target, one host, one length, all of them ours.

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use url::{Position, Url};

use super::answer::OutgoingError;
use super::origin::Origin;

/// A request that is ready to be sent.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; user information in it is refused.
    pub url: Url,
    /// The header fields, credentials included.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// For everything from the name look-up to the last byte of the answer.
    pub deadline: Duration,
}

/// What is written to a connection.
pub(super) type Message = http::Request<Full<Bytes>>;

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Corkboard/", env!("CARGO_PKG_VERSION")));
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

impl Request {
    /// The message of a request. Whatever its header fields say of host and length is replaced: two opinions on where a
    /// message ends are how one is smuggled inside another.
    pub(super) fn into_message(self, origin: &Origin) -> Result<Message, OutgoingError> {
        let Request {
            method,
            url,
            headers: mut given,
            body,
            ..
        } = self;
        if method == Method::CONNECT {
            return Err(refused("CONNECT asks for a tunnel and not for an answer"));
        }
        let host = origin
            .host_field()
            .ok_or_else(|| refused("the host cannot stand in a header field"))?;
        let mut headers = HeaderMap::with_capacity(given.len() + 4);
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT, ANYTHING);
        for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
            given.remove(name);
        }
        headers.extend(given);
        if !body.is_empty() || matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let mut message = http::Request::new(Full::new(Bytes::from(body)));
        *message.uri_mut() = path_and_query(&url)?;
        *message.method_mut() = method;
        *message.headers_mut() = headers;
        Ok(message)
    }
}

fn path_and_query(url: &Url) -> Result<Uri, OutgoingError> {
    PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery])
        .map(Uri::from)
        .map_err(|_| refused("the URL has characters that a request line cannot carry"))
}

fn refused(reason: &str) -> OutgoingError {
    OutgoingError::Refused(reason.to_owned())
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header fields carry credentials, the query may, and the body is personal.
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}
