//! The sandbox's secrets: every one is derived from a key in the data folder, so that a restart knows them again while
//! the database holds only their hashes.

use base::{Keyring, Secret};
use data_encoding::BASE64URL_NOPAD;
/// Who logs in to the gateway.
pub(crate) const GATEWAY_EMAIL: &str = "office@gateway.example";

/// The demo's secrets, all derived from one key.
#[derive(Debug)]
pub(crate) struct DemoSecrets {
    keys: Keyring,
}

impl DemoSecrets {
    /// The secrets that `keys` gives.
    pub(crate) fn new(keys: Keyring) -> Self {
        Self { keys }
    }

    pub(crate) fn operator_key(&self) -> Secret {
        self.derive("operator key")
    }

    pub(crate) fn api_key(&self) -> Secret {
        self.derive("gateway api key")
    }

    pub(crate) fn gateway_password(&self) -> Secret {
        self.derive("gateway person")
    }

    /// The secret of the platform's demo data that goes by this name.
    pub(crate) fn of_demo(&self, name: &str) -> Secret {
        self.derive(&format!("platform {name}"))
    }

    fn derive(&self, label: &str) -> Secret {
        let key = self
            .keys
            .derive(self.keys.active(), &format!("sandbox {label}"))
            .expect("the active key of a keyring is in it");
        let (half, _) = key.split_at(24);
        Secret::new(BASE64URL_NOPAD.encode(half))
    }
}
