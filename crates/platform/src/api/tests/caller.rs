//! A partner's program with a marketplace in front of it.

use axum::Router;
use axum::body::Body;
use database::test_db::TestDb;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use protocol::basic_credentials::Credentials;
use serde_json::Value;
use tower::ServiceExt as _;
use web::frame::Frame;

use crate::api;
use crate::core::Core;
use crate::settings::Settings;
use crate::testing::market::Market;
use crate::testing::{MIGRATIONS, core_with};

/// What the partner of the marketplace logs in with.
pub(super) const USERNAME: &str = "acme";
pub(super) const PASSWORD: &str = "password";

/// A partner's program with a marketplace in front of it.
pub(super) struct Caller {
    pub(super) market: Market,
    router: Router,
    db: TestDb,
}

/// What a program sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<&'static str>,
    pub(super) idempotency_key: Option<&'static str>,
    pub(super) body: String,
}

/// What it gets.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Caller {
    pub(super) async fn new() -> Self {
        let db = TestDb::sqlite(MIGRATIONS).await;
        let market = Market::new(&db).await;
        let router = routed(market.bench.core.clone());
        Self { market, router, db }
    }

    /// The same platform with other settings.
    pub(super) fn under(self, change: impl FnOnce(&mut Settings)) -> Self {
        let router = routed(core_with(&self.db, change));
        Self { router, ..self }
    }

    /// Connects a client to the business, and gives the header that it calls with.
    pub(super) async fn bearer(&self, client_id: &str) -> String {
        let pair = self.market.bench.connect(client_id).await;
        format!("Bearer {}", pair.access_token.expose())
    }

    pub(super) async fn send(&self, sent: &Sent) -> Reply {
        let mut request = Request::builder().method(&sent.method).uri(&sent.path);
        if let Some(authorization) = &sent.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(content_type) = sent.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(key) = sent.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.body(Body::from(sent.body.clone())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

fn routed(core: Core) -> Router {
    let origin = core.settings.base_url.clone();
    let frame = Frame::new(core.clock.clone(), core.entropy.clone(), origin);
    frame.around(api::routes(core.settings.environment).with_state(core))
}

/// The header of HTTP Basic.
pub(super) fn basic(username: &str, password: &str) -> String {
    Credentials::new(username, password).to_header()
}

impl Sent {
    /// A JSON body to this path.
    pub(super) fn json(
        method: Method,
        path: impl Into<String>,
        authorization: &str,
        body: &(impl ToString + ?Sized),
    ) -> Self {
        Self {
            method,
            path: path.into(),
            authorization: Some(authorization.to_owned()),
            content_type: Some("application/json"),
            idempotency_key: None,
            body: body.to_string(),
        }
    }
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    /// The status and the error code.
    pub(super) fn refusal(&self) -> (u16, String) {
        let code = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status, code)
    }
}
