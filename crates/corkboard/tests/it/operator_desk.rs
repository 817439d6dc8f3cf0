//! An operator's terminal: the real program, run against a world whose clock stands still.

use std::fmt::Write as _;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::world::{Engine, OPERATOR_KEY};

use crate::marketplace::Marketplace;
use crate::program::{program, run, words};

/// A terminal beside a marketplace.
pub(crate) struct Desk {
    pub(crate) market: Marketplace,
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) shown: String,
    /// Standard error.
    pub(crate) noted: String,
}

impl Told {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            shown: words(&output.stdout),
            noted: words(&output.stderr),
        }
    }

    /// What was shown, if all went well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.shown, self.noted);
        self.shown
    }

    /// What was noted, if it went wrong in a way that people can mend: what happened, and what to do.
    #[track_caller]
    pub(crate) fn badly(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.shown, self.noted);
        let (what, hint) = (self.noted.find("error: "), self.noted.find("\nhint: "));
        assert!(what.is_some() && what < hint, "{}", self.noted);
        self.noted
    }
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let market = Marketplace::start(Engine::Sqlite).await;
        let folder = tempfile::tempdir().unwrap();
        let ready = json!({
            "platform": {"base_url": market.world.platform_url, "operator_key": OPERATOR_KEY},
        });
        std::fs::write(folder.path().join("ready.json"), ready.to_string()).unwrap();
        Self { market, folder }
    }

    /// A file beside the ready file.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The words of a command line, with the ready file.
    pub(crate) fn line(&self, line: &str) -> Vec<String> {
        let words = line.split_whitespace().map(str::to_owned);
        words
            .chain(["--ready-file".to_owned(), self.path("ready.json")])
            .collect()
    }

    /// Runs a command line.
    pub(crate) async fn run(&self, line: &str) -> Told {
        self.run_words(self.line(line)).await
    }

    /// Runs a command line as it is, beside the world, which answers meanwhile.
    pub(crate) async fn run_words(&self, line: Vec<String>) -> Told {
        let run = move || {
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            run(&line)
        };
        Told::of(&tokio::task::spawn_blocking(run).await.unwrap())
    }

    /// What a command line shows, if all goes well.
    pub(crate) async fn shown(&self, line: &str) -> String {
        self.run(line).await.well()
    }

    /// The answer of a command line with `--json`.
    pub(crate) async fn answer(&self, line: &str) -> Value {
        let shown = self.shown(&format!("{line} --json")).await;
        serde_json::from_str(&shown).expect("one JSON document")
    }

    /// Starts a command without waiting for it.
    pub(crate) fn start(&self, line: &str) -> std::process::Child {
        let mut command = testkit::process::command(program());
        command
            .args(self.line(line))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().expect("the program starts")
    }
}

/// A text with what differs from run to run replaced by names.
pub(crate) fn with_names(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (value, name) in names {
        text = text.replace(value, name);
    }
    let mut lines = String::new();
    for line in text.lines() {
        let _ = writeln!(lines, "{}", line.trim_end());
    }
    lines
}
