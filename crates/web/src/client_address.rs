//! Who calls: the address of the connection, or the one that a trusted proxy names in `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use thiserror::Error;

use crate::error::ApiError;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The caller's address. An extractor: [`crate::frame::Frame`] works it out for every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The key under which a limit counts this caller: the address, or for IPv6 the network of 64 bits, since one
    /// caller usually owns a whole one.
    pub fn limit_key(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                format!("{}/64", Ipv6Addr::from_bits(network))
            }
        }
    }

    /// Works the address out. A request that came through no socket (a test's) has the unspecified address.
    pub(crate) fn of(
        extensions: &Extensions,
        headers: &HeaderMap,
        proxies: &TrustedProxies,
    ) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let mut address = peer.to_canonical();
        // Each proxy appends the address that it saw: read from the end for as long as the teller is trusted.
        let told = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let told = told.filter_map(|line| line.to_str().ok());
        for text in told.flat_map(|line| line.rsplit(',')) {
            if !proxies.contain(address) {
                break;
            }
            let Ok(before) = text.trim().parse::<IpAddr>() else {
                break;
            };
            address = before.to_canonical();
        }
        Self(address)
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("a route stands outside the frame and has no client address");
            ApiError::internal_without_cause()
        })
    }
}

/// The proxies whose `X-Forwarded-For` is believed; nobody's by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    /// How many leading bits count.
    prefix: u32,
}

/// A trusted proxy that is neither an address nor a network.
#[derive(Debug, Error)]
#[error("trusted proxy `{0}` is not an address such as 10.0.0.1 or a network such as 10.0.0.0/8")]
pub struct TrustedProxyError(String);

impl TrustedProxies {
    /// Reads addresses and networks (`10.0.0.0/8`).
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, TrustedProxyError> {
        let networks = texts.into_iter().map(str::parse);
        Ok(Self(networks.collect::<Result<Vec<_>, _>>()?.into()))
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        let refuse = || TrustedProxyError(text.to_owned());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| refuse())?,
            None => longest,
        };
        if prefix > longest {
            return Err(refuse());
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut extensions = Extensions::new();
        let peer = SocketAddr::new(peer.parse().unwrap(), 4_000);
        extensions.insert(ConnectInfo(peer));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies = TrustedProxies::parse(proxies.iter().copied()).unwrap();
        ClientAddress::of(&extensions, &headers, &proxies)
            .0
            .to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let cases: [(&str, &[&str], &[&str], &str); 7] = [
            ("9.9.9.9", &["1.1.1.1"], &[], "9.9.9.9"),
            ("9.9.9.9", &["1.1.1.1"], &["10.0.0.0/8"], "9.9.9.9"),
            ("10.1.2.3", &["1.1.1.1"], &["10.0.0.0/8"], "1.1.1.1"),
            // What the caller claims stands to the left of what the proxy saw.
            (
                "10.1.2.3",
                &["6.6.6.6, 1.1.1.1"],
                &["10.0.0.0/8"],
                "1.1.1.1",
            ),
            (
                "10.1.2.3",
                &["1.1.1.1", "10.4.4.4"],
                &["10.0.0.0/8"],
                "1.1.1.1",
            ),
            ("10.1.2.3", &["rubbish"], &["10.0.0.0/8"], "10.1.2.3"),
            (
                "::ffff:10.1.2.3",
                &["2001:db8::1"],
                &["10.1.2.3"],
                "2001:db8::1",
            ),
        ];
        for (peer, forwarded, proxies, expected) in cases {
            assert_eq!(
                address(peer, forwarded, proxies),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn one_ipv6_network_is_one_caller() {
        let key = |text: &str| ClientAddress(text.parse().unwrap()).limit_key();
        assert_eq!(key("2001:db8::1"), "2001:db8::/64");
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_eq!(key("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for text in ["", "ten", "10.0.0.0/33", "::/129", "10.0.0.0/x"] {
            let error = TrustedProxies::parse([text]).unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")));
        }
    }
}
