//! The real program as a process, for tests that kill it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use base::{Clock, Keyring};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::actors::{ApiUser, Pro};
use crate::http::Http;
use crate::world::OPERATOR_KEY;

/// How long a process may take to get ready.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked at meanwhile.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Runs `program` to its end, with nothing of this process's environment that begins with `CORKBOARD_`.
///
/// # Panics
/// If it cannot be started.
pub fn run(program: &Path, arguments: &[&str]) -> Output {
    command(program)
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// `program`, without the settings that are meant for the test itself.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CORKBOARD_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A process that is killed without warning when dropped.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn start(mut command: Command) -> Self {
        Self(
            command
                .stdout(Stdio::null())
                .spawn()
                .expect("the program starts"),
        )
    }

    /// Waits until `ready` has something.
    async fn wait_until<T>(&mut self, mut ready: impl AsyncFnMut() -> Option<T>) -> T {
        let clock = Clock::system();
        let deadline = clock.now() + PATIENCE;
        loop {
            if let Some(ready) = ready().await {
                return ready;
            }
            let ended = self.0.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "the program ended: {ended:?}");
            assert!(
                clock.now() < deadline,
                "the program is not ready after {PATIENCE:?}"
            );
            clock.sleep(BETWEEN_LOOKS).await;
        }
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

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
        let text = process.wait_until(async || std::fs::read(&file).ok()).await;
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
        self.process.0.id()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// What several processes of one platform share: database, keys and base URL.
#[derive(Debug)]
pub struct PlatformFiles {
    folder: TempDir,
    program: PathBuf,
    database_url: String,
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
        let database_url = database_url.to_owned();
        Self {
            folder,
            program: program.to_owned(),
            database_url,
        }
    }

    /// Starts a process with this name on a port, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready within a minute, or ends before.
    pub async fn serve(&self, name: &str, port: u16) -> PlatformServer {
        let url = format!("http://127.0.0.1:{port}");
        let mut command = command(&self.program);
        command
            .args([
                "platform",
                "serve",
                "--environment",
                "staging",
                "--allow-insecure-endpoints",
                "--log",
                "warn",
            ])
            .args([
                "--requests-per-second",
                "0",
                "--node-name",
                name,
                "--base-url",
                &url,
            ])
            .args([
                "--database-url",
                &self.database_url,
                "--listen",
                &format!("127.0.0.1:{port}"),
            ])
            .arg("--operator-key-file")
            .arg(self.folder.path().join("operator.key"))
            .arg("--secret-key-file")
            .arg(self.folder.path().join("secret.key"));
        let mut process = Process::start(command);
        let ready = Http::new();
        let address = format!("{url}/readyz");
        process
            .wait_until(async || {
                let answer = Http::try_send(ready.request(Method::GET, &address))
                    .await
                    .ok();
                answer.filter(|answer| answer.status == 200)
            })
            .await;
        PlatformServer { process, url }
    }
}

/// A running `corkboard platform serve`. Killed without warning when dropped.
#[derive(Debug)]
pub struct PlatformServer {
    process: Process,
    /// Where it listens, without a last slash.
    pub url: String,
}

impl PlatformServer {
    /// Who runs the platform, at this process.
    pub fn operator(&self) -> ApiUser {
        ApiUser::new(Http::new(), &self.url, OPERATOR_KEY)
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// A port of the loopback that was free a moment ago.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener
        .local_addr()
        .expect("a bound listener has an address")
        .port()
}
