//! A running `corkboard sandbox`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base::Clock;
use serde_json::Value;

use super::{Process, command};
use crate::actors::{ApiUser, Pro};
use crate::http::Http;

/// A running `corkboard sandbox`. Killed without warning when dropped.
#[derive(Debug)]
pub struct Sandbox {
    process: Process,
    /// What its ready file says.
    pub ready: Value,
    /// How long it took until the ready file was there.
    pub took: Duration,
}

impl Sandbox {
    /// Starts `program` on a data folder and waits until its ready file is there.
    ///
    /// # Panics
    /// If it does not get ready within a minute, or ends before.
    pub async fn start(program: &Path, data: &Path) -> Self {
        let file: PathBuf = data.join("ready.json");
        let _ = std::fs::remove_file(&file);
        let mut command = command(program);
        command
            .args([
                "sandbox",
                "--platform-port",
                "0",
                "--gateway-port",
                "0",
                "--log",
                "warn",
                "--data",
            ])
            .arg(data)
            .arg("--ready-file")
            .arg(&file);
        let clock = Clock::system();
        let started_at = clock.now();
        let mut process = Process::start(command);
        let text = process.until(async || std::fs::read(&file).ok()).await;
        let text = text.expect("the sandbox runs until it is ready");
        let took = clock.now().duration_since(started_at).unsigned_abs();
        let ready = serde_json::from_slice(&text).expect("the ready file is JSON");
        Self {
            process,
            ready,
            took,
        }
    }

    /// A text in the ready file by its JSON pointer.
    ///
    /// # Panics
    /// If there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("the ready file has no {pointer}"))
    }

    /// Who runs its platform.
    pub fn operator(&self) -> ApiUser {
        ApiUser::new(
            Http::new(),
            self.text("/platform/base_url"),
            self.text("/platform/operator_key"),
        )
    }

    /// The partner's own program, at its gateway's API.
    pub fn crm(&self) -> ApiUser {
        ApiUser::new(
            Http::new(),
            self.text("/gateway/base_url"),
            self.text("/gateway/api_key"),
        )
    }

    /// The pro with this number, not logged in yet.
    pub fn pro(&self, index: usize) -> Pro {
        let text = |name: &str| self.text(&format!("/pros/{index}/{name}"));
        Pro::new(
            Http::new(),
            self.text("/platform/base_url"),
            text("email"),
            text("password"),
        )
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }
}
