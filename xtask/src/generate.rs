//! `cargo xtask generate [--check]`: the reference pages that a program writes.
//!
//! Each page is what the binary says about itself, so it cannot drift from it: `--check` proves that.

use std::fs;
use std::process::ExitCode;

use crate::failure::{Doing, Failure};
use crate::process;
use crate::repository::root;

const HELP: &str = "\
cargo xtask generate: write the generated pages under docs/reference

Usage: cargo xtask generate [--check]

  --check   write nothing; fail and name the first difference if a page is not what would be written

Pages:
";

/// A generated page: where it is, and the arguments with which `corkboard` prints it.
const PAGES: [(&str, [&str; 2]); 2] = [
    ("docs/reference/cli.md", ["reference", "cli"]),
    ("docs/reference/settings.md", ["reference", "settings"]),
];

/// Runs the subcommand.
pub(crate) fn command(arguments: &[String]) -> Result<ExitCode, Failure> {
    let mut check_only = false;
    for argument in arguments {
        match argument.as_str() {
            "--check" => check_only = true,
            "--help" | "-h" => {
                print!("{HELP}");
                for (path, words) in PAGES {
                    println!("  {path}   from `corkboard {}`", words.join(" "));
                }
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(Failure::unknown_argument("generate", other)),
        }
    }
    if check_only {
        check()?;
    } else {
        write()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails if a page differs from what the binary prints now.
pub(crate) fn check() -> Result<(), Failure> {
    let mut stale = Vec::new();
    for (path, words) in PAGES {
        let fresh = page(words)?;
        let stored = fs::read_to_string(root().join(path)).unwrap_or_default();
        match first_difference(&stored, &fresh) {
            None => eprintln!("  {path}: up to date"),
            Some(difference) => {
                eprintln!("  {path}: stale\n{difference}");
                stale.push(path);
            }
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(
        Failure::new(format!("generated pages are stale: {}", stale.join(", ")))
            .hint("run `cargo xtask generate` and commit what it writes"),
    )
}

fn write() -> Result<(), Failure> {
    for (path, words) in PAGES {
        let fresh = page(words)?;
        let file = root().join(path);
        if fs::read_to_string(&file).is_ok_and(|stored| stored == fresh) {
            eprintln!("  {path}: unchanged");
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).doing(|| format!("create {}", folder.display()))?;
        }
        fs::write(&file, fresh).doing(|| format!("write {path}"))?;
        eprintln!("  {path}: written");
    }
    Ok(())
}

fn page(words: [&str; 2]) -> Result<String, Failure> {
    let start = ["run", "--quiet", "--package", "corkboard", "--"];
    let mut command = process::cargo(start.into_iter().chain(words));
    // A build with fault points would refuse this word: what is handed out must not know any.
    command.env("CORKBOARD_FAULT", "nowhere");
    let text = process::output(&mut command)?;
    if text.trim().is_empty() {
        return Err(Failure::new(format!(
            "`corkboard {}` printed nothing",
            words.join(" ")
        )));
    }
    Ok(text)
}

/// The first line in which two texts differ, shown as a diff would.
fn first_difference(stored: &str, fresh: &str) -> Option<String> {
    if stored == fresh {
        return None;
    }
    let mut stored = stored.split_inclusive('\n');
    let mut fresh = fresh.split_inclusive('\n');
    let mut line = 1;
    loop {
        let (old, new) = (stored.next(), fresh.next());
        if old != new || old.is_none() {
            let show = |text: Option<&str>| text.map_or("(end of file)".to_owned(), visible_end);
            return Some(format!(
                "    line {line}\n    - {}\n    + {}",
                show(old),
                show(new)
            ));
        }
        line += 1;
    }
}

/// A line without its line feed; a missing or foreign one is what the reader must see.
fn visible_end(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(text) => text.replace('\r', "\\r"),
        None => format!("{line} (no line feed at the end)"),
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_differing_line_is_shown_with_its_number() {
        let difference = first_difference("a\nb\nc\n", "a\nB\nc\n").unwrap();
        assert_eq!(difference, "    line 2\n    - b\n    + B");
    }

    #[test]
    fn a_missing_page_and_a_missing_line_feed_are_differences() {
        assert!(
            first_difference("", "a\n")
                .unwrap()
                .contains("(end of file)")
        );
        assert!(
            first_difference("a", "a\n")
                .unwrap()
                .contains("no line feed")
        );
    }
}
