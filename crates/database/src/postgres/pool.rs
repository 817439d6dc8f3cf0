//! Makes connections: TLS by the address's `sslmode`, and the session's settings.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, Pool, Runtime};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;
use crate::options::Options;

/// How long a server may stay silent on the network before the connection counts as lost: a machine that vanished
/// sends no goodbye.
const SILENCE: Duration = Duration::from_secs(15);

/// A pool for the server at `config`. Connects to nothing yet.
pub(crate) fn build(config: &Config, options: &Options) -> Result<Pool, Error> {
    let config = with_defaults(config, options);
    let settings = session_settings(options);
    let make_settings = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let settings = settings.clone();
        Box::pin(async move {
            client
                .batch_execute(&settings)
                .await
                .map_err(HookError::Backend)
        })
    });
    Pool::builder(manager(config)?)
        .max_size(options.connections)
        .wait_timeout(Some(options.wait))
        .create_timeout(Some(options.wait))
        .recycle_timeout(Some(options.wait))
        .runtime(Runtime::Tokio1)
        .post_create(make_settings)
        .build()
        .map_err(|error| Error::Open(error.to_string()))
}

/// The address with what it leaves open.
pub(super) fn with_defaults(config: &Config, options: &Options) -> Config {
    let mut config = config.clone();
    if config.get_application_name().is_none() {
        config.application_name("corkboard");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(options.wait);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE);
    config
}

/// Settings of each session. `synchronous_commit` may be off in the server's configuration; here a commit is a
/// promise. The timeouts free the locks of a node that hangs or is cut off. Outside of an operation, which says
/// otherwise, nothing can be written.
fn session_settings(options: &Options) -> String {
    let timeout = options.statement_timeout.as_millis();
    format!(
        "SET synchronous_commit = on; SET statement_timeout = {timeout}; \
         SET idle_in_transaction_session_timeout = {timeout}; SET default_transaction_read_only = on; \
         SET client_min_messages = warning"
    )
}

fn manager(config: Config) -> Result<Manager, Error> {
    Ok(match tls(&config)? {
        Tls::Off => Manager::new(config, NoTls),
        Tls::On(tls) => Manager::new(config, MakeRustlsConnect::new(*tls)),
    })
}

/// How connections are encrypted.
pub(super) enum Tls {
    /// They are not.
    Off,
    /// With certificates that are verified; how much of that the address demands is the driver's affair.
    On(Box<ClientConfig>),
}

/// What the address asks for, as far as it can be had here.
pub(super) fn tls(config: &Config) -> Result<Tls, Error> {
    let mode = config.get_ssl_mode();
    if mode == SslMode::Disable {
        return Ok(Tls::Off);
    }
    match client_config() {
        Ok(tls) => Ok(Tls::On(Box::new(tls))),
        Err(error) if mode == SslMode::Prefer => {
            tracing::warn!(%error, "connections to the database are not encrypted: certificates cannot be verified");
            Ok(Tls::Off)
        }
        Err(error) => Err(Error::Open(format!(
            "certificates cannot be verified: {error}"
        ))),
    }
}

fn client_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(config)
}
