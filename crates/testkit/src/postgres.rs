//! A PostgreSQL of a test's own, which it may stop under everybody's feet and start again. Tests that only need a
//! database use [`database::test_db::TestDb`]; they share a server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use database::DatabaseUrl;

/// A running server, made by `cargo xtask pg`, which knows where PostgreSQL is and cleans up. Gone when dropped.
#[derive(Debug)]
pub struct OwnPostgres {
    tool: Arc<Mutex<Tool>>,
    url: DatabaseUrl,
}

/// How it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// In order: transactions are rolled back, connections closed.
    Fast,
    /// At once, as by a crash; the next start recovers.
    Immediate,
}

#[derive(Debug)]
struct Tool {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl OwnPostgres {
    /// Starts a server with an empty database.
    ///
    /// # Panics
    /// If there is no PostgreSQL on this machine and it cannot be installed.
    pub async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let mut tool = Tool::start();
            let url = tool.answer();
            (tool, url)
        });
        let (tool, url) = started.await.expect("the server starts");
        Self {
            tool: Arc::new(Mutex::new(tool)),
            url: DatabaseUrl::parse(&url).expect("the tool prints a URL"),
        }
    }

    /// Where its database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Stops it; nobody listens on its port when this returns.
    ///
    /// # Panics
    /// If it does not stop.
    pub async fn stop(&self, shutdown: Shutdown) {
        self.order(match shutdown {
            Shutdown::Fast => "stop fast",
            Shutdown::Immediate => "stop immediate",
        })
        .await;
    }

    /// Starts it again where it was; it accepts connections when this returns.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_again(&self) {
        self.order("start").await;
    }

    async fn order(&self, words: &'static str) {
        let tool = Arc::clone(&self.tool);
        let done = tokio::task::spawn_blocking(move || {
            let mut tool = tool.lock().unwrap_or_else(PoisonError::into_inner);
            let orders = tool.orders.as_mut().expect("it is open until the end");
            writeln!(orders, "{words}").expect("the tool listens");
            assert_eq!(tool.answer(), "done", "{words}");
        });
        done.await.expect("the tool does as it is told");
    }
}

impl Tool {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO"));
        let mut process = command
            .args(["xtask", "pg", "--fast"])
            // Where the alias `xtask` is known.
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo starts");
        let answers = process.stdout.take().expect("its output is piped");
        Self {
            orders: process.stdin.take(),
            answers: BufReader::new(answers),
            process,
        }
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the tool writes text");
        assert!(!line.is_empty(), "the tool ended; its words are above");
        line.trim().to_owned()
    }
}

impl Drop for Tool {
    /// The end of its orders is the tool's sign to stop the server and remove its folder.
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}
