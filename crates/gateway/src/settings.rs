//! What the partner chooses: read once at start by the command line, and passed on as values.

use base::{Secret, SecretHash};
use client::PlatformAddresses;
use protocol::scope::Scopes;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;

/// The settings of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origin that browsers and the platform know this gateway by.
    pub base_url: ExternalOrigin,
    /// What the platform logs in with when it sends us something (HTTP Basic).
    pub receiver_username: String,
    /// The hash of the password that goes with it.
    pub receiver_password: SecretHash,
    /// The hash of the key that opens the gateway API.
    pub api_key: SecretHash,
    /// The platform that we are connected to, and who we are there.
    pub platform: PlatformAccount,
    /// Proxies whose word about the client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Whether the platform may be plain http on loopback (the sandbox).
    pub allow_insecure_platform: bool,
    /// Whether forwards may go to plain http on loopback (the sandbox).
    pub allow_insecure_forwards: bool,
    /// This process's name among those of the gateway, if it has one that is its own and stays the same: started again
    /// under it, it goes on with its replies at once instead of when the leases of its former life have run out.
    pub node_name: Option<String>,
}

/// Where the platform is and what it knows us by.
#[derive(Clone, Debug)]
pub struct PlatformAccount {
    /// Host names and paths.
    pub addresses: PlatformAddresses,
    /// Our OAuth client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// What a connection asks for unless told otherwise.
    pub scopes: Scopes,
}
