//! The client itself: who it is and where the platform lives. The calls are in a file per resource.

use std::fmt;
use std::sync::Arc;

use base::{Outgoing, Secret};
use protocol::basic_credentials::Credentials;

use crate::addresses::PlatformAddresses;

/// A client of one platform under one OAuth client id. Clones share everything.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    addresses: PlatformAddresses,
    client_id: String,
    client_secret: Secret,
    outgoing: Outgoing,
}

impl Client {
    /// A client with the credentials that the platform's operator gave out (§2.2). Nothing is sent yet.
    pub fn new(
        addresses: PlatformAddresses,
        client_id: impl Into<String>,
        client_secret: Secret,
        outgoing: Outgoing,
    ) -> Self {
        let inner = Arc::new(Inner {
            addresses,
            client_id: client_id.into(),
            client_secret,
            outgoing,
        });
        Self { inner }
    }

    /// Where the platform lives.
    pub fn addresses(&self) -> &PlatformAddresses {
        &self.inner.addresses
    }

    /// Who this client is to the platform.
    pub fn client_id(&self) -> &str {
        &self.inner.client_id
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.inner.outgoing
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let secret = self.inner.client_secret.expose();
        Credentials::new(self.client_id(), secret)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("addresses", self.addresses())
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
