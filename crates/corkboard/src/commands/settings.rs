//! From flags to the settings of each side: files read, keys judged, URLs parsed. Used by `serve` and `config check`
//! alike, so that what the check accepts starts.

use std::path::Path;
use std::time::Duration;

use base::{Keyring, Secret};
use client::PlatformAddresses;
use protocol::scope::Scopes;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;

use crate::cli::{GatewayArguments, PlatformArguments, PlatformPreset};
use crate::failure::{Failure, chain};

const DAY: Duration = Duration::from_hours(24);

/// The settings of `platform serve`, and its keys.
pub(crate) fn platform(
    arguments: &PlatformArguments,
) -> Result<(platform::Settings, Keyring), Failure> {
    let limit = platform::RequestLimit {
        per_second: arguments.requests_per_second,
        burst: arguments.request_burst.max(1),
    };
    let settings = platform::Settings {
        base_url: origin(&arguments.base_url)?,
        environment: arguments.environment.into(),
        allow_insecure_endpoints: arguments.allow_insecure_endpoints,
        operator_key: secret_line(&arguments.operator_key_file, "--operator-key-file", 20)?.hash(),
        request_limit: (limit.per_second > 0).then_some(limit),
        trusted_proxies: proxies(&arguments.trusted_proxies)?,
        operator_listen: arguments.operator_listen,
        node_name: arguments.node_name.clone(),
        delivery_history: platform::DeliveryHistory {
            finished: DAY * arguments.delivery_history_days,
            dead: DAY * arguments.dead_delivery_days,
        },
        pause_targeting_after: arguments.pause_targeting_after,
        delivery_times: platform::DeliveryTimes {
            deadline: arguments.delivery_deadline,
            lease_margin: arguments.lease_margin,
        },
    };
    Ok((settings, keyring(&arguments.secret_key_file)?))
}

/// The settings of `gateway serve`, and its keys.
pub(crate) fn gateway(
    arguments: &GatewayArguments,
) -> Result<(gateway::Settings, Keyring), Failure> {
    let settings = gateway::Settings {
        base_url: origin(&arguments.base_url)?,
        receiver_username: arguments.receiver_username.clone(),
        receiver_password: secret_line(
            &arguments.receiver_password_file,
            "--receiver-password-file",
            16,
        )?
        .hash(),
        api_key: secret_line(&arguments.api_key_file, "--api-key-file", 20)?.hash(),
        platform: gateway::PlatformAccount {
            addresses: addresses(arguments)?,
            client_id: arguments.client_id.clone(),
            client_secret: secret_line(&arguments.client_secret_file, "--client-secret-file", 1)?,
            scopes: Scopes::parse([arguments.scopes.as_str()]).map_err(|error| {
                Failure::mendable(format!("--scopes: {error}"), "use `messages,targeting`")
            })?,
        },
        trusted_proxies: proxies(&arguments.trusted_proxies)?,
        allow_insecure_platform: arguments.allow_insecure_platform,
        allow_insecure_forwards: arguments.allow_insecure_forwards,
        node_name: arguments.node_name.clone(),
    };
    Ok((settings, keyring(&arguments.secret_key_file)?))
}

fn addresses(arguments: &GatewayArguments) -> Result<PlatformAddresses, Failure> {
    let wrong = |flag: &str, error: &dyn std::error::Error| {
        Failure::mendable(
            format!("{flag}: {}", chain(error)),
            "use an absolute https URL",
        )
    };
    let mut addresses = match arguments.platform {
        PlatformPreset::Thumbtack => PlatformAddresses::thumbtack_production(),
        PlatformPreset::ThumbtackStaging => PlatformAddresses::thumbtack_staging(),
        PlatformPreset::Corkboard => {
            let url = arguments.platform_url.as_deref().unwrap_or_default();
            PlatformAddresses::corkboard(url).map_err(|error| wrong("--platform-url", &error))?
        }
    };
    if let Some(url) = &arguments.platform_connect_url {
        addresses = addresses
            .with_connect_url(url)
            .map_err(|error| wrong("--platform-connect-url", &error))?;
    }
    if let Some(url) = &arguments.platform_api_url {
        addresses = addresses
            .with_api_url(url)
            .map_err(|error| wrong("--platform-api-url", &error))?;
    }
    Ok(addresses)
}

fn proxies(texts: &[String]) -> Result<TrustedProxies, Failure> {
    TrustedProxies::parse(texts.iter().map(String::as_str)).map_err(|error| {
        Failure::mendable(
            format!("--trusted-proxy: {error}"),
            "give an address such as `10.0.0.5` or a network such as `10.0.0.0/8`",
        )
    })
}

fn origin(text: &str) -> Result<ExternalOrigin, Failure> {
    ExternalOrigin::parse(text).map_err(|error| {
        Failure::mendable(
            format!("--base-url `{text}`: {error}"),
            "give scheme and host, such as `https://pro-api.example`, without a path",
        )
    })
}

fn keyring(path: &Path) -> Result<Keyring, Failure> {
    Keyring::read(path).map_err(|error| {
        Failure::mendable(
            format!("--secret-key-file: {}", chain(&error)),
            format!("make one with `corkboard keys generate {}`", path.display()),
        )
    })
}

/// A secret that stands alone in a file. A short one, or one of few different characters, is refused: it could be
/// guessed.
pub(crate) fn secret_line(path: &Path, flag: &str, shortest: usize) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::mendable(
            format!("{flag}: {} cannot be read: {error}", path.display()),
            "name a file that holds the secret on one line",
        )
    })?;
    let secret = text.trim();
    let mut characters: Vec<char> = secret.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if secret.len() < shortest
        || secret.contains(char::is_whitespace)
        || characters.len() < shortest.min(8)
    {
        return Err(Failure::mendable(
            format!(
                "{flag}: {} does not hold a secret of at least {shortest} random characters without spaces",
                path.display()
            ),
            format!(
                "`head -c 32 /dev/urandom | base64 > {}` makes one",
                path.display()
            ),
        ));
    }
    Ok(Secret::new(secret))
}
