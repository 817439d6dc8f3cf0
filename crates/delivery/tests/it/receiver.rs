//! An endpoint that notes what it gets and answers as a test tells it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base::Tasks;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    /// The delivery's id, as the header tells it.
    pub(crate) fn id(&self) -> i64 {
        self.headers["webhook-id"].parse().unwrap()
    }
}

/// What to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// This status and a short body.
    Status(u16),
    /// This status with a `Retry-After` of so many seconds.
    RetryAfter(u16, u32),
    /// Nothing until [`Receiver::release`], then this status.
    Hang(u16),
    /// A redirect to this path.
    Redirect(&'static str),
}

type Script = Box<dyn FnMut(&Received) -> Reply + Send>;

struct Shared {
    script: Mutex<Script>,
    received: Mutex<Vec<Received>>,
    arrivals: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

/// The endpoint. It stops when it is dropped.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    tasks: Tasks,
    pub(crate) base_url: String,
}

impl Receiver {
    /// Listens, and answers 200 to everything.
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::new(Box::new(|_| Reply::Status(200))),
            received: Mutex::default(),
            arrivals: watch::Sender::new(0),
            released: watch::Sender::new(false),
        });
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let tasks = Tasks::new();
        tasks.spawn_until_stop("receiver", async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            shared,
            tasks,
            base_url,
        }
    }

    /// From now on answers as `script` says.
    pub(crate) fn answers(&self, script: impl FnMut(&Received) -> Reply + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Everything that came so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The ids of what came so far, in the order in which it came.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.received().iter().map(Received::id).collect()
    }

    /// Waits until so many requests have come altogether.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut arrivals = self.shared.arrivals.subscribe();
        arrivals
            .wait_for(|arrived| *arrived >= count)
            .await
            .unwrap();
    }

    /// Lets hanging requests be answered, now and from now on.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.tasks.begin_stop();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap().to_owned();
        (name.to_string(), value)
    });
    let received = Received {
        method: method.to_string(),
        path: uri.path().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let reply = (shared.script.lock().unwrap())(&received);
    shared.received.lock().unwrap().push(received);
    shared.arrivals.send_modify(|arrived| *arrived += 1);
    if let Reply::Hang(_) = reply {
        let mut released = shared.released.subscribe();
        released.wait_for(|released| *released).await.unwrap();
    }
    match reply {
        Reply::Status(status) | Reply::Hang(status) => (code(status), "noted\u{1}").into_response(),
        Reply::RetryAfter(status, seconds) => {
            (code(status), [("retry-after", seconds.to_string())]).into_response()
        }
        Reply::Redirect(path) => (code(307), [("location", path)]).into_response(),
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}
