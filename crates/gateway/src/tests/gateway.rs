//! A gateway to speak with, and the pro and the program that do.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use base::{Clock, Entropy, Keyring, Secret, Tasks};
use client::PlatformAddresses;
use database::Db;
use http::{Method, Request, StatusCode, header};
use protocol::id::LeadId;
use protocol::paths::gateway;
use protocol::scope::Scopes;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;
use web::client_address::TrustedProxies;
use web::origin::ExternalOrigin;
use web::probes::Counters;

use super::platform::{Answer, ScriptedPlatform};
use crate::app::{App, Parts};
use crate::settings::{PlatformAccount, Settings};

/// The business of every test.
pub(crate) const BUSINESS: &str = "286900112233445504";
/// A lead of that business.
pub(crate) const LEAD: &str = "299700112233445501";
/// Another one.
pub(crate) const OTHER_LEAD: &str = "299700112233445999";

/// The key of the gateway API.
pub(crate) const API_KEY: &str = "the-gateway-key";

pub(crate) struct TestGateway {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) platform: ScriptedPlatform,
    db: Db,
    router: Router,
}

/// An answer of the gateway.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) retry_after: Option<String>,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

impl TestGateway {
    /// A gateway of a platform that tells repeated messages by their key.
    pub(crate) async fn new(db: &Db) -> Self {
        let platform = ScriptedPlatform::start().await;
        let addresses = PlatformAddresses::corkboard(&platform.base_url).unwrap();
        Self::of(db, platform, addresses).await
    }

    /// A gateway of a platform that promises nothing about repeated messages.
    pub(crate) async fn of_forgetful_platform(db: &Db) -> Self {
        let platform = ScriptedPlatform::start().await;
        let addresses = PlatformAddresses::thumbtack_staging().with_api_url(&platform.base_url);
        Self::of(db, platform, addresses.unwrap()).await
    }

    async fn of(db: &Db, platform: ScriptedPlatform, addresses: PlatformAddresses) -> Self {
        // A Monday.
        let clock = Clock::manual("2026-03-02T10:00:00Z".parse().unwrap());
        let app = build(db, &clock, addresses, 1).await;
        Self {
            router: app.router(),
            app,
            clock,
            platform,
            db: db.clone(),
        }
    }

    /// Another process with the same database, keys and platform.
    pub(crate) async fn another_process(&self) -> App {
        let addresses = self.app.core().platform.addresses().clone();
        build(&self.db, &self.clock, addresses, 2).await
    }

    /// The same, with the business connected and two leads of it.
    pub(crate) async fn connected(self) -> Self {
        self.connect("first").await;
        for lead in [LEAD, OTHER_LEAD] {
            self.lead_arrives(lead).await;
        }
        self.platform.asked();
        self
    }

    /// The pro connects the business; the tokens are named after `name`.
    pub(crate) async fn connect(&self, name: &str) {
        let url = self.start_connection().await;
        self.platform
            .will([Answer::tokens(name), info("Example Painting")]);
        self.come_back(&url, "code").await.with_status(200);
    }

    pub(crate) async fn lead_arrives(&self, lead: &str) {
        let body = protocol::fixtures::LEAD.replace(LEAD, lead);
        let request = Request::post(protocol::paths::receiver::LEAD)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Basic cGxhdGZvcm06cGFzc3dvcmQ=")
            .body(Body::from(body));
        self.send(request.unwrap()).await.with_status(200);
    }

    /// What the program is told to send the pro to.
    pub(crate) async fn start_connection(&self) -> Url {
        let told = self.call(Method::POST, gateway::CONNECTIONS, None).await;
        let url = told.with_status(201).json()["connect_url"].take();
        Url::parse(url.as_str().unwrap()).unwrap()
    }

    /// The pro's browser comes back from the platform's page with a code.
    pub(crate) async fn come_back(&self, connect_url: &Url, code: &str) -> Told {
        let query = format!("code={code}&scope=messages&state={}", state(connect_url));
        self.open(&format!("{}?{query}", gateway::CONNECT_CALLBACK))
            .await
    }

    /// A browser opens a page.
    pub(crate) async fn open(&self, path: &str) -> Told {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// The program calls.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Told {
        self.send(request(method, path, body).body_or_empty()).await
    }

    /// The program replies to a lead under a key.
    pub(crate) async fn reply_under_key(&self, lead: &str, text: &str, key: &str) -> Told {
        let path = gateway::lead_messages(LeadId::parse(lead).unwrap());
        let mut request = request(Method::POST, &path, Some(json!({"text": text}))).body_or_empty();
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        self.send(request).await
    }

    /// The program replies to a lead; the reply's id.
    pub(crate) async fn reply(&self, lead: &str, text: &str) -> String {
        let told = self.try_reply(lead, text).await.with_status(202).json();
        assert_eq!(told["state"], "queued");
        told["reply_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_reply(&self, lead: &str, text: &str) -> Told {
        let path = gateway::lead_messages(LeadId::parse(lead).unwrap());
        self.call(Method::POST, &path, Some(json!({"text": text})))
            .await
    }

    /// How far a reply got.
    pub(crate) async fn reply_seen(&self, reply_id: &str) -> Value {
        let path = gateway::reply(reply_id.parse().unwrap());
        self.call(Method::GET, &path, None)
            .await
            .with_status(200)
            .json()
    }

    pub(crate) async fn resolve(&self, reply_id: &str, action: &str) -> Told {
        let path = gateway::reply_resolve(reply_id.parse().unwrap());
        self.call(Method::POST, &path, Some(json!({"action": action})))
            .await
    }

    /// The business's connection as callers see it.
    pub(crate) async fn connection(&self) -> Value {
        let path = gateway::connection(BUSINESS.parse().unwrap());
        self.call(Method::GET, &path, None)
            .await
            .with_status(200)
            .json()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Runs the work and moves the clock whenever somebody waits on it.
    pub(crate) async fn while_time_passes<T>(&self, work: impl Future<Output = T>) -> T {
        let mover = async {
            loop {
                if self.clock.sleepers() > 0 {
                    self.clock.advance(Duration::from_millis(250));
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = work => done,
            () = mover => unreachable!("time passes for ever"),
        }
    }

    /// Sends a request and reads its whole answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Told {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let retry_after = parts.headers.get(header::RETRY_AFTER);
        Told {
            status: parts.status,
            body: String::from_utf8(body.to_vec()).unwrap(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
        }
    }
}

/// The state that the platform gives back.
pub(crate) fn state(connect_url: &Url) -> String {
    query(connect_url, "state")
}

pub(crate) fn query(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(known, _)| known == name).unwrap();
    found.1.into_owned()
}

/// Whom the tokens speak for.
pub(crate) fn info(business_name: &str) -> Answer {
    let body = json!({
        "business_pk": BUSINESS, "client_id": "a client", "scope": ["messages", "targeting"],
        "business_name": business_name,
    });
    Answer::new(200, body.to_string())
}

struct Draft {
    builder: http::request::Builder,
    body: Option<Value>,
}

impl Draft {
    fn body_or_empty(self) -> Request<Body> {
        let body = self
            .body
            .map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.builder.body(body).unwrap()
    }
}

fn request(method: Method, path: &str, body: Option<Value>) -> Draft {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {API_KEY}"))
        .header(header::CONTENT_TYPE, "application/json");
    Draft { builder, body }
}

async fn build(db: &Db, clock: &Clock, addresses: PlatformAddresses, seed: u64) -> App {
    let settings = Settings {
        base_url: ExternalOrigin::parse("http://127.0.0.1:8400").unwrap(),
        receiver_username: "platform".to_owned(),
        receiver_password: Secret::new("password").hash(),
        api_key: Secret::new(API_KEY).hash(),
        platform: PlatformAccount {
            addresses,
            client_id: "a client".to_owned(),
            client_secret: Secret::new("s3cret"),
            scopes: Scopes::parse(["messages targeting"]).unwrap(),
        },
        trusted_proxies: TrustedProxies::default(),
        allow_insecure_platform: true,
        allow_insecure_forwards: true,
        node_name: None,
    };
    let keys = Keyring::generate(&Entropy::seeded(0));
    let parts = Parts {
        db: db.clone(),
        clock: clock.clone(),
        entropy: Entropy::seeded(seed),
        keys: Keyring::parse(keys.expose()).unwrap(),
        settings,
        tasks: Tasks::new(),
        counters: Counters::default(),
    };
    App::build(parts).await.unwrap()
}
