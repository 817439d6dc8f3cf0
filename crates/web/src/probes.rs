//! What machines ask a process: whether it lives, whether it can serve, and what it counts (protocol §8.6).

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use protocol::paths::{HEALTHZ, READYZ};

use crate::error::ApiError;

/// `GET /healthz`, which answers while the process lives, and `GET /readyz`, which answers 200 while `is_ready` says so
/// and 503 otherwise.
pub fn routes<S, F, R>(is_ready: F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = bool> + Send + 'static,
{
    let ready = move || {
        let asked = is_ready();
        async move {
            if asked.await {
                Ok("ready\n")
            } else {
                Err(ApiError::unavailable(1))
            }
        }
    };
    Router::new()
        .route(HEALTHZ, get(|| async { "alive\n" }))
        .route(READYZ, get(ready))
}

/// Renders what the process counts, as Prometheus text. The process has one set of counters, so its two sides share it.
#[derive(Clone)]
pub struct Counters(Arc<dyn Fn() -> String + Send + Sync>);

impl Counters {
    /// Counters that `render` tells.
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    /// The answer to `GET /metrics`.
    pub fn answer(&self) -> Response {
        (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            (self.0)(),
        )
            .into_response()
    }
}

impl Default for Counters {
    /// Of a process that counts nothing: tests.
    fn default() -> Self {
        Self::new(String::new)
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Counters")
    }
}
