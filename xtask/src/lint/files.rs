//! What every file owes its reader: an opening that says what it is for, and nothing that is true on one machine only.

use super::finding::Finding;
use super::tree::Tree;

/// A file says at its top what it is for, what it is not, and where to go next.
pub(crate) fn opening(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| {
            let what = "the file does not open with `//!`".to_owned();
            let hint = "say in one sentence what it is for, and what it is not for";
            Finding::error(&file.path, 1, what, hint)
        })
        .collect()
}

/// Folders of one machine, in pieces so that this file does not mention them.
const FOLDERS: [&str; 2] = [concat!("/wo", "rk/"), concat!("../", "shared")];

/// Registries and their mirrors; the address in the lock file is another and is the same for everybody.
const REGISTRIES: [&str; 3] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("sparse", "+http"),
];

/// Where an address of this machine could only be a mirror; in documentation it may be an example.
const MIRROR: &str = concat!("localhost", ":");

/// No file mentions what exists on the machine of its author only.
pub(crate) fn machine(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let is_build = file.path.ends_with("Cargo.toml")
            || file.path.starts_with(".cargo/")
            || ["Cargo.lock", "deny.toml"].contains(&file.path.as_str());
        for (at, line) in file.text.lines().enumerate() {
            let mut words = FOLDERS.iter().chain(&REGISTRIES);
            let found = words
                .find(|word| line.contains(**word))
                .or_else(|| (is_build && line.contains(MIRROR)).then_some(&MIRROR));
            if let Some(found) = found {
                let what = format!("`{found}` is of one machine, not of this repository");
                let hint = "name it relative to the repository, or leave it out";
                findings.push(Finding::error(&file.path, at + 1, what, hint));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_opening_is_found() {
        let tree = Tree::from_pairs([
            ("crates/a/src/lib.rs", "// A comment.\n"),
            ("crates/a/src/b.rs", "//! What it is for.\n"),
            ("README.md", "# Corkboard\n"),
        ]);
        let findings = opening(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].file, "crates/a/src/lib.rs");
    }

    #[test]
    fn what_is_of_one_machine_is_found_with_its_line() {
        for word in FOLDERS.iter().chain(&REGISTRIES) {
            let tree = Tree::from_pairs([("docs/a.md", format!("first\nsee {word} here\n"))]);
            assert_eq!(machine(&tree)[0].line, 2, "{word}");
        }
    }

    #[test]
    fn an_address_of_this_machine_is_an_example_in_docs_and_a_mirror_in_manifests() {
        let line = format!("http://{MIRROR}8080/");
        let docs = Tree::from_pairs([("docs/a.md", line.as_str())]);
        assert!(machine(&docs).is_empty());
        let manifest = Tree::from_pairs([("crates/a/Cargo.toml", line.as_str())]);
        assert_eq!(machine(&manifest).len(), 1);
    }
}
