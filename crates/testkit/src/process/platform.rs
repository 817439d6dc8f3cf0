//! Running processes of `corkboard platform serve`, as many as a test likes on one database.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use base::{Clock, Keyring};
use reqwest::Method;
use tempfile::TempDir;

use super::{BETWEEN_LOOKS, PATIENCE, Process, command};
use crate::actors::ApiUser;
use crate::http::Http;
use crate::world::OPERATOR_KEY;

/// What several processes of one platform share: database, keys, base URL and settings.
#[derive(Debug)]
pub struct PlatformFiles {
    folder: TempDir,
    program: PathBuf,
    database_url: String,
    settings: Vec<String>,
}

impl PlatformFiles {
    /// New keys for a platform on this database.
    ///
    /// # Panics
    /// If the key files cannot be written.
    pub fn new(program: &Path, database_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory for temporary files");
        let keys = Keyring::generate(&base::Entropy::system());
        std::fs::write(folder.path().join("secret.key"), keys.expose()).expect("a key file");
        std::fs::write(folder.path().join("operator.key"), OPERATOR_KEY).expect("a key file");
        Self {
            folder,
            program: program.to_owned(),
            database_url: database_url.to_owned(),
            settings: Vec::new(),
        }
    }

    /// The same with more flags for every process.
    #[must_use]
    pub fn with_settings(mut self, flags: &[&str]) -> Self {
        self.settings
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Starts a process with this name on a port, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready within a minute, or ends before.
    pub async fn serve(&self, name: &str, port: u16) -> PlatformServer {
        let mut server = self.start(name, port, None);
        let ready = server.is_ready().await;
        assert!(ready, "the process {name} ended before it was ready");
        server
    }

    /// Starts a process and does not wait for it. With a fault (`POINT:N`, see `base::faults`) it dies there.
    ///
    /// # Panics
    /// If the program is not there.
    pub fn start(&self, name: &str, port: u16, fault: Option<&str>) -> PlatformServer {
        let url = format!("http://127.0.0.1:{port}");
        let mut command = command(&self.program);
        command
            .args(["platform", "serve", "--environment", "staging"])
            .args(["--allow-insecure-endpoints", "--log", "warn"])
            .args(["--requests-per-second", "0", "--node-name", name])
            .args(["--base-url", &url, "--database-url", &self.database_url])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--operator-key-file")
            .arg(self.folder.path().join("operator.key"))
            .arg("--secret-key-file")
            .arg(self.folder.path().join("secret.key"))
            .args(&self.settings);
        if let Some(fault) = fault {
            command.env("CORKBOARD_FAULT", fault);
        }
        PlatformServer {
            process: Process::start(command),
            name: name.to_owned(),
            url,
            port,
        }
    }
}

/// A running `corkboard platform serve`. Killed without warning when dropped.
#[derive(Debug)]
pub struct PlatformServer {
    process: Process,
    /// Its name among the processes of the platform.
    pub name: String,
    /// Where it listens, without a last slash.
    pub url: String,
    /// The port in it.
    pub port: u16,
}

impl PlatformServer {
    /// Who runs the platform, at this process.
    pub fn operator(&self) -> ApiUser {
        ApiUser::new(Http::new(), &self.url, OPERATOR_KEY)
    }

    /// Waits until it is ready; `false` if it ended before.
    ///
    /// # Panics
    /// If it is neither after a minute.
    pub async fn is_ready(&mut self) -> bool {
        let http = Http::new();
        let address = format!("{}/readyz", self.url);
        let answered = async || {
            let answer = Http::try_send(http.request(Method::GET, &address)).await;
            answer.ok().filter(|answer| answer.status == 200)
        };
        self.process.until(answered).await.is_some()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it without its knowledge (SIGSTOP), until [`PlatformServer::thaw`].
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Waits until it is frozen, at a fault point that does that.
    ///
    /// # Panics
    /// If it is not after a minute.
    pub async fn is_frozen(&self) {
        let clock = Clock::system();
        let deadline = clock.now() + PATIENCE;
        while !self.process.is_frozen() {
            assert!(clock.now() < deadline, "{} is not frozen", self.name);
            clock.sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    ///
    /// # Panics
    /// If it goes on for a minute.
    pub async fn stop(&mut self) -> ExitStatus {
        self.process.signal("TERM");
        self.end().await
    }

    /// How it ended, once it has.
    ///
    /// # Panics
    /// If it goes on for a minute.
    pub async fn end(&mut self) -> ExitStatus {
        self.process.end().await
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.status().is_some()
    }
}
