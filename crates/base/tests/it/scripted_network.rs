//! A network that answers from a script and writes down what it was asked. Whatever a test dials, no packet goes farther
//! than loopback.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::outgoing::network::{Begun, Dialled, Dialler, NameService};
use base::outgoing::{AddressPolicy, Network, Outgoing, Request};
use http::{HeaderMap, Method};
use tokio::net::TcpStream;
use url::Url;

use crate::tls;

/// What becomes of a dial.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Road {
    /// Nobody listens.
    Refused,
    /// Nothing comes back, ever.
    Silent,
    /// Leads to this server on loopback, which poses as the address that was dialled.
    To(SocketAddr),
    /// The same, and this server has closed the connection by the time that it is handed out.
    Closed(SocketAddr),
    /// Leads to this server on loopback, and whoever asks for the peer is told so.
    Astray(SocketAddr),
}

/// What a name service says.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    Addresses(Vec<IpAddr>),
    Unknown,
    Silent,
}

/// A name service and a dialler; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct ScriptedNetwork(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    names: HashMap<String, VecDeque<Names>>,
    roads: HashMap<SocketAddr, Road>,
    other_roads: Option<Road>,
    looked_up: Vec<String>,
    dialled: Vec<SocketAddr>,
}

impl ScriptedNetwork {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an answer for a name; the last one is repeated.
    pub(crate) fn answers(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        self.says(name, Names::Addresses(addresses.collect()));
    }

    pub(crate) fn says(&self, name: &str, names: Names) {
        let mut script = self.0.lock().unwrap();
        script
            .names
            .entry(name.to_owned())
            .or_default()
            .push_back(names);
    }

    pub(crate) fn road(&self, address: &str, road: Road) {
        let address = address.parse().unwrap();
        self.0.lock().unwrap().roads.insert(address, road);
    }

    /// Where all other addresses lead; nowhere if this is not said.
    pub(crate) fn other_roads(&self, road: Road) {
        self.0.lock().unwrap().other_roads = Some(road);
    }

    /// What was asked of the name service.
    pub(crate) fn looked_up(&self) -> Vec<String> {
        self.0.lock().unwrap().looked_up.clone()
    }

    /// What was, or would have been, dialled.
    pub(crate) fn dialled(&self) -> Vec<String> {
        let script = self.0.lock().unwrap();
        script.dialled.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn outgoing(&self, policy: AddressPolicy) -> Outgoing {
        let network = Network {
            names: Box::new(self.clone()),
            dialler: Box::new(self.clone()),
            tls: tls::trusting_the_test_authority(),
        };
        Outgoing::through(policy, network)
    }
}

impl NameService for ScriptedNetwork {
    fn look_up(&self, name: &str) -> Begun<Vec<IpAddr>> {
        let mut script = self.0.lock().unwrap();
        script.looked_up.push(name.to_owned());
        let known = script.names.get_mut(name);
        let answer = known.map_or(Names::Unknown, |answers| {
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers[0].clone()
            }
        });
        Box::pin(async move {
            match answer {
                Names::Addresses(addresses) => Ok(addresses),
                Names::Unknown => Err(io::Error::other("no such name")),
                Names::Silent => pending().await,
            }
        })
    }
}

impl Dialler for ScriptedNetwork {
    fn dial(&self, address: SocketAddr) -> Begun<Dialled> {
        let mut script = self.0.lock().unwrap();
        script.dialled.push(address);
        let road = script.roads.get(&address).copied();
        let road = road.or(script.other_roads).unwrap_or(Road::Refused);
        Box::pin(async move {
            let (stream, peer) = match road {
                Road::Refused => return Err(io::ErrorKind::ConnectionRefused.into()),
                Road::Silent => pending().await,
                Road::To(server) => (TcpStream::connect(server).await?, address),
                Road::Closed(server) => (closed(server).await?, address),
                Road::Astray(server) => (TcpStream::connect(server).await?, server),
            };
            Ok(Dialled {
                stream: Box::new(stream),
                peer,
            })
        })
    }
}

/// A connection whose end has arrived.
async fn closed(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    assert_eq!(stream.peek(&mut [0]).await?, 0, "the server says nothing");
    Ok(stream)
}

/// A lead for whoever is at `url`, with credentials.
pub(crate) fn lead_for(url: &str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Basic c2VjcmV0".parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    Request {
        method: Method::POST,
        url: Url::parse(url).unwrap(),
        headers,
        body: b"{\"leadID\":\"1\"}".to_vec(),
        deadline: Duration::from_secs(20),
    }
}

/// The same, with a deadline that a test can wait for.
pub(crate) fn urgent_lead_for(url: &str) -> Request {
    Request {
        deadline: Duration::from_millis(150),
        ..lead_for(url)
    }
}
