//! `sandbox`: both sides on one machine, with demo data, in one process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use base::outgoing::{AddressPolicy, Request};
use base::{Clock, Entropy, Keyring, Outgoing, Tasks};
use client::PlatformAddresses;
use database::DatabaseUrl;
use platform::demo::{DemoIds, DemoPlatform};
use protocol::scope::Scope;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;

use super::keys;
use super::server::{self, ServedDatabase};
use crate::cli::SandboxArguments;
use crate::demo::{self, DemoSecrets};
use crate::failure::{Failure, chain};
use crate::printer;
use crate::ready_file::ReadyFile;

/// Runs both sides until a signal.
pub(crate) async fn run(arguments: SandboxArguments) -> Result<(), Failure> {
    let key = prepare_folder(&arguments.data)?;
    let secrets = DemoSecrets::new(key.clone());
    let clock = Clock::system();
    let tasks = Tasks::new();
    let counters = server::counters()?;
    let platform_listener =
        server::listen(loopback(arguments.platform_port), "--platform-port").await?;
    let gateway_listener =
        server::listen(loopback(arguments.gateway_port), "--gateway-port").await?;
    let platform_url = url_of(&platform_listener)?;
    let gateway_url = url_of(&gateway_listener)?;
    let demo = DemoPlatform::sample(&gateway_url, &|name| secrets.of_demo(name));

    let platform_db = open(&arguments.data, "platform.db", platform::MIGRATIONS).await?;
    let gateway_db = open(&arguments.data, "gateway.db", gateway::MIGRATIONS).await?;
    let platform = platform::App::build(platform::Parts {
        db: platform_db.db.clone(),
        clock: clock.clone(),
        entropy: Entropy::system(),
        keys: key.clone(),
        settings: platform_settings(&arguments, &platform_url, &secrets)?,
        tasks: tasks.clone(),
        counters: counters.clone(),
    })
    .await
    .map_err(|error| Failure::unexpected(&error))?;
    let gateway = gateway::App::build(gateway::Parts {
        db: gateway_db.db.clone(),
        clock,
        entropy: Entropy::system(),
        keys: key,
        settings: gateway_settings(&platform_url, &gateway_url, &demo, &secrets)?,
        tasks: tasks.clone(),
        counters,
    })
    .await
    .map_err(|error| Failure::unexpected(&error))?;

    let ids = platform
        .seed_demo(&demo)
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    gateway
        .add_person(demo::GATEWAY_EMAIL, &secrets.gateway_password())
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    platform.run_jobs();
    platform.serve(platform_listener, None);
    gateway.run_jobs();
    gateway.serve(gateway_listener);
    connect_first_business(&platform, &gateway, &ids).await?;

    let ready = ReadyFile::new(&platform_url, &gateway_url, &secrets, &demo, &ids);
    if let Some(path) = &arguments.ready_file {
        ready.write(path).map_err(|error| {
            Failure::mendable(
                format!("ready file {} cannot be written: {error}", path.display()),
                "name a file in a folder that you may write to",
            )
        })?;
    }
    printer::line(&introduction(&ready, &arguments.data));
    server::serve_until_signal(&tasks).await;
    platform_db.db.close().await;
    gateway_db.db.close().await;
    Ok(())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn url_of(listener: &tokio::net::TcpListener) -> Result<String, Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::unexpected(&error))?;
    Ok(format!("http://{address}"))
}

/// Makes the data folder and its key where they are missing, and reads the key.
fn prepare_folder(folder: &Path) -> Result<Keyring, Failure> {
    let unusable = |error: &dyn std::error::Error| {
        Failure::mendable(
            format!("data folder {}: {}", folder.display(), chain(error)),
            "name a folder that you may write to with --data, or delete a damaged one to start afresh",
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
    let path = folder.join("sandbox.key");
    if !path.exists() {
        let text = Keyring::generate(&Entropy::system());
        keys::write_new_secret(&path, text.expose()).map_err(|error| unusable(&error))?;
    }
    Keyring::read(&path).map_err(|error| unusable(&error))
}

async fn open(
    folder: &Path,
    name: &str,
    migrations: &[database::Migrations],
) -> Result<ServedDatabase, Failure> {
    ServedDatabase::open(&DatabaseUrl::sqlite(folder.join(name)), migrations).await
}

fn platform_settings(
    arguments: &SandboxArguments,
    platform_url: &str,
    secrets: &DemoSecrets,
) -> Result<platform::Settings, Failure> {
    Ok(platform::Settings {
        base_url: origin(platform_url)?,
        environment: platform::Environment::Staging,
        allow_insecure_endpoints: true,
        operator_key: secrets.operator_key().hash(),
        request_limit: arguments
            .requests_per_second
            .filter(|per_second| *per_second > 0)
            .map(|per_second| platform::RequestLimit {
                per_second,
                burst: per_second.saturating_mul(3),
            }),
        trusted_proxies: TrustedProxies::default(),
        operator_listen: None,
        node_name: None,
        delivery_history: platform::DeliveryHistory::default(),
        pause_targeting_after: None,
        delivery_times: platform::DeliveryTimes::default(),
    })
}

fn gateway_settings(
    platform_url: &str,
    gateway_url: &str,
    demo: &DemoPlatform,
    secrets: &DemoSecrets,
) -> Result<gateway::Settings, Failure> {
    let addresses =
        PlatformAddresses::corkboard(platform_url).map_err(|error| Failure::unexpected(&error))?;
    let client = demo.client("production");
    Ok(gateway::Settings {
        base_url: origin(gateway_url)?,
        receiver_username: demo.endpoints.username.clone(),
        receiver_password: demo.endpoints.password.hash(),
        api_key: secrets.api_key().hash(),
        platform: gateway::PlatformAccount {
            addresses,
            client_id: client.client_id.clone(),
            client_secret: client.secret.clone(),
            scopes: [Scope::Messages, Scope::Targeting].into_iter().collect(),
        },
        trusted_proxies: TrustedProxies::default(),
        allow_insecure_platform: true,
        allow_insecure_forwards: true,
        node_name: None,
    })
}

fn origin(url: &str) -> Result<ExternalOrigin, Failure> {
    ExternalOrigin::parse(url).map_err(|error| Failure::unexpected(&error))
}

/// Connects the first pro's first business to the gateway, the way a browser does: the gateway starts, the pro confirms,
/// the gateway's callback takes the code.
async fn connect_first_business(
    platform: &platform::App,
    gateway: &gateway::App,
    ids: &DemoIds,
) -> Result<(), Failure> {
    let Some((pro, business)) = ids
        .pros
        .first()
        .and_then(|pro| Some((pro, pro.businesses.first()?)))
    else {
        return Ok(());
    };
    let connected = gateway
        .is_connected(business.business_id)
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    if connected {
        return Ok(());
    }
    let page = gateway
        .start_connection()
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    let Some(callback) = platform
        .confirm_connection(pro.account_id, business.business_id, &page)
        .await
        .map_err(|error| Failure::unexpected(&error))?
    else {
        // Connected to another program that uses the same client: the data folder's owner wanted it so.
        return Ok(());
    };
    let outgoing = Outgoing::new(AddressPolicy::PublicAndLoopback).map_err(Failure::Unexpected)?;
    let answer = outgoing
        .send(Request {
            method: http::Method::GET,
            url: callback,
            headers: http::HeaderMap::new(),
            body: Vec::new(),
            deadline: Duration::from_secs(10),
        })
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    if answer.status >= 400 {
        return Err(Failure::Unexpected(format!(
            "the gateway's callback answered {}",
            answer.status
        )));
    }
    Ok(())
}

/// What a newcomer sees: where everything is, and the first three things to try.
fn introduction(ready: &ReadyFile, data: &Path) -> String {
    let platform = &ready.platform.base_url;
    let key = &ready.platform.operator_key;
    let gateway = &ready.gateway.base_url;
    let api_key = &ready.gateway.api_key;
    let first = ready.pros.first().and_then(|pro| pro.businesses.first());
    let business = first
        .map(|business| business.business_id.as_str())
        .unwrap_or_default();
    format!(
        "\
Corkboard sandbox: both sides are running, data in {data}
  start page   {platform}/
  platform     {platform}   operator key {key}
  gateway      {gateway}   API key {api_key}

Try, in another terminal:
  # 1. a customer asks for a job; the lead is pushed to the gateway at once
  curl -s {platform}/operator/v1/leads -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{\"businessID\":\"{business}\",\"request\":{{\"category\":\"Interior Painting\",\"title\":\"Interior Painting\",\"location\":{{\"city\":\"Palo Alto\",\"state\":\"CA\",\"zipCode\":\"94301\"}},\"travelPreferences\":\"Professional must travel to my address.\"}},\"customer\":{{\"name\":\"John Davis\"}}}}'
  # 2. the pro's side has it
  curl -s {gateway}/api/v1/leads -H 'Authorization: Bearer {api_key}'
  # 3. the pro answers (put the leadID in), and the customer reads it
  curl -s {gateway}/api/v1/leads/LEAD_ID/messages -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json' -d '{{\"text\":\"Hello, how can I help you?\"}}'
  curl -s {platform}/operator/v1/leads/LEAD_ID/messages -H 'Authorization: Bearer {key}'

Ctrl-C stops it; the same command with the same data folder goes on where it was.",
        data = data.display(),
    )
}
