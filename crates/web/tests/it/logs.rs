//! The log line of a request: what it tells, and what it must not.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use tracing_subscriber::fmt::MakeWriter;
use web::credentials::Bearer;
use web::parameters::Parameters;

use crate::kit::{Ask, Server};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panics while it logs")).into_owned()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().expect("no test panics while it logs");
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Kept {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_logged_by_its_route_and_without_what_is_secret() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(kept.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let handler = |_: Bearer, parameters: Parameters| async move {
        tracing::info!(?parameters, "seen");
        parameters.get("code").is_some().to_string()
    };
    let routes = Router::new().route("/leads/{leadID}", post(handler));
    let server = Server::start(routes).await;
    let headers = [
        "Authorization: Bearer marked-token",
        "Content-Type: application/x-www-form-urlencoded",
    ];
    let ask = Ask::new("POST", "/leads/marked-path?code=marked-query");
    let answer = server
        .ask(ask.headers(&headers).body("state=marked-body"))
        .await;
    assert_eq!(answer.text, "true");
    let log = kept.text();
    let ours: Vec<&str> = log.lines().filter(|line| line.contains(" web::")).collect();
    let [line] = ours.as_slice() else {
        panic!("{log}");
    };
    for part in [
        "http.method=POST",
        r#"http.route="/leads/{leadID}""#,
        "http.status=200",
        "duration_ms=",
        answer.header("x-request-id").unwrap(),
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!log.contains("marked"), "{log}");
}
