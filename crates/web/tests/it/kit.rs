//! A server with the kit around a test's routes, and a caller that writes its requests byte by byte.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use base::{Clock, Entropy, Tasks};
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use web::frame::Frame;
use web::origin::ExternalOrigin;
use web::serve::{ServeLimits, serve};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) tasks: Tasks,
}

pub(crate) fn frame() -> Frame {
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    Frame::new(clock, Entropy::seeded(1), origin())
}

pub(crate) fn origin() -> ExternalOrigin {
    ExternalOrigin::parse("https://corkboard.example").unwrap()
}

impl Server {
    pub(crate) async fn start(routes: Router) -> Self {
        Self::start_with(frame().around(routes), ServeLimits::default()).await
    }

    pub(crate) async fn start_with(router: Router, limits: ServeLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = Tasks::new();
        let serving = tasks.clone();
        tasks.spawn("listener", async move {
            serve(listener, router, limits, &serving).await;
        });
        Self { address, tasks }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a request on a connection of its own and reads the answer.
    pub(crate) async fn ask(&self, request: Ask<'_>) -> Answer {
        let mut stream = self.connect().await;
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: corkboard.example\r\nConnection: close\r\n",
            request.method, request.path
        );
        for line in request.headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        if let Some(body) = request.body {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
            .write_all(request.body.unwrap_or_default())
            .await
            .unwrap();
        read_answer(&mut stream).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Ask::new("GET", path)).await
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    headers: &'a [&'a str],
    body: Option<&'a [u8]>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            headers: &[],
            body: None,
        }
    }

    pub(crate) fn headers(self, headers: &'a [&'a str]) -> Self {
        Self { headers, ..self }
    }

    pub(crate) fn body(self, body: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let body = Some(body.as_ref());
        Self { body, ..self }
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the one error shape (§1 D2) and gives the description.
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        let id = self.header("x-request-id").unwrap();
        let body = self.json();
        let description = body["error_description"].as_str().unwrap();
        let written = serde_json::to_string(description).unwrap();
        let expected =
            format!(r#"{{"error":"{code}","error_description":{written},"request_id":"{id}"}}"#);
        assert_eq!(self.text, expected);
        description.to_owned()
    }
}

/// Reads to the end of the connection.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.parse().unwrap(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        text: body.to_owned(),
    }
}
