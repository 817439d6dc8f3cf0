//! A throw-away PostgreSQL: a fresh folder, a free port, gone afterwards whatever happens.
//!
//! Who takes part: this process; a *keeper*, a small shell in a process group of its own; the server, its child. The
//! keeper holds the reading end of a pipe from us. When that pipe closes (we dropped it, panicked, were interrupted or
//! killed) the keeper stops the server and removes the folder, so nothing is left behind in any of these cases.
//!
//! PostgreSQL refuses to run as root, so as root everything is done as `postgres` or, without such a user, `nobody`.
//!
//! Not for: production, or data that anybody wants to see again. Everybody on this machine may log in.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure};
use crate::process;
use crate::tools::{Binaries, is_root};

/// How the server treats its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As in production: a commit waits for the disk.
    Full,
    /// A commit waits for nothing. For tests of behaviour, not of durability or speed.
    None,
}

/// The tables of a test run each open a pool: many connections, of which few work at a time.
const CONNECTIONS: &str = "max_connections=300";

/// Between the moment we let a free port go and the server takes it, another program may have it.
const TRIES: u32 = 3;

const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Runs its arguments (after the folder) as the server until stdin closes, and then ends it. A server that ends while
/// there is a file `down` is started again when the file is gone; one that ends otherwise has failed.
const KEEPER: &str = r#"
folder=$1; shift
exec 3<&0
(
  cat <&3 >/dev/null
  touch "$folder/over"
  while kill -INT "$(cat "$folder/pid")"; do sleep 0.2; done
) 2>/dev/null &
exec 3<&-
until [ -e "$folder/over" ]; do
  "$@" >>"$folder/server.log" 2>&1 </dev/null &
  server=$!
  echo "$server" >"$folder/pid"
  [ -e "$folder/over" ] && kill -INT "$server"
  wait "$server" || [ -e "$folder/down" ] || tail -n 20 "$folder/server.log" >&2
  [ -e "$folder/down" ] || break
  while [ -e "$folder/down" ] && [ ! -e "$folder/over" ]; do sleep 0.05; done
done
rm -rf "$folder"
"#;

/// How a server is stopped that is to be started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shutdown {
    /// Open transactions are rolled back and connections closed, then it ends in order.
    Fast,
    /// It ends at once, and recovers at its next start: as after a crash.
    Immediate,
}

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub(crate) struct Server {
    keeper: Child,
    folder: PathBuf,
    port: u16,
}

/// The user as whom the server runs, when it cannot be ours.
#[derive(Debug, Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

impl Server {
    /// Finds or installs PostgreSQL, and starts a server that accepts connections when this returns.
    pub(crate) fn start(durability: Durability) -> Result<Self, Failure> {
        let binaries = Binaries::ensure()?;
        let user = if is_root() {
            Some(unprivileged()?)
        } else {
            None
        };
        let mut tries = 1;
        loop {
            let folder = folder(user)?;
            let started = initialise(&binaries, &folder, user)
                .and_then(|()| Self::launch(&binaries, &folder, user, durability));
            match started {
                Err(failure) if tries < TRIES => {
                    eprintln!("{failure}\n  trying again on another port");
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    /// The address of its maintenance database, as the tests want it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://corkboard@127.0.0.1:{}/postgres", self.port)
    }

    /// Tells a command where the server is: our variable, and those that `psql` and its kin read.
    pub(crate) fn tell(&self, command: &mut Command) {
        command
            .env("CORKBOARD_TEST_POSTGRES", self.url())
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "corkboard")
            .env("PGDATABASE", "postgres");
    }

    /// Stops the server, and returns when nobody is there any more.
    pub(crate) fn stop(&self, shutdown: Shutdown) -> Result<(), Failure> {
        let doing = || "stop PostgreSQL".to_owned();
        fs::write(self.folder.join("down"), "").doing(doing)?;
        let id = fs::read_to_string(self.folder.join("pid")).doing(doing)?;
        let signal = match shutdown {
            Shutdown::Fast => "INT",
            Shutdown::Immediate => "QUIT",
        };
        // The keeper takes leave of its child, so that nothing is left to be sent a signal.
        let words =
            format!("kill -{signal} {id} && while kill -0 {id} 2>/dev/null; do sleep 0.02; done");
        process::run(Command::new("sh").args(["-c", &words.replace('\n', " ")]))
    }

    /// Starts a stopped server again, on the same port and data.
    pub(crate) fn start_again(&mut self) -> Result<(), Failure> {
        fs::remove_file(self.folder.join("down")).doing(|| "start PostgreSQL again".into())?;
        self.await_readiness()
    }

    fn launch(
        binaries: &Binaries,
        folder: &Path,
        user: Option<User>,
        durability: Durability,
    ) -> Result<Self, Failure> {
        let port = free_port()?;
        let mut keeper = as_user("sh", user);
        keeper.args(["-c", KEEPER, "keeper"]).arg(folder);
        keeper.arg(&binaries.postgres);
        keeper.arg("-D").arg(folder.join("cluster"));
        keeper.args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"]);
        keeper.arg(folder);
        let mut settings = vec![CONNECTIONS];
        if durability == Durability::None {
            settings.extend([
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ]);
        }
        for setting in settings {
            keeper.args(["-c", setting]);
        }
        keeper
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // An interrupt at the terminal is for us; the keeper learns of it by the pipe.
            .process_group(0);
        let keeper = keeper
            .spawn()
            .doing(|| "start the PostgreSQL keeper".into())?;
        let mut server = Self {
            keeper,
            folder: folder.to_owned(),
            port,
        };
        server.await_readiness()?;
        Ok(server)
    }

    /// The server writes "ready" as the last line of this file once it accepts connections.
    fn await_readiness(&mut self) -> Result<(), Failure> {
        let status_file = self.folder.join("cluster/postmaster.pid");
        let start = Instant::now();
        while start.elapsed() < START_TIMEOUT {
            let status = fs::read_to_string(&status_file).unwrap_or_default();
            if status
                .lines()
                .last()
                .is_some_and(|line| line.trim() == "ready")
            {
                return Ok(());
            }
            let ended = self
                .keeper
                .try_wait()
                .doing(|| "watch the PostgreSQL keeper".into())?;
            if ended.is_some() {
                return Err(Failure::new(
                    "PostgreSQL ended while it started; its log is above",
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Failure::new(format!(
            "PostgreSQL did not accept connections within {} s",
            START_TIMEOUT.as_secs()
        )))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("warning: cannot wait for PostgreSQL to stop: {error}");
        }
    }
}

fn initialise(binaries: &Binaries, folder: &Path, user: Option<User>) -> Result<(), Failure> {
    let mut initdb = as_user(&binaries.initdb, user);
    initdb.arg("-D").arg(folder.join("cluster"));
    initdb.args(["-U", "corkboard", "--auth=trust", "--encoding=UTF8"]);
    // The C locale is on every machine and orders the same way on each.
    initdb.args(["--locale=C", "--no-sync"]).current_dir(folder);
    let output = initdb.output().doing(|| "run initdb".into())?;
    if output.status.success() {
        return Ok(());
    }
    // Nobody keeps this folder yet.
    drop(fs::remove_dir_all(folder));
    let words = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("initdb failed: {}", words.trim())))
}

fn as_user(program: impl AsRef<std::ffi::OsStr>, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    command
}

/// A new folder that only the server's user can enter.
fn folder(user: Option<User>) -> Result<PathBuf, Failure> {
    // Root's own temporary folder may be closed to others; /tmp is not.
    let parent = match user {
        Some(_) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    };
    let process = std::process::id();
    for number in 0..100 {
        let folder = parent.join(format!("corkboard-pg-{process}-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => {
                let doing = || format!("prepare {}", folder.display());
                fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).doing(doing)?;
                if let Some(user) = user {
                    chown(&folder, Some(user.id), Some(user.group)).doing(doing)?;
                }
                return Ok(folder);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Failure::new(format!(
                    "cannot create {}: {error}",
                    folder.display()
                )));
            }
        }
    }
    Err(Failure::new(format!(
        "{} is full of corkboard-pg folders",
        parent.display()
    ))
    .hint("remove those that no server uses"))
}

fn free_port() -> Result<u16, Failure> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .doing(|| "find a free port on 127.0.0.1".into())
}

fn unprivileged() -> Result<User, Failure> {
    let accounts = fs::read_to_string("/etc/passwd").doing(|| "read /etc/passwd".into())?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| account(&accounts, name))
        .ok_or_else(|| {
            Failure::new("there is neither a user `postgres` nor `nobody`")
                .hint("PostgreSQL refuses to run as root: run this as another user")
        })
}

fn account(accounts: &str, name: &str) -> Option<User> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let id = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        Some(User { id, group })
    })
}

#[cfg(test)]
mod tests {
    use super::account;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:/bin/sh\npostgres:x:105:111::/:/bin/sh\n";
        let user = account(accounts, "postgres").unwrap();
        assert_eq!((user.id, user.group), (105, 111));
        assert!(account(accounts, "nobody").is_none());
    }
}
