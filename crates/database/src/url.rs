//! Where a database is: `sqlite:FILE` or `postgres://…`. Prints without the password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::sql::Engine;

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Target);

/// The address, taken apart for the drivers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<Config>),
}

/// Why a text is no address of a database. Never repeats the text, which may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// Neither of the two schemes.
    #[error("it must begin with sqlite: or postgres://")]
    Scheme,
    /// No file is named, or something that is not a file.
    #[error(
        "after sqlite: the path of a file must follow (databases in memory and options after ? are not offered)"
    )]
    File,
    /// Not an address of a PostgreSQL server.
    #[error("not an address of a PostgreSQL server: {0}")]
    Postgres(String),
    /// The address names no server or no database.
    #[error("the address must name a host, a user and a database: postgres://user@host/database")]
    Incomplete,
}

impl DatabaseUrl {
    /// Parses `sqlite:FILE` or `postgres://user:password@host:port/database?sslmode=require`.
    ///
    /// `sslmode` is `disable`, `prefer` (the default: TLS if the server offers it) or `require`. Wherever TLS is used
    /// the server's certificate is verified against the machine's certificate authorities.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            return Self::parse_file(file);
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(DatabaseUrlError::Scheme);
        }
        let config = Config::from_str(text)
            .map_err(|error| DatabaseUrlError::Postgres(root_cause(&error)))?;
        if config.get_hosts().is_empty()
            || config.get_user().is_none()
            || config.get_dbname().is_none()
        {
            return Err(DatabaseUrlError::Incomplete);
        }
        Ok(Self(Target::Postgres(Box::new(config))))
    }

    /// The SQLite database in this file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Target::Sqlite(file.into()))
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Target::Sqlite(_) => Engine::Sqlite,
            Target::Postgres(_) => Engine::Postgres,
        }
    }

    /// The file, if it is SQLite.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Target::Sqlite(file) => Some(file),
            Target::Postgres(_) => None,
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.0
    }

    fn parse_file(file: &str) -> Result<Self, DatabaseUrlError> {
        // `sqlite://name` would quietly mean a file in the root directory.
        let doubtful = file.starts_with("//") && !file.starts_with("///");
        if file.is_empty() || file.starts_with(':') || file.contains('?') || doubtful {
            return Err(DatabaseUrlError::File);
        }
        Ok(Self::sqlite(file))
    }
}

#[cfg(any(test, feature = "testing"))]
impl DatabaseUrl {
    /// The same server, another database.
    pub(crate) fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        if let Target::Postgres(config) = &mut other.0 {
            config.dbname(name);
        }
        other
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = match &self.0 {
            Target::Sqlite(file) => return write!(formatter, "sqlite:{}", file.display()),
            Target::Postgres(config) => config,
        };
        write!(
            formatter,
            "postgres://{}@",
            config.get_user().unwrap_or_default()
        )?;
        for (index, host) in config.get_hosts().iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(formatter, "{separator}{name}")?,
                #[cfg(unix)]
                Host::Unix(directory) => write!(formatter, "{separator}{}", directory.display())?,
            }
            let port = config.get_ports().get(index).or(config.get_ports().first());
            write!(formatter, ":{}", port.unwrap_or(&5432))?;
        }
        write!(formatter, "/{}", config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

/// The innermost message, which names the option that is wrong and not its value.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let url =
            DatabaseUrl::parse("postgres://corkboard:s3cret@db.example:6432/leads?sslmode=require")
                .unwrap();
        assert_eq!(
            url.to_string(),
            "postgres://corkboard@db.example:6432/leads"
        );
        assert!(!format!("{url:?}").contains("s3cret"));
    }

    #[test]
    fn an_error_never_repeats_the_text() {
        for text in [
            "s3cret",
            "mysql://root:s3cret@host/db",
            "postgres://root:s3cret@host:notaport/db",
            "postgres://root:s3cret@host/db?sslmode=verify-s3cret",
            "postgres://host/db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://s3cret.db",
            "sqlite:s3cret.db?mode=ro",
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{text}: {error}");
        }
    }

    #[test]
    fn files_are_relative_or_absolute() {
        assert_eq!(
            DatabaseUrl::parse("sqlite:a/b.db").unwrap(),
            DatabaseUrl::sqlite("a/b.db")
        );
        assert_eq!(
            DatabaseUrl::parse("sqlite:/a/b.db").unwrap(),
            DatabaseUrl::sqlite("/a/b.db")
        );
    }
}
