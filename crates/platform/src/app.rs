//! The platform put together: one value that main and tests alike build, serve and stop.

use std::fmt;

use base::outgoing::AddressPolicy;
use base::{Clock, Entropy, IdMaker, Keyring, Outgoing, Passwords, Tasks};
use database::Db;
use jiff::Timestamp;
use node::NodeLease;
use protocol::id::{AccountId, BusinessId};
use thiserror::Error;
use tokio::net::TcpListener;
use url::Url;
use web::frame::Frame;
use web::limits::{FailureLimiter, RateLimiter};
use web::pages::Pages;
use web::probes::Counters;
use web::serve::{ServeLimits, serve};

use crate::core::{Core, Tools};
use crate::demo::{DemoIds, DemoPlatform};
use crate::service::connect;
use crate::service::demo::{self, DemoError};
use crate::service::directory::EndpointDirectory;
use crate::settings::Settings;
use crate::{jobs, pages, routes};

/// Passwords that are hashed at once: each takes a core for some tens of milliseconds.
const PASSWORDS_AT_ONCE: usize = 2;

/// What a platform is made of.
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
    /// What the operator chose.
    pub settings: Settings,
    /// Where background work belongs; stopping them stops the platform.
    pub tasks: Tasks,
    /// What `/metrics` tells.
    pub counters: Counters,
}

/// Why a platform could not be built.
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

/// Why a connection was not confirmed.
#[derive(Debug, Error)]
#[error("the connection could not be confirmed")]
pub struct ConfirmError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A platform. Clones are the same one.
#[derive(Clone)]
pub struct App {
    core: Core,
    engine: delivery::Engine<EndpointDirectory>,
    lease: NodeLease,
    pages: Pages,
    tasks: Tasks,
}

impl App {
    /// Puts a platform together. It does nothing until it is [served](App::serve) and its [jobs run](App::run_jobs).
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
        let policy = if settings.allow_insecure_endpoints {
            AddressPolicy::PublicAndLoopback
        } else {
            AddressPolicy::PublicOnly
        };
        let outgoing = Outgoing::new(policy).map_err(BuildError::Outgoing)?;
        let templates = pages::templates().map_err(|error| BuildError::Pages(error.into()))?;
        let pages = Pages::new(templates, settings.base_url.clone());
        let deliveries = delivery::Waker::new();
        let delivery_settings = delivery::Settings {
            deadline: settings.delivery_times.deadline,
            lease_margin: settings.delivery_times.lease_margin,
            ..delivery::Settings::new(lease.owner())
        };
        let core = Core::new(Tools {
            ids: IdMaker::new(clock.clone(), lease.number()),
            passwords: Passwords::new(entropy.clone(), PASSWORDS_AT_ONCE),
            failures: FailureLimiter::new(clock.clone()),
            requests: RateLimiter::new(clock.clone()),
            deliveries: deliveries.clone(),
            db: db.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            keys,
            settings,
            counters,
        });
        let engine = delivery::Engine::new(delivery::Parts {
            db,
            clock,
            entropy,
            outgoing,
            directory: EndpointDirectory::new(core.clone()),
            waker: deliveries,
            settings: delivery_settings,
        });
        Ok(Self {
            core,
            engine,
            lease,
            pages,
            tasks,
        })
    }

    /// Answers requests until the tasks are stopped: the operator API on a listener of its own, if there is one.
    pub fn serve(&self, listener: TcpListener, operator_listener: Option<TcpListener>) {
        let core = &self.core;
        let frame = Frame::new(
            core.clock.clone(),
            core.entropy.clone(),
            core.settings.base_url.clone(),
        )
        .trusting(core.settings.trusted_proxies.clone());
        let router = match operator_listener {
            None => routes::together(core, self.pages.clone(), frame),
            Some(operator_listener) => {
                let (public, operator) = routes::apart(core, self.pages.clone(), frame);
                self.listen("operator", operator_listener, operator);
                public
            }
        };
        self.listen("platform", listener, router);
    }

    fn listen(&self, name: &'static str, listener: TcpListener, router: axum::Router) {
        let tasks = self.tasks.clone();
        self.tasks.spawn(name, async move {
            serve(listener, router, ServeLimits::default(), &tasks).await;
        });
    }

    /// Delivers, renews and tidies in the background until the tasks are stopped.
    pub fn run_jobs(&self) {
        let (engine, stopping) = (self.engine.clone(), self.tasks.stopping().clone());
        self.tasks
            .spawn("deliveries", async move { engine.run(stopping).await });
        jobs::start(&self.core, &self.lease, &self.tasks);
    }

    /// Delivers everything that is due now, and waits for it: for tests, whose jobs do not run.
    pub async fn drain(&self) -> Result<(), database::Error> {
        self.engine.drain().await
    }

    /// Does once what the jobs beside deliveries do from time to time: for tests, whose jobs do not run.
    pub async fn run_jobs_once(&self) -> Result<(), database::Error> {
        jobs::run_once(&self.core).await
    }

    /// When there is something to deliver next. It may be past.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, database::Error> {
        self.engine.next_due().await
    }

    /// Makes demo data and tells its ids. What is there already stays.
    pub async fn seed_demo(&self, demo: &DemoPlatform) -> Result<DemoIds, DemoError> {
        demo::seed(&self.core, demo).await
    }

    /// Confirms on the connect page that `page` is the address of, as the pro would, and tells where the browser would be
    /// sent; nothing where the business is connected already.
    pub async fn confirm_connection(
        &self,
        account_id: AccountId,
        business_id: BusinessId,
        page: &Url,
    ) -> Result<Option<Url>, ConfirmError> {
        let confirmed = connect::confirm(&self.core, account_id, business_id, page).await;
        confirmed.map_err(|error| ConfirmError(error.into()))
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
