//! A partner's endpoints for tests: they remember what came, and answer what the test told them to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::{Clock, Tasks};
use serde_json::Value;
use tokio::net::TcpListener;

/// One request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Received {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the platform sends JSON")
    }

    /// A header field's value, or "".
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// Endpoints on a loopback port.
#[derive(Clone, Debug)]
pub struct Receiver {
    url: String,
    state: Arc<Mutex<Memory>>,
    tasks: Tasks,
}

/// What a receiver answers.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A status with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status)
            .with_header("content-type", "application/json")
            .with_body(body.to_string())
    }

    /// The same answer with a header field more.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn with_body(self, body: String) -> Self {
        Self { body, ..self }
    }
}

#[derive(Debug, Default)]
struct Memory {
    received: Vec<Received>,
    answers: VecDeque<Answer>,
    always: Option<Answer>,
    paths: HashMap<String, Script>,
}

/// The answers of one path.
#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Answer>,
    always: Option<Answer>,
}

impl Memory {
    /// The answer of the path, if it has one, then what was said of all paths.
    fn answer(&mut self, path: &str) -> Answer {
        let path = path.split('?').next().unwrap_or_default();
        let script = self.paths.get_mut(path);
        let of_path =
            script.and_then(|script| script.answers.pop_front().or_else(|| script.always.clone()));
        of_path
            .or_else(|| self.answers.pop_front())
            .or_else(|| self.always.clone())
            .unwrap_or_else(|| Answer::status(200))
    }
}

impl Receiver {
    /// Starts listening; every request is answered 200 until told otherwise.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!(
            "http://{}",
            listener
                .local_addr()
                .expect("a bound listener has an address")
        );
        let receiver = Self {
            url,
            state: Arc::default(),
            tasks: Tasks::new(),
        };
        let router = Router::new()
            .fallback(receive)
            .with_state(receiver.state.clone());
        receiver.tasks.spawn_until_stop("receiver", async move {
            let _ = axum::serve(listener, router).await;
        });
        receiver
    }

    /// Where it listens, without a last slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers the next request with this status.
    pub fn answer_next(&self, status: u16) {
        self.answer_next_with(status, Vec::new());
    }

    /// Answers the next request with this status and these header fields.
    pub fn answer_next_with(&self, status: u16, headers: Vec<(&'static str, String)>) {
        self.memory().answers.push_back(Answer {
            headers,
            ..Answer::status(status)
        });
    }

    /// Answers every request that has no answer of its own with this status.
    pub fn answer_always(&self, status: u16) {
        self.memory().always = Some(Answer::status(status));
    }

    /// Answers the next request at a path (without its query) with this, before anything that was said of all paths.
    pub fn answer_next_at(&self, path: &str, answer: Answer) {
        self.memory()
            .paths
            .entry(path.to_owned())
            .or_default()
            .answers
            .push_back(answer);
    }

    /// Answers every request at a path that has no answer of its own with this.
    pub fn answer_always_at(&self, path: &str, answer: Answer) {
        self.memory()
            .paths
            .entry(path.to_owned())
            .or_default()
            .always = Some(answer);
    }

    /// Everything that came so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.memory().received.clone()
    }

    /// Everything that came since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.memory().received)
    }

    /// Waits until so many requests have come, when real processes send them.
    ///
    /// # Panics
    /// If they do not come within a minute.
    pub async fn wait_for(&self, count: usize) {
        let clock = Clock::system();
        let deadline = clock.now() + Duration::from_mins(1);
        while self.memory().received.len() < count {
            let came = self.memory().received.len();
            assert!(
                clock.now() < deadline,
                "{came} requests came and not {count}"
            );
            clock.sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops listening; connections are refused from then on.
    pub fn stop(&self) {
        self.tasks.begin_stop();
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4 << 20)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let path = parts.uri.to_string();
    let answer = memory.answer(&path);
    memory.received.push(Received {
        method: parts.method.to_string(),
        path,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
