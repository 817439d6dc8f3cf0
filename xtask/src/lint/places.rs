//! What may stand only in certain places: SQL, status codes, the ambient world, the terminal.

use super::finding::Finding;
use super::tokens::{Kind, Token, matches_at};
use super::tree::{File, Tree};

/// Folders that translate HTTP.
pub(crate) const FACES: [&str; 6] = ["api", "oauth", "operator", "pages", "receive", "sandbox"];

/// Every statement is a constant in a store, where a test prepares it on both databases.
pub(crate) fn sql(tree: &Tree) -> Vec<Finding> {
    let is_home = |file: &File| {
        file.crate_name() == "database"
            || file.top_module() == "store"
            || file.path.split('/').any(|part| part == "migrations")
            || file.is_test_place()
    };
    find(
        tree.rust().filter(|file| !is_home(file)),
        |file, at| {
            let token = &file.tokens[at];
            (token.kind == Kind::Text && is_statement(&token.text))
                .then(|| "an SQL statement outside the stores".to_owned())
        },
        "move the statement into `store/` as a constant beside its function",
    )
}

fn is_statement(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    match words.as_slice() {
        ["SELECT" | "UPDATE" | "WITH" | "CREATE", _] => true,
        ["INSERT", next] => ["INTO", "OR"].contains(next),
        ["DELETE", next] => *next == "FROM",
        _ => false,
    }
}

/// Services speak of what happened; only a face knows what number that is.
pub(crate) fn status(tree: &Tree) -> Vec<Finding> {
    let is_home = |file: &File| {
        let face = FACES.contains(&file.top_module());
        let sender = file.crate_name() == "delivery" && file.top_module() == "sender";
        face || sender || ["client", "web", "xtask"].contains(&file.crate_name())
    };
    find(
        tree.rust().filter(|file| !is_home(file)),
        |file, at| {
            let found = file.tokens[at].is("StatusCode");
            found.then(|| "`StatusCode` outside the faces".to_owned())
        },
        "return an error variant and let the face map it, in its one error file",
    )
}

/// What is all around a program and makes it untestable.
const AMBIENT: [&[&str]; 9] = [
    &["env", "::", "var"],
    &["env", "::", "vars"],
    &["env", "::", "var_os"],
    &["SystemTime", "::", "now"],
    &["Instant", "::", "now"],
    &["Timestamp", "::", "now"],
    &["Zoned", "::", "now"],
    &["getrandom", "::"],
    &["thread_rng"],
];

/// Time, randomness and settings are arguments; `base` has the system's.
pub(crate) fn ambient(tree: &Tree) -> Vec<Finding> {
    find(
        tree.rust()
            .filter(|file| !["base", "xtask"].contains(&file.crate_name())),
        |file, at| {
            let found = AMBIENT
                .iter()
                .find(|words| matches_at(&file.tokens, at, words))?;
            let name = found.concat();
            let name = name.trim_end_matches("::");
            Some(format!("`{name}` outside `base`"))
        },
        "take a `base::Clock`, a `base::Entropy` or a setting as an argument",
    )
}

/// Ways to speak past the logs, or to end without a shutdown.
const TERMINAL: [&[&str]; 6] = [
    &["print", "!"],
    &["println", "!"],
    &["eprint", "!"],
    &["eprintln", "!"],
    &["process", "::", "exit"],
    &["process", "::", "abort"],
];

/// A library returns what happened; the binary tells the person.
pub(crate) fn terminal(tree: &Tree) -> Vec<Finding> {
    let is_home = |file: &File| {
        ["corkboard", "xtask"].contains(&file.crate_name()) || file.path.ends_with("build.rs")
    };
    find(
        tree.rust().filter(|file| !is_home(file)),
        |file, at| {
            let found = TERMINAL
                .iter()
                .find(|words| matches_at(&file.tokens, at, words))?;
            Some(format!("`{}` outside the binary", found.concat()))
        },
        "return the fact, or log it with `tracing`; `corkboard` prints and exits",
    )
}

/// A finding for each token that is not test code and for which `what` has words.
fn find<'a>(
    files: impl Iterator<Item = &'a File>,
    what: impl Fn(&File, usize) -> Option<String>,
    hint: &'static str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let found = |(at, token): (usize, &Token)| Some((token.line, what(file, at)?));
        for (line, what) in file.product().filter_map(found) {
            findings.push(Finding::error(&file.path, line, what, hint));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str, source: &str) -> Tree {
        Tree::from_pairs([(path, source)])
    }

    #[test]
    fn a_statement_outside_the_stores_is_found() {
        for bad in [
            "const A: &str = \"SELECT 1\";",
            "const A: &str = \"\n  UPDATE lead\n  SET price = $1\";",
            "f(r#\"DELETE FROM lead\"#)",
            "f(\"WITH a AS (SELECT 1) SELECT * FROM a\")",
            "f(\"INSERT INTO lead VALUES ($1)\")",
        ] {
            let found = sql(&tree("crates/platform/src/service/lead.rs", bad));
            assert_eq!(found.len(), 1, "{bad}");
            for home in [
                "crates/platform/src/store/lead.rs",
                "crates/delivery/src/store.rs",
                "crates/database/src/write.rs",
                "crates/corkboard/tests/it/secrets.rs",
            ] {
                assert!(sql(&tree(home, bad)).is_empty(), "{home}: {bad}");
            }
        }
    }

    #[test]
    fn words_that_only_look_like_a_statement_are_left_alone() {
        let good = "f(\"DELETE\", \"DELETE /v1/lead\", \"Select a business\") // SELECT 1";
        assert!(sql(&tree("crates/platform/src/service/lead.rs", good)).is_empty());
    }

    #[test]
    fn a_status_code_in_a_service_is_found_and_in_a_face_it_is_not() {
        let source = "use http::StatusCode;";
        let found = status(&tree("crates/platform/src/service/lead.rs", source));
        assert_eq!(found.len(), 1);
        for home in [
            "crates/platform/src/api/error.rs",
            "crates/web/src/form.rs",
            "crates/delivery/src/sender.rs",
            "crates/delivery/src/sender/answer.rs",
        ] {
            assert!(status(&tree(home, source)).is_empty(), "{home}");
        }
    }

    #[test]
    fn the_ambient_world_outside_base_is_found() {
        for bad in [
            "std::env::var(\"X\")",
            "let now = Instant::now();",
            "getrandom::fill(&mut bytes)",
        ] {
            let found = ambient(&tree("crates/web/src/session.rs", bad));
            assert_eq!(found.len(), 1, "{bad}");
            assert!(ambient(&tree("crates/base/src/clock.rs", bad)).is_empty());
            let in_test = format!("#[cfg(test)] mod tests {{ fn f() {{ {bad}; }} }}");
            assert!(ambient(&tree("crates/web/src/session.rs", &in_test)).is_empty());
        }
    }

    #[test]
    fn printing_and_exiting_outside_the_binary_are_found() {
        for bad in ["println!(\"x\")", "eprint!(\"x\")", "std::process::exit(1)"] {
            assert_eq!(
                terminal(&tree("crates/web/src/a.rs", bad)).len(),
                1,
                "{bad}"
            );
            assert!(terminal(&tree("crates/corkboard/src/main.rs", bad)).is_empty());
        }
    }
}
