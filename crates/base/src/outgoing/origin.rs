//! Where a request goes, as far as a connection is concerned: requests to one origin may share connections.

use std::net::IpAddr;

use http::HeaderValue;
use rustls::pki_types::ServerName;
use url::{Host, Url};

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) is_https: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of an http or https URL.
    pub(super) fn of(url: &Url) -> Option<Self> {
        Some(Self {
            is_https: url.scheme() == "https",
            host: url.host()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// The `Host` field: the port only if it is not the scheme's own.
    pub(super) fn host_field(&self) -> Option<HeaderValue> {
        let usual_port = if self.is_https { 443 } else { 80 };
        let text = if self.port == usual_port {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        };
        HeaderValue::try_from(text).ok()
    }

    /// Whom the certificate must be for.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        match &self.host {
            Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(*address))),
            Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(*address))),
            Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::of(&Url::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn paths_and_the_usual_port_make_no_difference_and_scheme_and_port_do() {
        let usual = origin("https://partner.example/v1/lead?a=b");
        assert_eq!(usual, origin("https://PARTNER.example:443/v1/message"));
        assert_ne!(usual, origin("http://partner.example/v1/lead"));
        assert_ne!(usual, origin("https://partner.example:8443/v1/lead"));
    }

    #[test]
    fn the_host_field_names_an_unusual_port_only() {
        let field = |text| origin(text).host_field().unwrap();
        assert_eq!(field("https://partner.example/"), "partner.example");
        assert_eq!(field("https://partner.example:80/"), "partner.example:80");
        assert_eq!(field("http://[::1]:8400/"), "[::1]:8400");
    }
}
