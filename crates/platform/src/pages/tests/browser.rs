//! A browser for the tests of pages: it keeps its cookie, sends forms as our pages do, and follows nothing by itself.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use base::Secret;
use database::test_db::TestDb;
use database::{Error, Op, Sql, Tx, params};
use http::{HeaderMap, Method, Request, StatusCode, header, request};
use http_body_util::BodyExt as _;
use protocol::paths::oauth;
use tower::ServiceExt as _;
use web::frame::Frame;
use web::pages::Pages;

use crate::core::Core;
use crate::pages::templates::templates;
use crate::testing::{Bench, MIGRATIONS};

/// What the pro logs in with.
pub(super) const EMAIL: &str = "pro@example.com";
/// What the pro logs in with.
pub(super) const PASSWORD: &str = "right & proper";

/// A browser with a platform in front of it.
pub(super) struct Browser {
    pub(super) bench: Bench,
    router: Router,
    pub(super) cookie: Option<String>,
    _db: TestDb,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header(header::LOCATION).unwrap()
    }

    /// A page of this status that leads nowhere.
    pub(super) fn page(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header(header::LOCATION), None);
        assert!(self.text.starts_with("<!doctype html>"), "{}", self.text);
        &self.text
    }

    /// The value of the hidden field with this name.
    pub(super) fn field(&self, name: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap();
        let (value, _) = rest.split_once('"').unwrap();
        value.replace("&amp;", "&")
    }
}

impl Browser {
    /// A browser that nobody has used, and a pro with a password.
    pub(super) async fn open_new(routes: Router<Core>) -> Self {
        let db = TestDb::sqlite(MIGRATIONS).await;
        let bench = Bench::new(&db).await;
        let core = bench.core.clone();
        let hash = core.passwords.hash(&Secret::new(PASSWORD)).await.unwrap();
        core.db.write(SetPassword(hash)).await.unwrap();
        let origin = core.settings.base_url.clone();
        let frame = Frame::new(core.clock.clone(), core.entropy.clone(), origin.clone());
        let pages = Pages::new(templates().unwrap(), origin).around(routes.with_state(core));
        Self {
            bench,
            router: frame.around(pages),
            cookie: None,
            _db: db,
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Reply {
        let request = Request::builder().uri(path);
        self.send(request, Body::empty()).await
    }

    /// Sends a form as a page of ours would.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = self.bench.core.settings.base_url.as_str().to_owned();
        self.post_from(Some(&origin), path, fields).await
    }

    pub(super) async fn post_from(
        &mut self,
        origin: Option<&str>,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(request, Body::from(body)).await
    }

    async fn send(&mut self, request: request::Builder, body: Body) -> Reply {
        let request = match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        };
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await;
        let reply = read(response.unwrap()).await;
        assert!(reply.status.as_u16() < 500, "{}", reply.text);
        if let Some(cookie) = reply.header(header::SET_COOKIE) {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        reply
    }

    pub(super) async fn log_in(&mut self) {
        let fields = [("email", EMAIL), ("password", PASSWORD)];
        assert_eq!(
            self.post(oauth::LOG_IN, &fields).await.location(),
            "/services"
        );
    }
}

async fn read(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

struct SetPassword(String);

impl Op for SetPassword {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        const SET: Sql = Sql::both("UPDATE pro SET password_hash = $1");
        tx.execute(SET, params![&self.0]).await
    }
}
