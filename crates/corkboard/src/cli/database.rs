//! Which database.

use clap::Args;
use database::DatabaseUrl;

/// Which database.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatabaseArguments {
    /// `sqlite:FILE` (made if missing) or `postgres://user:password@host/name`.
    #[arg(long, value_name = "URL", env = "CORKBOARD_DATABASE_URL", hide_env_values = true, value_parser = parse)]
    pub(crate) database_url: DatabaseUrl,
}

fn parse(text: &str) -> Result<DatabaseUrl, String> {
    DatabaseUrl::parse(text).map_err(|error| error.to_string())
}
