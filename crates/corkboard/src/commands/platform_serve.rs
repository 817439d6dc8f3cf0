//! `platform serve`.

use base::{Clock, Entropy, Tasks};

use super::{server, settings};
use crate::cli::PlatformArguments;
use crate::failure::Failure;

/// Serves the platform until a signal.
pub(crate) async fn run(arguments: PlatformArguments) -> Result<(), Failure> {
    let (settings, keys) = settings::platform(&arguments)?;
    let url = &arguments.database.database_url;
    let served = server::ServedDatabase::open(url, platform::MIGRATIONS).await?;
    let listener = server::listen(arguments.listen, "--listen").await?;
    let operator_listener = match arguments.operator_listen {
        Some(address) => Some(server::listen(address, "--operator-listen").await?),
        None => None,
    };
    let tasks = Tasks::new();
    let parts = platform::Parts {
        db: served.db.clone(),
        clock: Clock::system(),
        entropy: Entropy::system(),
        keys,
        settings,
        tasks: tasks.clone(),
        counters: server::counters()?,
    };
    let app = platform::App::build(parts)
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    tracing::info!(address = %arguments.listen, "platform serving");
    app.run_jobs();
    app.serve(listener, operator_listener);
    server::serve_until_signal(&tasks).await;
    served.db.close().await;
    Ok(())
}
