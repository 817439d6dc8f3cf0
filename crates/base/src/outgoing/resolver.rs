//! A name resolver that refuses a name if any of its addresses is one that we do not send to, so that a name service
//! that answers differently from time to time (rebinding) gains nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressPolicy;

/// Asks the system's resolver and vets what it says.
pub(super) struct VettingResolver {
    policy: AddressPolicy,
}

impl VettingResolver {
    pub(super) fn new(policy: AddressPolicy) -> Self {
        Self { policy }
    }
}

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                policy.check_address(address.ip())?;
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}
