//! Takes connections and answers on them until shutdown begins, then finishes what is under way.
//!
//! axum's own `serve` limits neither the time for the head of a request nor the number of connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use base::Tasks;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long to wait before taking connections again when the system has no more file descriptors.
const PAUSE_WHEN_EXHAUSTED: Duration = Duration::from_millis(100);

/// The most that the head of a request may hold, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// What one listener allows.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// How long the head of a request may take, the wait for a further request on the same connection included.
    pub head_timeout: Duration,
    /// How many connections may be open; more wait in the system's queue.
    pub connections: usize,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            connections: 10_000,
        }
    }
}

/// Answers what comes to `listener` with `router`; handlers find the caller in `ConnectInfo<SocketAddr>`.
///
/// Returns when shutdown begins. Each connection is one of `tasks`, so that [`Tasks::stop`] waits for the requests that
/// are under way.
pub async fn serve(listener: TcpListener, router: Router, limits: ServeLimits, tasks: &Tasks) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let taking = async {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            let (stream, peer) = accept(&listener, tasks.stopping()).await;
            let connection = Connection {
                stream,
                peer,
                router: router.clone(),
                head_timeout: limits.head_timeout,
                stopping: tasks.stopping().clone(),
                _place: place,
            };
            tasks.spawn("connection", connection.run());
        }
    };
    let _ = tasks.stopping().run_until_cancelled(taking).await;
}

async fn accept(listener: &TcpListener, stopping: &CancellationToken) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                let _ = tokio::time::timeout(PAUSE_WHEN_EXHAUSTED, stopping.cancelled()).await;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_timeout: Duration,
    stopping: CancellationToken,
    /// Held for as long as the connection is open.
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self) {
        // Answers are small and written whole: waiting for more to send would only delay them.
        let _ = self.stream.set_nodelay(true);
        let (router, peer) = (self.router, self.peer);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_buf_size(HEAD_LIMIT)
            .serve_connection(TokioIo::new(self.stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
