//! Outgoing HTTP: to partners, to the platform, to a CRM. One request, one deadline, a capped answer, no redirects.
//!
//! Who takes part: [`address`] judges an address, `resolver` asks it about every answer of the name service, and
//! [`Outgoing`] asks it about literal addresses (HTTP clients never show those to a resolver) and about the peer that
//! was reached in the end. Whoever sends decides what an answer means.

pub mod address;
mod resolver;

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use thiserror::Error;

pub use address::AddressPolicy;
use resolver::VettingResolver;

/// The most of an answer's body that is read, in bytes (protocol §4.5).
pub const LONGEST_ANSWER: usize = 64 * 1024;

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

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// At most [`LONGEST_ANSWER`] bytes of the body.
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug, Error)]
pub enum OutgoingError {
    /// The target is not one that we send to. Nothing was sent.
    #[error("the target is refused: {0}")]
    Refused(String),
    /// No connection was made. Nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// The deadline passed after the request may have been sent.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The connection broke after the request may have been sent.
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl OutgoingError {
    /// Whether it is certain that the other side never saw the request.
    pub fn was_not_sent(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Connect(_))
    }
}

/// Sends requests under an address policy. Clones share their connections.
#[derive(Clone)]
pub struct Outgoing {
    client: reqwest::Client,
    policy: AddressPolicy,
}

impl Outgoing {
    /// A sender that refuses whatever `policy` refuses.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up, in the client's words.
    pub fn new(policy: AddressPolicy) -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where an HTTP client is made"
        )]
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::tls::client_config())
            .dns_resolver(VettingResolver::new(policy))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Corkboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| chain(&error))?;
        Ok(Self { client, policy })
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    /// See [`OutgoingError`]; an answer of any status is not one.
    pub async fn send(&self, request: Request) -> Result<Answer, OutgoingError> {
        self.policy
            .check_url(&request.url)
            .map_err(|error| OutgoingError::Refused(error.to_string()))?;
        let deadline = request.deadline;
        tokio::time::timeout(deadline, self.exchange(request))
            .await
            .unwrap_or(Err(OutgoingError::TimedOut(deadline)))
    }

    async fn exchange(&self, request: Request) -> Result<Answer, OutgoingError> {
        let mut response = self
            .client
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(|error| classify(&error))?;
        if let Some(peer) = response.remote_addr() {
            // The resolver vetted what it returned; this catches a client that dialled something else.
            self.policy
                .check_address(peer.ip())
                .map_err(|error| OutgoingError::Broken(error.to_string()))?;
        }
        let mut body = Vec::new();
        while body.len() < LONGEST_ANSWER {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(OutgoingError::Broken(chain(&error))),
            }
        }
        body.truncate(LONGEST_ANSWER);
        Ok(Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

fn classify(error: &reqwest::Error) -> OutgoingError {
    if error.is_builder() {
        OutgoingError::Refused(chain(error))
    } else if error.is_connect() || error.is_dns() {
        OutgoingError::Connect(chain(error))
    } else {
        OutgoingError::Broken(chain(error))
    }
}

/// The error and its sources in one line, without the URL: it may carry a credential in its query.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    if text.is_empty() {
        "the request could not be made".to_owned()
    } else {
        text
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
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

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
