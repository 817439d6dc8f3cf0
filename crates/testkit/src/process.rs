//! The real program as a process, for tests that kill it.

mod platform;
mod sandbox;

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use base::Clock;

pub use platform::{PlatformFiles, PlatformServer};
pub use sandbox::Sandbox;

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

    fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child can be asked")
    }

    /// Waits until `ready` has something; nothing if the process ended before.
    async fn until<T>(&mut self, mut ready: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let clock = Clock::system();
        let deadline = clock.now() + PATIENCE;
        loop {
            if let Some(ready) = ready().await {
                return Some(ready);
            }
            if self.status().is_some() {
                return None;
            }
            assert!(
                clock.now() < deadline,
                "the program is not ready after {PATIENCE:?}"
            );
            clock.sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Waits until it has ended.
    async fn end(&mut self) -> ExitStatus {
        let clock = Clock::system();
        let deadline = clock.now() + PATIENCE;
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            assert!(
                clock.now() < deadline,
                "the program still runs after {PATIENCE:?}"
            );
            clock.sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Whether it is stopped, as by SIGSTOP.
    fn is_frozen(&self) -> bool {
        let id = self.id().to_string();
        let shown = Command::new("ps").args(["-o", "stat=", "-p", &id]).output();
        shown.is_ok_and(|shown| shown.stdout.trim_ascii_start().starts_with(b"T"))
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends a signal. Every shell has `kill`.
    fn signal(&self, name: &str) {
        let words = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &words]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "SIG{name} was not sent"
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
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
