//! TLS for what we call: rustls with ring, and the certificates that the operating system trusts.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The settings of every outgoing TLS connection.
///
/// A machine without trusted certificates can still run what needs no TLS (the sandbox): connections fail there, one
/// by one, with a message that says so, and a warning is logged.
///
/// # Panics
/// Never: the ring provider supports the protocol versions that rustls considers safe.
pub fn client_config() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("the ring provider supports TLS 1.2 and 1.3")
    };
    match builder().with_platform_verifier() {
        Ok(builder) => builder.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no trusted certificates on this machine: every outgoing TLS connection will fail");
            builder()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        }
    }
}
