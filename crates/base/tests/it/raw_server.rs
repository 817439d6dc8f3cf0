//! A server on loopback that says exactly the bytes that a test wants, or nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::Tasks;
use base::outgoing::network::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::tls;

/// An ordinary answer after which the connection can be used again.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a server has seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Connections that were accepted, and those of them that the server is done with.
    pub(crate) opened: usize,
    pub(crate) closed: usize,
    /// Every request that came as a whole, with the number of its connection.
    pub(crate) requests: Vec<(usize, String)>,
    /// The names that TLS clients asked for.
    pub(crate) server_names: Vec<Option<String>>,
}

/// The server; it ends with the test's runtime.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    seen: watch::Sender<Seen>,
}

/// One connection, in the hands of the test.
pub(crate) struct Visit {
    /// 0 for the first connection.
    pub(crate) number: usize,
    pub(crate) stream: Box<dyn Stream>,
    seen: watch::Sender<Seen>,
}

impl RawServer {
    /// Handles each connection by `handle`, and closes it after that.
    pub(crate) async fn start<F>(handle: impl Fn(Visit) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::run(None, handle).await
    }

    /// The same behind TLS, with a certificate for `partner.example` and `127.0.0.1`.
    pub(crate) async fn start_tls<F>(handle: impl Fn(Visit) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::run(Some(tls::acceptor()), handle).await
    }

    /// Answers every request on every connection with [`OK`].
    pub(crate) async fn obliging() -> Self {
        Self::start(oblige).await
    }

    async fn run<F>(
        acceptor: Option<TlsAcceptor>,
        handle: impl Fn(Visit) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, _) = watch::channel(Seen::default());
        let server = Self {
            address,
            seen: seen.clone(),
        };
        let (tasks, handle) = (Tasks::new(), Arc::new(handle));
        tasks.clone().spawn("raw server", async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                seen.send_modify(|seen| seen.opened += 1);
                let (acceptor, handle, seen) = (acceptor.clone(), handle.clone(), seen.clone());
                tasks.spawn("visit", async move {
                    if let Some(stream) = accepted(acceptor, stream, &seen).await {
                        let visit = Visit {
                            number,
                            stream,
                            seen: seen.clone(),
                        };
                        handle(visit).await;
                    }
                    seen.send_modify(|seen| seen.closed += 1);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what was seen is as `expected` says.
    pub(crate) async fn wait(&self, expected: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.subscribe();
        let wait = tokio::time::timeout(Duration::from_secs(20), seen.wait_for(expected));
        assert!(wait.await.is_ok(), "{:?}", self.seen());
    }

    /// Waits until so many connections were closed by this side, and until the other side can know it.
    pub(crate) async fn wait_closed(&self, count: usize) {
        self.wait(|seen| seen.closed >= count).await;
        // The runtime looks at its sockets before it comes back to a task that yielded.
        tokio::task::yield_now().await;
    }
}

async fn accepted(
    acceptor: Option<TlsAcceptor>,
    stream: tokio::net::TcpStream,
    seen: &watch::Sender<Seen>,
) -> Option<Box<dyn Stream>> {
    let Some(acceptor) = acceptor else {
        return Some(Box::new(stream));
    };
    let stream = acceptor.accept(stream).await.ok()?;
    let name = stream.get_ref().1.server_name().map(ToOwned::to_owned);
    seen.send_modify(|seen| seen.server_names.push(name));
    Some(Box::new(stream))
}

/// Answers every request with [`OK`].
pub(crate) async fn oblige(mut visit: Visit) {
    while visit.request().await.is_some() {
        visit.say(OK).await;
    }
}

impl Visit {
    /// The next request as it came, unless the other side closes.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        while !is_whole(&bytes) {
            if self.stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let request = (self.number, text.clone());
        self.seen.send_modify(|seen| seen.requests.push(request));
        Some(text)
    }

    /// Says this, and whether the other side still takes it.
    pub(crate) async fn say(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Says nothing more until the other side closes.
    pub(crate) async fn wait_for_the_end(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    body.len() >= length.unwrap_or(0_usize)
}
