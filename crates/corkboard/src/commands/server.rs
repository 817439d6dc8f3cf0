//! What every serving command shares: the runtime, the database, the listener, and the signals that end it.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Clock, Tasks};
use database::{DatabaseUrl, Db, Migrations, Options};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use web::probes::Counters;

use crate::failure::{Failure, chain};

/// How long a shutdown waits for requests and background work.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command on a runtime with as many workers as the machine has cores.
pub(crate) fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unexpected(&error))?
        .block_on(work)
}

/// A database that this process serves from.
pub(crate) struct ServedDatabase {
    pub(crate) db: Db,
    /// Held as long as the process serves: a SQLite file has one server. The system lets go of it when the process ends,
    /// however it ends.
    _lock: Option<File>,
}

impl ServedDatabase {
    /// Opens a database to serve from it, and brings its tables up to date.
    pub(crate) async fn open(
        url: &DatabaseUrl,
        migrations: &[Migrations],
    ) -> Result<Self, Failure> {
        let lock = url.file().map(lock).transpose()?;
        let db = connect(url).await?;
        for migrations in migrations {
            let applied = db.migrate(migrations, Clock::system().now()).await;
            applied.map_err(|error| unusable(url, &error))?;
        }
        Ok(Self { db, _lock: lock })
    }
}

/// Takes the lock file beside a SQLite file.
fn lock(file: &Path) -> Result<File, Failure> {
    let mut name = OsString::from(file);
    name.push(".lock");
    let path = PathBuf::from(name);
    let opened = File::options().create(true).append(true).open(&path);
    let lock = opened.map_err(|error| {
        Failure::mendable(
            format!("{} cannot be made: {error}", path.display()),
            "choose a folder that exists and that you may write to",
        )
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::mendable(
            format!("another process serves from {}", file.display()),
            "stop it, choose another file, or use PostgreSQL, which many processes can share",
        )),
        Err(TryLockError::Error(error)) => Err(Failure::unexpected(&error)),
    }
}

/// Opens a database as it is.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Db, Failure> {
    Db::open(url, &Options::default())
        .await
        .map_err(|error| unusable(url, &error))
}

/// What to say of a database that cannot be used.
pub(crate) fn unusable(url: &DatabaseUrl, error: &database::Error) -> Failure {
    Failure::mendable(
        format!("database {url}: {}", chain(error)),
        "check --database-url: `sqlite:FILE` in a folder that you may write to, or `postgres://user:password@host/name`",
    )
}

/// Starts counting for `/metrics`. Once a process.
pub(crate) fn counters() -> Result<Counters, Failure> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::unexpected(&error))?;
    Ok(Counters::new(move || handle.render()))
}

/// Listens on `address`.
pub(crate) async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::mendable(
            format!("cannot listen on {address}: {error}"),
            format!("is another process using the port? choose another one with {flag}"),
        )
    })
}

/// Waits for Ctrl-C or SIGTERM, then ends the background work and waits for it.
pub(crate) async fn serve_until_signal(tasks: &Tasks) {
    tokio::select! {
        () = signal() => {}
        () = tasks.stopping().cancelled() => {}
    }
    tracing::info!("shutting down");
    if !tasks.stop(PATIENCE).await {
        tracing::warn!("some requests did not end in time");
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a handler for SIGTERM the default ends the process, and Ctrl-C alone is waited for.
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
