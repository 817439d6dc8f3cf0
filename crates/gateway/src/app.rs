//! The gateway put together: one value that main and tests alike build, serve and stop.

use std::fmt;

use axum::Router;
use base::outgoing::AddressPolicy;
use base::{Clock, Entropy, IdMaker, Keyring, Outgoing, Passwords, Secret, Tasks};
use client::{Client, TokenKeeper};
use database::Db;
use node::NodeLease;
use protocol::id::BusinessId;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use url::Url;
use web::frame::Frame;
use web::pages::Pages;
use web::probes::Counters;
use web::serve::{ServeLimits, serve};

use crate::core::{Core, Tools};
use crate::service::announce::Announcer;
use crate::service::forward_directory::ForwardDirectory;
use crate::service::person::{self, PersonError};
use crate::service::tokens::ConnectionTokens;
use crate::service::{connect, connections};
use crate::settings::Settings;
use crate::{jobs, pages, routes};

/// Passwords that are hashed at once: each takes a core for some tens of milliseconds.
const PASSWORDS_AT_ONCE: usize = 2;

/// What a gateway is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The master keys.
    pub keys: Keyring,
    /// What the partner chose.
    pub settings: Settings,
    /// Where background work belongs; stopping them stops the gateway.
    pub tasks: Tasks,
    /// What `/metrics` tells.
    pub counters: Counters,
}

/// Why a gateway could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// No number for making ids could be leased.
    #[error("this process cannot take part")]
    Node(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The HTTP client could not be set up.
    #[error("outgoing HTTP cannot be set up: {0}")]
    Outgoing(String),
    /// The pages' templates are damaged.
    #[error("the pages cannot be prepared")]
    Pages(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A gateway. Clones are the same one.
#[derive(Clone)]
pub struct App {
    core: Core,
    engine: delivery::Engine<ForwardDirectory>,
    lease: NodeLease,
    pages: Pages,
}

impl App {
    /// Puts a gateway together. It does nothing until it is [served](App::serve) and its [jobs run](App::run_jobs).
    pub async fn build(parts: Parts) -> Result<Self, BuildError> {
        let Parts {
            db,
            clock,
            entropy,
            keys,
            settings,
            tasks,
            counters,
        } = parts;
        let owner = node::process_name(&db, settings.node_name.as_deref(), &entropy);
        let lease = node::take(&db, &clock, owner).await;
        let lease = lease.map_err(|error| BuildError::Node(error.into()))?;
        let to_platform = outgoing(settings.allow_insecure_platform)?;
        let to_forwards = outgoing(settings.allow_insecure_forwards)?;
        let account = &settings.platform;
        let platform = Client::new(
            account.addresses.clone(),
            account.client_id.clone(),
            account.client_secret.clone(),
            to_platform,
        );
        let templates = pages::templates().map_err(|error| BuildError::Pages(error.into()))?;
        let pages = Pages::new(templates, settings.base_url.clone());
        let ids = IdMaker::new(clock.clone(), lease.number());
        let deliveries = delivery::Waker::new();
        let announcer = Announcer::new(ids.clone(), deliveries.clone());
        let tokens = ConnectionTokens::new(
            db.clone(),
            (keys.clone(), entropy.clone()),
            (clock.clone(), announcer.clone()),
        );
        let keeper = TokenKeeper::new(
            platform.clone(),
            tokens,
            clock.clone(),
            &entropy,
            tasks.clone(),
        );
        let core = Core::new(Tools {
            ids,
            announcer,
            passwords: Passwords::new(entropy.clone(), PASSWORDS_AT_ONCE),
            owner: lease.owner().to_owned(),
            replies: Notify::new(),
            platform,
            keeper,
            db,
            clock,
            entropy,
            keys,
            settings,
            tasks,
            counters,
        });
        let engine = delivery::Engine::new(delivery::Parts {
            db: core.db.clone(),
            clock: core.clock.clone(),
            entropy: core.entropy.clone(),
            outgoing: to_forwards,
            directory: ForwardDirectory::new(core.clone()),
            waker: deliveries,
            settings: engine_settings(lease.owner()),
        });
        Ok(Self {
            core,
            engine,
            lease,
            pages,
        })
    }

    /// Answers requests until the tasks are stopped.
    pub fn serve(&self, listener: TcpListener) {
        let core = &self.core;
        let router = self.router();
        let tasks = core.tasks.clone();
        core.tasks.spawn("gateway", async move {
            serve(listener, router, ServeLimits::default(), &tasks).await;
        });
    }

    /// Every endpoint, with all that stands around it.
    pub(crate) fn router(&self) -> Router {
        let core = &self.core;
        let frame = Frame::new(
            core.clock.clone(),
            core.entropy.clone(),
            core.settings.base_url.clone(),
        )
        .trusting(core.settings.trusted_proxies.clone());
        routes::all(core, self.pages.clone(), frame)
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// Sends replies, forwards events, keeps tokens fresh and tidies in the background until the tasks are stopped.
    pub fn run_jobs(&self) {
        let tasks = &self.core.tasks;
        let (engine, stopping) = (self.engine.clone(), tasks.stopping().clone());
        tasks.spawn("forwards", async move { engine.run(stopping).await });
        jobs::start(&self.core, &self.lease);
    }

    /// Does everything that is due now, and waits for it; how many things that were, what is forwarded not counted. For
    /// tests, whose jobs do not run.
    pub async fn drain(&self) -> Result<usize, database::Error> {
        let done = jobs::drain(&self.core).await?;
        self.engine.drain().await?;
        Ok(done)
    }

    /// Begins to connect a business: the platform's page that the pro must open.
    pub async fn start_connection(&self) -> Result<Url, database::Error> {
        connect::start(&self.core).await
    }

    /// Whether a business is connected.
    pub async fn is_connected(&self, business_id: BusinessId) -> Result<bool, database::Error> {
        connections::is_connected(&self.core, business_id).await
    }

    /// Makes a person who may log in, or gives the one with this address this password.
    pub async fn add_person(&self, email: &str, password: &Secret) -> Result<(), PersonError> {
        person::add(&self.core, email, password).await
    }
}

fn outgoing(loopback_is_allowed: bool) -> Result<Outgoing, BuildError> {
    let policy = if loopback_is_allowed {
        AddressPolicy::PublicAndLoopback
    } else {
        AddressPolicy::PublicOnly
    };
    Outgoing::new(policy).map_err(BuildError::Outgoing)
}

/// The protocol's, but that no event may be left out: 405 is a mistake of the receiver's, not a choice.
fn engine_settings(owner: &str) -> delivery::Settings {
    delivery::Settings {
        optional_kinds: Vec::new(),
        ..delivery::Settings::new(owner)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("settings", &self.core.settings)
            .finish_non_exhaustive()
    }
}
