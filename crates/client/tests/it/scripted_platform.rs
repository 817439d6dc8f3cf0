//! A platform that records what it is asked, byte for byte, and answers from a script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base::Secret;
use base::Tasks;
use base::outgoing::{AddressPolicy, Outgoing};
use client::{Client, PlatformAddresses};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// One line of a script.
pub(crate) enum Reply {
    /// Answers at once.
    Answer(u16, Vec<(&'static str, &'static str)>, String),
    /// Answers once somebody adds a permit.
    Held(Arc<Semaphore>, u16, String),
    /// Closes the connection after the request was read.
    HangUp,
}

impl Reply {
    pub(crate) fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Answer(status, vec![], body.to_owned())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and target, such as `GET /path?query`.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The platform; it ends with the test's runtime.
pub(crate) struct ScriptedPlatform {
    address: SocketAddr,
    received: watch::Sender<Vec<Received>>,
}

impl ScriptedPlatform {
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (received, _) = watch::channel(Vec::new());
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let recorder = received.clone();
        let tasks = Tasks::new();
        tasks.clone().spawn("platform", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, recorder) = (script.clone(), recorder.clone());
                tasks.spawn("connection", async move {
                    let _ = serve(stream, &script, &recorder).await;
                });
            }
        });
        Self { address, received }
    }

    /// A Corkboard's addresses for this platform.
    pub(crate) fn addresses(&self) -> PlatformAddresses {
        PlatformAddresses::corkboard(&format!("http://{}", self.address)).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        client_of(self.addresses())
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has_received(&self, count: usize) {
        let mut received = self.received.subscribe();
        let enough = received.wait_for(|received| received.len() >= count);
        enough.await.unwrap();
    }
}

/// A client with the credentials that every test uses.
pub(crate) fn client_of(addresses: PlatformAddresses) -> Client {
    let outgoing = Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap();
    Client::new(addresses, "my client", Secret::new("s3cret"), outgoing)
}

async fn serve(
    stream: TcpStream,
    script: &Mutex<VecDeque<Reply>>,
    recorder: &watch::Sender<Vec<Received>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream).await?;
    let reply = script.lock().unwrap().pop_front();
    recorder.send_modify(|received| received.push(request));
    let (status, headers, body) = match reply {
        Some(Reply::Answer(status, headers, body)) => (status, headers, body),
        Some(Reply::Held(permits, status, body)) => {
            permits.acquire().await.unwrap().forget();
            (status, vec![], body)
        }
        Some(Reply::HangUp) => return Ok(()),
        None => (418, vec![], "the script is over".to_owned()),
    };
    let mut fields = String::new();
    for (name, value) in headers {
        fields.extend([name, ": ", value, "\r\n"]);
    }
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let mut lines = lines.into_iter();
    let line = lines.next().unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        })
        .collect();
    let mut received = Received {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::new(),
    };
    let length = received
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    received.body = String::from_utf8(body).unwrap();
    Ok(received)
}
