//! Both sides in one test, with demo data, on one clock that stands still and one database each.
//!
//! Nothing runs in the background: a test makes something happen, [drains](World::drain) until nobody has anything to do,
//! and looks. Time moves by [`World::advance`].

use std::time::Duration;

use base::{Clock, Entropy, Keyring, Secret, SecretHash, Tasks};
use client::PlatformAddresses;
use database::test_db::TestDb;
use jiff::Timestamp;
use platform::demo::{DemoIds, DemoPlatform};
use protocol::scope::Scope;
use tokio::net::TcpListener;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;
use web::probes::Counters;

use crate::actors::{ApiUser, Pro};
use crate::http::Http;

/// The operator's key in every world.
pub const OPERATOR_KEY: &str = "operator-key-of-a-test-world-0123456789";
/// The gateway API's key in every world.
pub const API_KEY: &str = "gateway-key-of-a-test-world-0123456789";

/// Which database the world's sides use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the server that the test command started.
    Postgres,
}

/// What is special about a world.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Which database.
    pub engine: Engine,
    /// Staging or production.
    pub environment: platform::Environment,
    /// Where the partner receives, if not at the gateway.
    pub partner_url: Option<String>,
    /// The platform that the gateway calls, if not this world's.
    pub other_platform: Option<PlatformAddresses>,
    /// The platform's limit of requests.
    pub request_limit: Option<platform::RequestLimit>,
    /// After how long an impairment pauses targeting, if it does.
    pub pause_targeting_after: Option<Duration>,
}

impl WorldOptions {
    /// A staging platform whose partner is the gateway.
    pub fn on(engine: Engine) -> Self {
        Self {
            engine,
            environment: platform::Environment::Staging,
            partner_url: None,
            other_platform: None,
            request_limit: None,
            pause_targeting_after: None,
        }
    }
}

/// Both sides, running.
#[derive(Debug)]
pub struct World {
    /// The clock of both.
    pub clock: Clock,
    /// For requests.
    pub http: Http,
    /// The platform's address, without a last slash.
    pub platform_url: String,
    /// The gateway's address, without a last slash.
    pub gateway_url: String,
    /// The platform itself.
    pub platform: platform::App,
    /// The gateway itself.
    pub gateway: gateway::App,
    /// Who there is, secrets included.
    pub demo: DemoPlatform,
    /// The ids that they got.
    pub ids: DemoIds,
    /// The platform's database.
    pub platform_db: TestDb,
    /// The gateway's database.
    pub gateway_db: TestDb,
    keys: Keyring,
    platform_settings: platform::Settings,
    tasks: Tasks,
}

impl World {
    /// Starts a world.
    ///
    /// # Panics
    /// If anything cannot be started.
    pub async fn start(options: WorldOptions) -> Self {
        let clock = Clock::manual(Timestamp::from_second(1_790_000_000).expect("a time in 2026"));
        let entropy = Entropy::system();
        let keys =
            Keyring::parse(Keyring::generate(&entropy).expose()).expect("generated keys are good");
        let tasks = Tasks::new();
        let (platform_listener, platform_url) = listen().await;
        let (gateway_listener, gateway_url) = listen().await;
        let partner_url = options
            .partner_url
            .clone()
            .unwrap_or_else(|| gateway_url.clone());
        let mut demo = DemoPlatform::sample(&gateway_url, &|name| {
            Secret::new(SecretHash::of(name).as_str())
        });
        demo.endpoints = DemoPlatform::sample(&partner_url, &|name| {
            Secret::new(SecretHash::of(name).as_str())
        })
        .endpoints;

        let own = PlatformAddresses::corkboard(&platform_url).expect("a loopback address is a URL");
        let addresses = options.other_platform.unwrap_or(own);
        let platform_db = open(options.engine, platform::MIGRATIONS).await;
        let gateway_db = open(options.engine, gateway::MIGRATIONS).await;
        let platform_settings = platform::Settings {
            base_url: ExternalOrigin::parse(&platform_url)
                .expect("a loopback address is an origin"),
            environment: options.environment,
            allow_insecure_endpoints: true,
            operator_key: SecretHash::of(OPERATOR_KEY),
            request_limit: options.request_limit,
            trusted_proxies: TrustedProxies::default(),
            operator_listen: None,
            node_name: None,
            delivery_history: platform::DeliveryHistory::default(),
            pause_targeting_after: options.pause_targeting_after,
            delivery_times: platform::DeliveryTimes::default(),
        };
        let platform =
            build_platform(&platform_db, &clock, &keys, &platform_settings, &tasks).await;
        let gateway = gateway::App::build(gateway::Parts {
            db: gateway_db.db().clone(),
            clock: clock.clone(),
            entropy,
            keys: keys.clone(),
            settings: gateway_settings(addresses, &gateway_url, &demo),
            tasks: tasks.clone(),
            counters: Counters::default(),
        })
        .await
        .expect("the gateway can be built");
        let ids = platform
            .seed_demo(&demo)
            .await
            .expect("demo data can be made");
        platform.serve(platform_listener, None);
        gateway.serve(gateway_listener);
        Self {
            clock,
            http: Http::new(),
            platform_url,
            gateway_url,
            platform,
            gateway,
            demo,
            ids,
            platform_db,
            gateway_db,
            keys,
            platform_settings,
            tasks,
        }
    }

    /// Starts a second process of the same platform: same database, keys and clock, another address. Its address.
    ///
    /// # Panics
    /// If it cannot be started.
    pub async fn second_platform(&self) -> (platform::App, String) {
        let (listener, url) = listen().await;
        let settings = platform::Settings {
            node_name: Some(url.clone()),
            ..self.platform_settings.clone()
        };
        let app = build_platform(
            &self.platform_db,
            &self.clock,
            &self.keys,
            &settings,
            &self.tasks,
        )
        .await;
        app.serve(listener, None);
        (app, url)
    }

    /// Lets both sides work until neither has anything to do at this time.
    pub async fn drain(&self) {
        loop {
            self.platform
                .drain()
                .await
                .expect("the platform's database works");
            let done = self
                .gateway
                .drain()
                .await
                .expect("the gateway's database works");
            if done == 0 {
                return;
            }
        }
    }

    /// Moves the clock of both sides.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Connects the first pro's first business to the gateway, as browsers would.
    ///
    /// # Panics
    /// If it cannot be connected.
    pub async fn connect_first_business(&self) {
        let pro = &self.ids.pros[0];
        let page = self
            .gateway
            .start_connection()
            .await
            .expect("a connection can be started");
        let callback = self
            .platform
            .confirm_connection(pro.account_id, pro.businesses[0].business_id, &page)
            .await
            .expect("the request is right")
            .expect("the business is not connected");
        let reply = self.http.get(callback.as_str()).await;
        assert!(reply.status < 400, "{}", reply.text());
    }

    /// Who runs the platform.
    pub fn operator(&self) -> ApiUser {
        ApiUser::new(self.http.clone(), &self.platform_url, OPERATOR_KEY)
    }

    /// The partner's own program, at the gateway API.
    pub fn crm(&self) -> ApiUser {
        ApiUser::new(self.http.clone(), &self.gateway_url, API_KEY)
    }

    /// The pro with this number in the demo data, not logged in yet.
    ///
    /// # Panics
    /// If there is none.
    pub fn pro(&self, index: usize) -> Pro {
        let pro = &self.demo.pros[index];
        Pro::new(
            self.http.clone(),
            &self.platform_url,
            &pro.email,
            pro.password.expose(),
        )
    }

    /// The id of a pro's business in the demo data.
    ///
    /// # Panics
    /// If there is none.
    pub fn business(&self, pro: usize, business: usize) -> String {
        self.ids.pros[pro].businesses[business]
            .business_id
            .to_string()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.begin_stop();
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound listener has an address");
    (listener, format!("http://{address}"))
}

async fn open(engine: Engine, migrations: &[database::Migrations]) -> TestDb {
    match engine {
        Engine::Sqlite => TestDb::sqlite(migrations).await,
        Engine::Postgres => TestDb::postgres(migrations).await,
    }
}

async fn build_platform(
    db: &TestDb,
    clock: &Clock,
    keys: &Keyring,
    settings: &platform::Settings,
    tasks: &Tasks,
) -> platform::App {
    platform::App::build(platform::Parts {
        db: db.db().clone(),
        clock: clock.clone(),
        entropy: Entropy::system(),
        keys: keys.clone(),
        settings: settings.clone(),
        tasks: tasks.clone(),
        counters: Counters::default(),
    })
    .await
    .expect("the platform can be built")
}

fn gateway_settings(
    addresses: PlatformAddresses,
    gateway_url: &str,
    demo: &DemoPlatform,
) -> gateway::Settings {
    let client = demo.client("production");
    gateway::Settings {
        base_url: ExternalOrigin::parse(gateway_url).expect("a loopback address is an origin"),
        receiver_username: demo.endpoints.username.clone(),
        receiver_password: demo.endpoints.password.hash(),
        api_key: SecretHash::of(API_KEY),
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
    }
}
