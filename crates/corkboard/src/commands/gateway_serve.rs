//! `gateway serve`.

use base::{Clock, Entropy, Tasks};

use super::{server, settings};
use crate::cli::GatewayArguments;
use crate::failure::Failure;

/// Serves the gateway until a signal.
pub(crate) async fn run(arguments: GatewayArguments) -> Result<(), Failure> {
    let (settings, keys) = settings::gateway(&arguments)?;
    let url = &arguments.database.database_url;
    let served = server::ServedDatabase::open(url, gateway::MIGRATIONS).await?;
    let listener = server::listen(arguments.listen, "--listen").await?;
    let tasks = Tasks::new();
    let parts = gateway::Parts {
        db: served.db.clone(),
        clock: Clock::system(),
        entropy: Entropy::system(),
        keys,
        settings,
        tasks: tasks.clone(),
        counters: server::counters()?,
    };
    let app = gateway::App::build(parts)
        .await
        .map_err(|error| Failure::unexpected(&error))?;
    tracing::info!(address = %arguments.listen, "gateway serving");
    app.run_jobs();
    app.serve(listener);
    server::serve_until_signal(&tasks).await;
    served.db.close().await;
    Ok(())
}
