//! A platform that records what it is asked and answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base::Tasks;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::net::TcpListener;

/// One line of the script.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    body: String,
    headers: Vec<(&'static str, &'static str)>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// 200 to a message, a switch.
    pub(crate) fn success() -> Self {
        Self::new(200, r#"{"status": "success"}"#)
    }

    /// A pair of tokens that is named after its generation.
    pub(crate) fn tokens(name: &str) -> Self {
        let body = format!(
            r#"{{"access_token": "{name}-access", "token_type": "bearer", "expires_in": 3600, "refresh_token": "{name}-refresh"}}"#
        );
        Self::new(200, body)
    }

    /// An error of the protocol.
    pub(crate) fn error(status: u16, code: &str, description: &str) -> Self {
        let body = format!(
            r#"{{"error": "{code}", "error_description": "{description}", "request_id": "r"}}"#
        );
        Self::new(status, body)
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::from_u16(self.status).unwrap(), self.body).into_response();
        for (name, value) in self.headers {
            let name = HeaderName::from_static(name);
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path, without the query.
    pub(crate) line: String,
    pub(crate) query: String,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of a token request.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let text = format!("{}&{}", self.query, self.body);
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        let found = pairs.find(|(known, _)| known == name)?;
        Some(found.1.into_owned())
    }
}

/// The platform; it ends with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct ScriptedPlatform {
    pub(crate) base_url: String,
    script: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedPlatform {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platform = Self {
            base_url: format!("http://{}", listener.local_addr().unwrap()),
            script: Arc::default(),
            asked: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(platform.clone());
        Tasks::new().spawn("platform", async move {
            axum::serve(listener, router).await.unwrap();
        });
        platform
    }

    /// What it answers next, in order. Beyond the script it answers 418.
    pub(crate) fn will(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().extend(answers);
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(platform): State<ScriptedPlatform>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    platform.asked.lock().unwrap().push(Asked {
        line: format!("{} {}", parts.method, parts.uri.path()),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let next = platform.script.lock().unwrap().pop_front();
    next.unwrap_or_else(|| Answer::new(418, "the script is over"))
}
