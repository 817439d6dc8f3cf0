//! A partner's program that calls these endpoints over HTTP, with a platform in front of it.

use axum::Router;
use axum::body::Body;
use database::test_db::TestDb;
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use protocol::basic_credentials::Credentials;
use serde_json::Value;
use tower::ServiceExt as _;
use web::frame::Frame;

use crate::testing::{Bench, MIGRATIONS, OWN, REDIRECT_URI, SECRET};
use crate::{api, oauth};

/// A partner's program with a platform in front of it.
pub(super) struct Program {
    pub(super) bench: Bench,
    router: Router,
    _db: TestDb,
}

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// What a program sends.
#[derive(Clone, Default)]
pub(super) struct Sent<'a> {
    pub(super) basic: Option<(&'a str, &'a str)>,
    pub(super) content_type: Option<&'a str>,
    pub(super) body: String,
}

pub(super) const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
pub(super) const OWN_BASIC: Option<(&str, &str)> = Some((OWN, SECRET));

impl Program {
    pub(super) async fn new() -> Self {
        let db = TestDb::sqlite(MIGRATIONS).await;
        let bench = Bench::new(&db).await;
        let core = bench.core.clone();
        let frame = Frame::new(
            core.clock.clone(),
            core.entropy.clone(),
            core.settings.base_url.clone(),
        );
        let partner_api = api::routes(core.settings.environment);
        let router = frame.around(oauth::routes().merge(partner_api).with_state(core));
        Self {
            bench,
            router,
            _db: db,
        }
    }

    pub(super) async fn post(&self, path: &str, sent: Sent<'_>) -> Reply {
        let mut request = Request::post(path);
        if let Some((name, secret)) = sent.basic {
            request = request.header(
                header::AUTHORIZATION,
                Credentials::new(name, secret).to_header(),
            );
        }
        if let Some(content_type) = sent.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        self.send(request.body(Body::from(sent.body)).unwrap())
            .await
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A form body that exchanges a new code.
    pub(super) async fn code_form(&self) -> String {
        let code = self.bench.offer(OWN).await;
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", REDIRECT_URI),
            ("token_type", "AUTH_CODE"),
        ])
    }

    /// Form bodies at an endpoint, with the right Basic credentials.
    pub(super) async fn post_form(&self, path: &str, body: String) -> Reply {
        let sent = Sent {
            basic: OWN_BASIC,
            content_type: FORM,
            body,
        };
        self.post(path, sent).await
    }
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    /// Status, code and whether there is a challenge.
    pub(super) fn refusal(&self) -> (u16, String, bool) {
        let challenged = self.headers.contains_key(header::WWW_AUTHENTICATE);
        (
            self.status,
            self.json()["error"].as_str().unwrap().to_owned(),
            challenged,
        )
    }
}

pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub(super) fn refused(status: u16, code: &str) -> (u16, String, bool) {
    (status, code.to_owned(), false)
}
