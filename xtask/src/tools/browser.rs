//! Chromium and its driver, for the tests that look at the pages as a person does.

use std::path::PathBuf;

use super::install;
use super::search::{find, usual_folders};
use crate::failure::Failure;

/// Where the browser and its driver are.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

const OTHERWISE: &str = "install Chromium and its driver: `sudo apt-get install chromium chromium-driver` on Debian, \
    `brew install --cask chromium chromedriver` on macOS; or set CORKBOARD_TEST_CHROMIUM and \
    CORKBOARD_TEST_CHROMEDRIVER to where they are";

impl Browser {
    /// Takes what the environment names, else finds both, else installs both.
    pub(crate) fn ensure() -> Result<Self, Failure> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        install::packages(&["chromium", "chromium-driver"], OTHERWISE)?;
        Self::find()
            .ok_or_else(|| Failure::new("Chromium is installed, but nowhere").hint(OTHERWISE))
    }

    fn find() -> Option<Self> {
        let mut folders = usual_folders();
        folders.extend(
            [
                "/usr/lib/chromium",
                "/Applications/Chromium.app/Contents/MacOS",
                "/Applications/Google Chrome.app/Contents/MacOS",
            ]
            .map(PathBuf::from),
        );
        let chromium = [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "Chromium",
            "Google Chrome",
        ];
        Some(Self {
            chromium: named("CORKBOARD_TEST_CHROMIUM").or_else(|| find(&chromium, &folders))?,
            driver: named("CORKBOARD_TEST_CHROMEDRIVER")
                .or_else(|| find(&["chromedriver"], &folders))?,
        })
    }
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}
