//! The network as the sender uses it: who knows a name's addresses, and who opens a connection to one.
//!
//! Both are arguments ([`Outgoing::through`](super::Outgoing::through)), so that a test can answer with any address and
//! see what would be dialled while no packet leaves the machine. Neither is trusted: answers are vetted before they are
//! dialled, and the peer of a connection before anything is written to it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What a name service or a dialler has begun.
pub type Begun<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Knows which addresses a name has.
pub trait NameService: Send + Sync {
    /// All addresses of `name` now, the preferred ones first. It is asked for each new connection and never for literal
    /// addresses or `localhost`.
    fn look_up(&self, name: &str) -> Begun<Vec<IpAddr>>;
}

/// Opens connections.
pub trait Dialler: Send + Sync {
    /// Connects to exactly this address.
    fn dial(&self, address: SocketAddr) -> Begun<Dialled>;
}

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to which nothing was written yet.
pub struct Dialled {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// Who is at its other end.
    pub peer: SocketAddr,
}

/// What a sender stands on.
pub struct Network {
    /// Who knows the addresses of names.
    pub names: Box<dyn NameService>,
    /// Who opens connections.
    pub dialler: Box<dyn Dialler>,
    /// Which certificates are trusted.
    pub tls: ClientConfig,
}

impl Network {
    /// The operating system's names, sockets and trusted certificates.
    pub fn system() -> Self {
        Self {
            names: Box::new(SystemNames),
            dialler: Box::new(TcpDialler),
            tls: crate::tls::client_config(),
        }
    }
}

struct SystemNames;

impl NameService for SystemNames {
    fn look_up(&self, name: &str) -> Begun<Vec<IpAddr>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

struct TcpDialler;

impl Dialler for TcpDialler {
    fn dial(&self, address: SocketAddr) -> Begun<Dialled> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            // A request is written at once and then waited for: there is nothing to collect it with.
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            if stream.local_addr()? == peer {
                // On loopback, a port that nobody listens on can be given to the caller itself, which then hears itself.
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(Dialled {
                stream: Box::new(stream),
                peer,
            })
        })
    }
}

impl fmt::Debug for Dialled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dialled")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").finish_non_exhaustive()
    }
}
