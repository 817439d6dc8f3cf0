//! PostgreSQL's own programs: `initdb` and `postgres`.

use std::path::PathBuf;

use super::install;
use super::search::{find, usual_folders, versioned};
use crate::failure::Failure;

/// Where a PostgreSQL's programs are.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
}

const OTHERWISE: &str = "install PostgreSQL 15 or later: `sudo apt-get install postgresql` on Debian, \
    `brew install postgresql@17` on macOS; or set CORKBOARD_TEST_POSTGRES to the URL of a server of your own";

impl Binaries {
    /// Finds them, or installs them.
    pub(crate) fn ensure() -> Result<Self, Failure> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        install::packages(&["postgresql"], OTHERWISE)?;
        Self::find().ok_or_else(|| {
            Failure::new("PostgreSQL is installed, but initdb is nowhere").hint(OTHERWISE)
        })
    }

    fn find() -> Option<Self> {
        let mut folders = usual_folders();
        // Debian keeps these programs out of PATH, and so does Homebrew for versioned formulae.
        folders.extend(versioned("/usr/lib/postgresql", ""));
        folders.extend(versioned("/opt/homebrew/opt", "postgresql"));
        folders.extend(versioned("/usr/local/opt", "postgresql"));
        folders.into_iter().find_map(|folder| {
            let folder = [folder];
            Some(Self {
                initdb: find(&["initdb"], &folder)?,
                postgres: find(&["postgres"], &folder)?,
            })
        })
    }
}
