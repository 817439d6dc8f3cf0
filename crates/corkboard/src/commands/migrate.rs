//! `migrate`: tables brought up to date, ahead of a start or to see what one would do.

use base::Clock;
use database::Migrations;

use super::server;
use crate::cli::{MigrateArguments, Side};
use crate::failure::Failure;
use crate::printer;

/// Applies what is missing, or says what that is.
pub(crate) async fn run(arguments: MigrateArguments) -> Result<(), Failure> {
    let migrations: &[Migrations] = match arguments.side {
        Side::Platform => platform::MIGRATIONS,
        Side::Gateway => gateway::MIGRATIONS,
    };
    let url = &arguments.database.database_url;
    let db = server::connect(url).await?;
    let mut names = Vec::new();
    for migrations in migrations {
        let pending = db.pending_migrations(migrations).await;
        let pending = pending.map_err(|error| server::unusable(url, &error))?;
        names.extend(pending);
        if !arguments.dry_run {
            let applied = db.migrate(migrations, Clock::system().now()).await;
            applied.map_err(|error| server::unusable(url, &error))?;
        }
    }
    db.close().await;
    for name in &names {
        printer::line(&format!(
            "{} {name}",
            if arguments.dry_run {
                "pending"
            } else {
                "applied"
            }
        ));
    }
    if names.is_empty() {
        printer::line(&format!("{url} is up to date"));
    } else if arguments.dry_run {
        return Err(Failure::mendable(
            format!("{url} is not up to date"),
            "run the same command without --dry-run",
        ));
    }
    Ok(())
}
