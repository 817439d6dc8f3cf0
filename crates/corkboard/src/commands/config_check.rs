//! `config check`: whether `serve` would start with these settings, and what they are, secrets hidden.

use std::time::Duration;

use super::settings;
use crate::cli::{GatewayArguments, PlatformArguments};
use crate::failure::Failure;
use crate::printer;

/// Checks and prints the platform's settings.
pub(crate) fn platform(arguments: &PlatformArguments) -> Result<(), Failure> {
    let (settings, keys) = settings::platform(arguments)?;
    let limit = settings.request_limit.map_or_else(
        || "off".to_owned(),
        |limit| format!("{} a second, {} at once", limit.per_second, limit.burst),
    );
    print(&[
        ("database-url", arguments.database.database_url.to_string()),
        ("listen", arguments.listen.to_string()),
        (
            "operator-listen",
            arguments
                .operator_listen
                .map_or_else(|| "with everything else".to_owned(), |at| at.to_string()),
        ),
        ("base-url", settings.base_url.as_str().to_owned()),
        ("environment", settings.environment.as_str().to_owned()),
        ("operator-key-file", shown(&arguments.operator_key_file)),
        (
            "secret-key-file",
            format!(
                "{}, key {} active",
                arguments.secret_key_file.display(),
                keys.active()
            ),
        ),
        (
            "allow-insecure-endpoints",
            settings.allow_insecure_endpoints.to_string(),
        ),
        ("requests", limit),
        (
            "delivery-history-days",
            arguments.delivery_history_days.to_string(),
        ),
        (
            "dead-delivery-days",
            arguments.dead_delivery_days.to_string(),
        ),
        (
            "pause-targeting-after",
            settings
                .pause_targeting_after
                .map_or_else(|| "never".to_owned(), minutes),
        ),
        (
            "delivery-deadline",
            format!("{:?}", settings.delivery_times.deadline),
        ),
        (
            "lease-margin",
            format!("{:?}", settings.delivery_times.lease_margin),
        ),
        ("trusted-proxy", list(&arguments.trusted_proxies)),
    ]);
    Ok(())
}

/// Checks and prints the gateway's settings.
pub(crate) fn gateway(arguments: &GatewayArguments) -> Result<(), Failure> {
    let (settings, keys) = settings::gateway(arguments)?;
    print(&[
        ("database-url", arguments.database.database_url.to_string()),
        ("listen", arguments.listen.to_string()),
        ("base-url", settings.base_url.as_str().to_owned()),
        (
            "secret-key-file",
            format!(
                "{}, key {} active",
                arguments.secret_key_file.display(),
                keys.active()
            ),
        ),
        ("api-key-file", shown(&arguments.api_key_file)),
        ("receiver-username", settings.receiver_username.clone()),
        (
            "receiver-password-file",
            shown(&arguments.receiver_password_file),
        ),
        (
            "platform connect page",
            settings.platform.addresses.connect_url().to_string(),
        ),
        (
            "platform API",
            settings.platform.addresses.api_url().to_string(),
        ),
        ("client-id", settings.platform.client_id.clone()),
        ("client-secret-file", shown(&arguments.client_secret_file)),
        ("scopes", settings.platform.scopes.to_string()),
        (
            "allow-insecure-platform",
            settings.allow_insecure_platform.to_string(),
        ),
        (
            "allow-insecure-forwards",
            settings.allow_insecure_forwards.to_string(),
        ),
        ("trusted-proxy", list(&arguments.trusted_proxies)),
    ]);
    Ok(())
}

fn minutes(duration: Duration) -> String {
    format!("{} minutes", duration.as_secs() / 60)
}

fn shown(path: &std::path::Path) -> String {
    format!("{} (hidden)", path.display())
}

fn list(addresses: &[String]) -> String {
    if addresses.is_empty() {
        "none".to_owned()
    } else {
        addresses.join(", ")
    }
}

fn print(rows: &[(&str, String)]) {
    let width = rows
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, value) in rows {
        printer::line(&format!("{name:width$}  {value}"));
    }
    printer::note("These settings are complete: `serve` would start with them.");
}
