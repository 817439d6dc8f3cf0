//! What stands around every request: an id, the caller's address, a log line, a time limit, a net for panics, and the
//! body of every error answer.
//!
//! The log line tells the path's template, never the path or the query: both may carry what is secret or personal.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base::{Clock, Entropy};
use http::{HeaderValue, Method, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::client_address::{ClientAddress, TrustedProxies};
use crate::error::ApiError;
use crate::headers::protect_any;
use crate::origin::ExternalOrigin;
use crate::request_id::{RequestId, X_REQUEST_ID};

/// How long a handler may take before the caller gets 503, unless a side says otherwise.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Seconds after which a caller whose request took too long may try again.
const RETRY_AFTER_TIMEOUT_SECONDS: u32 = 5;

/// The middleware around all of a side's routes.
#[derive(Clone, Debug)]
pub struct Frame {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    entropy: Entropy,
    origin: ExternalOrigin,
    proxies: TrustedProxies,
    request_timeout: Duration,
}

impl Frame {
    /// A frame for a side that the outside finds at `origin`; [`REQUEST_TIMEOUT`] and no trusted proxies.
    pub fn new(clock: Clock, entropy: Entropy, origin: ExternalOrigin) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                entropy,
                origin,
                proxies: TrustedProxies::default(),
                request_timeout: REQUEST_TIMEOUT,
            }),
        }
    }

    /// Believes the `X-Forwarded-For` of these proxies.
    #[must_use]
    pub fn trusting(self, proxies: TrustedProxies) -> Self {
        self.changed(|inner| inner.proxies = proxies)
    }

    /// Lets a handler take this long. It is measured in real time: moving the sandbox's clock ends no request.
    #[must_use]
    pub fn with_request_timeout(self, request_timeout: Duration) -> Self {
        self.changed(|inner| inner.request_timeout = request_timeout)
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            clock: self.inner.clock.clone(),
            entropy: self.inner.entropy.clone(),
            origin: self.inner.origin.clone(),
            proxies: self.inner.proxies.clone(),
            request_timeout: self.inner.request_timeout,
        };
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Puts the frame around a side's routes, its fallback included. Nothing may be added to the router afterwards.
    pub fn around(self, router: Router) -> Router {
        router
            .layer(CatchPanicLayer::custom(answer_panic))
            .layer(from_fn_with_state(self, handle))
    }
}

async fn handle(State(frame): State<Frame>, mut request: Request, next: Next) -> Response {
    let frame = frame.inner;
    let id = RequestId::make(&frame.entropy);
    let address = ClientAddress::of(request.extensions(), request.headers(), &frame.proxies);
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(address);
    let span = tracing::info_span!("request", request.id = %id);
    let answered = async {
        let summary = Summary::of(&request);
        let start = frame.clock.now();
        let answer = tokio::time::timeout(frame.request_timeout, next.run(request)).await;
        let mut response = answer.unwrap_or_else(|_| too_slow());
        if let Some(error) = ApiError::taken_from(&mut response) {
            write_body(&mut response, &error, &id);
        }
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id.header_value());
        protect_any(headers, &frame.origin);
        summary.log(&response, frame.clock.now().duration_since(start));
        response
    };
    answered.instrument(span).await
}

/// What the log says of a request.
struct Summary {
    method: Method,
    route: Option<MatchedPath>,
}

impl Summary {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
        }
    }

    fn log(&self, response: &Response, took: jiff::SignedDuration) {
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        let status = response.status();
        tracing::info!(
            http.method = %self.method,
            http.route = route,
            http.status = status.as_u16(),
            duration_ms = took.as_secs_f64() * 1_000.0,
            "answered"
        );
        let labels = [
            ("method", self.method.to_string()),
            ("route", route.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    }
}

fn too_slow() -> Response {
    tracing::warn!("a request took longer than it may");
    ApiError::unavailable(RETRY_AFTER_TIMEOUT_SECONDS).into_response()
}

/// The panic hook has already told what happened and where; the payload may hold what nobody should read.
fn answer_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::internal_without_cause().into_response()
}

fn write_body(response: &mut Response, error: &ApiError, id: &RequestId) {
    let body = serde_json::to_vec(&error.body(id.as_str()))
        .expect("an error body is three strings, which are always JSON");
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    *response.body_mut() = Body::from(body);
}
