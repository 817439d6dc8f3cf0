//! How a connection comes about: vetted addresses, a dial, a look at who is there, TLS. It is handed on only then, so
//! nothing of a request can be written to an address that was not vetted.
//!
//! The addresses that were vetted are the ones that are dialled: there is no second look-up that a hostile name service
//! could answer differently (rebinding).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use url::Host;

use super::address::{AddressPolicy, is_localhost};
use super::answer::OutgoingError;
use super::connection::Connection;
use super::network::{Dialler, NameService, Network, Stream};
use super::origin::Origin;
use super::race;

/// Makes connections under an address policy.
pub(super) struct Connector {
    policy: AddressPolicy,
    names: Box<dyn NameService>,
    dialler: Box<dyn Dialler>,
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(policy: AddressPolicy, network: Network) -> Self {
        Self {
            policy,
            names: network.names,
            dialler: network.dialler,
            tls: TlsConnector::from(Arc::new(network.tls)),
        }
    }

    /// A connection to an origin whose URL was judged already. Its errors say that nothing was sent.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Connection, OutgoingError> {
        let server_name = origin.server_name().ok_or_else(|| {
            OutgoingError::Refused("no certificate can be for such a host name".to_owned())
        })?;
        let addresses = self.vetted(origin).await?;
        let stream = self.dial(addresses).await?;
        let stream = if origin.is_https {
            self.secure(server_name, stream).await?
        } else {
            stream
        };
        Connection::over(stream)
            .await
            .map_err(OutgoingError::Connect)
    }

    /// Where the origin is. A name is refused if any of its addresses is: an honest one has no such address, and a list
    /// that holds both is an attempt to get one of them dialled.
    async fn vetted(&self, origin: &Origin) -> Result<Vec<SocketAddr>, OutgoingError> {
        let found = self.addresses(&origin.host).await?;
        for address in &found {
            self.policy.check_answer(*address, origin.is_https)?;
        }
        let with_port = |address| SocketAddr::new(address, origin.port);
        Ok(found.into_iter().map(with_port).collect())
    }

    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, OutgoingError> {
        match host {
            Host::Ipv4(address) => Ok(vec![IpAddr::V4(*address)]),
            Host::Ipv6(address) => Ok(vec![IpAddr::V6(*address)]),
            // RFC 6761 6.3: such a name is never looked up, so nobody can give it another meaning.
            Host::Domain(name) if is_localhost(name) => Ok(vec![
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ]),
            Host::Domain(name) => self.names.look_up(name).await.map_err(|error| {
                OutgoingError::Connect(format!("the name could not be looked up: {error}"))
            }),
        }
    }

    /// The first connection that comes about, if it leads where it should.
    async fn dial(&self, addresses: Vec<SocketAddr>) -> Result<Box<dyn Stream>, OutgoingError> {
        let dial = |address| self.dialler.dial(address);
        let (address, dialled) = race::first(addresses, dial)
            .await
            .map_err(OutgoingError::Connect)?;
        self.policy.check_address(dialled.peer.ip())?;
        if dialled.peer != address {
            let peer = dialled.peer;
            let reason = format!("{address} was dialled and {peer} reached");
            return Err(OutgoingError::Connect(reason));
        }
        Ok(dialled.stream)
    }

    async fn secure(
        &self,
        server_name: ServerName<'static>,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, OutgoingError> {
        match self.tls.connect(server_name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(OutgoingError::Connect(format!("TLS failed: {error}"))),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
