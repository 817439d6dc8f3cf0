//! Which addresses we send to: public ones, and loopback where the sandbox allows it (protocol §4.5).
//!
//! Ports are not judged: the first that any of them hears from us is TLS, in which no other protocol can be hidden.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

/// What an outgoing request may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPolicy {
    /// https to public addresses only.
    PublicOnly,
    /// As above, and http or https to loopback: both sides on one laptop.
    PublicAndLoopback,
}

/// Why a target is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RefusedTarget {
    /// Not `http` or `https`.
    #[error("the scheme must be https")]
    Scheme,
    /// `http` where only https is allowed.
    #[error("http is allowed to loopback addresses of a sandbox only; use https")]
    Insecure,
    /// `https://user:password@host/`.
    #[error("a URL must not carry a user name or password")]
    UserInformation,
    /// There is no host in it.
    #[error("the URL has no host")]
    NoHost,
    /// Private, loopback, link-local, multicast, reserved or a metadata service.
    #[error("the address {0} is not a public one")]
    NotPublic(IpAddr),
}

impl AddressPolicy {
    /// Judges a URL by itself: scheme, user information, and a host that is a literal address or `localhost`. What a
    /// name resolves to is judged when it is dialled.
    pub fn check_url(self, url: &Url) -> Result<(), RefusedTarget> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RefusedTarget::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusedTarget::UserInformation);
        }
        let literal = match url.host().ok_or(RefusedTarget::NoHost)? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(name) => is_localhost(name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        };
        if let Some(address) = literal {
            self.check_address(address)?;
        }
        let loopback = literal.is_some_and(is_loopback);
        if url.scheme() == "http" && !(loopback && self == Self::PublicAndLoopback) {
            return Err(RefusedTarget::Insecure);
        }
        Ok(())
    }

    /// Judges an address that is about to be dialled, or was.
    pub fn check_address(self, address: IpAddr) -> Result<(), RefusedTarget> {
        let is_allowed_loopback = self == Self::PublicAndLoopback && is_loopback(address);
        if is_allowed_loopback || is_public(address) {
            Ok(())
        } else {
            Err(RefusedTarget::NotPublic(address))
        }
    }

    /// Judges an address that a host stands for. What is not encrypted stays on this machine, whatever the URL named.
    pub(super) fn check_answer(
        self,
        address: IpAddr,
        is_encrypted: bool,
    ) -> Result<(), RefusedTarget> {
        self.check_address(address)?;
        if is_encrypted || is_loopback(address) {
            Ok(())
        } else {
            Err(RefusedTarget::Insecure)
        }
    }
}

/// Whether a name is `localhost` or below it.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost")
        || name
            .len()
            .checked_sub(".localhost".len())
            .and_then(|start| name.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
}

/// Whether the operating system keeps a connection to this address on this machine. The other forms that carry an IPv4
/// address go to a gateway, whatever they carry.
fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address
                    .to_ipv4_mapped()
                    .is_some_and(|inner| inner.is_loopback())
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The IANA registry of special-purpose IPv4 addresses, multicast, and a cloud's metadata service that has an
/// otherwise public address (168.63.129.16).
fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..128, ..]
            | [169, 254, ..]
            | [172, 16..32, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [168, 63, 129, 16]
    )
}

/// Only `2000::/3` is given out as global unicast; what is special within it is taken out: Teredo, benchmarks and the
/// like (`2001::/23`), documentation, 6to4, and interface ids that carry an IPv4 address for a tunnel (ISATAP). Forms that
/// carry one elsewhere (mapped, compatible, translated) are no addresses of a server. The exception is NAT64's well-known
/// prefix, which networks without IPv4 reach the rest of the world by: it is as good as the address that it carries.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = segments {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let global = segments[0] & 0xe000 == 0x2000;
    let special = matches!(
        segments,
        [0x2001, 0..=0x01ff | 0x0db8, ..]
            | [0x2002, ..]
            | [0x3fff, 0..=0x0fff, ..]
            | [_, _, _, _, 0 | 0x0200, 0x5efe, _, _]
    );
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: AddressPolicy, text: &str) -> Result<(), RefusedTarget> {
        policy.check_url(&Url::parse(text).unwrap())
    }

    #[test]
    fn hostile_literals_are_refused_in_every_spelling() {
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[::]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[::ffff:0:127.0.0.1]/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://172.31.255.255/",
            "https://192.168.1.1/",
            "https://169.254.169.254/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://255.255.255.255/",
            "https://224.0.0.1/",
            "https://[ff02::1]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[fd00:ec2::254]/",
            "https://[2001:db8::1]/",
            "https://[64:ff9b:1::1]/",
            "https://[100::1]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://198.18.0.1/",
            "https://192.0.2.1/",
            "https://168.63.129.16/",
            "https://[2001::1]/",
            "https://127.1/",
        ] {
            assert!(check(AddressPolicy::PublicOnly, text).is_err(), "{text}");
        }
        for text in [
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
            "https://partner.example/v1/lead",
            "https://172.32.0.1/",
        ] {
            assert_eq!(check(AddressPolicy::PublicOnly, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_sandbox_may_reach_loopback_but_nothing_else_that_is_private() {
        let policy = AddressPolicy::PublicAndLoopback;
        for text in [
            "http://127.0.0.1:8400/v1/lead",
            "http://localhost:1/",
            "http://[::1]/",
        ] {
            assert_eq!(check(policy, text), Ok(()), "{text}");
        }
        assert!(check(policy, "http://192.168.1.1/").is_err());
        assert_eq!(
            check(policy, "http://partner.example/"),
            Err(RefusedTarget::Insecure)
        );
    }

    #[test]
    fn credentials_and_odd_schemes_are_refused() {
        let policy = AddressPolicy::PublicOnly;
        assert_eq!(
            check(policy, "https://u:p@partner.example/"),
            Err(RefusedTarget::UserInformation)
        );
        assert_eq!(
            check(policy, "ftp://partner.example/"),
            Err(RefusedTarget::Scheme)
        );
        assert_eq!(
            check(policy, "http://partner.example/"),
            Err(RefusedTarget::Insecure)
        );
    }
}
