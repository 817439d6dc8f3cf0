//! Every file of the repository, as the checks see it.
//!
//! Code that only tests compile is marked, item by item: what stands under `#[cfg(test)]`, `#[test]` or
//! `#[cfg(feature = "faults")]`, the files of modules declared so, and everything in `tests/`, `benches/` and the crate
//! `testkit`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::dependencies::FAULTS;
use super::tokens::{Kind, Token, after_group, tokenize};
use crate::failure::{Doing, Failure};

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to the root of the repository, with `/` between folders.
    pub(crate) path: String,
    pub(crate) text: String,
    /// None of them unless it is a Rust file.
    pub(crate) tokens: Vec<Token>,
}

/// Every text file of the repository, sorted by path.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// Made by tools, or not ours.
const SKIPPED_FOLDERS: [&str; 5] = [
    ".git",
    "corkboard-sandbox",
    "node_modules",
    "target",
    "vendor",
];

impl Tree {
    /// Reads the repository. Files that are not UTF-8 are left out.
    pub(crate) fn load(root: &Path) -> Result<Self, Failure> {
        let mut pairs = Vec::new();
        collect(root, "", &mut pairs)?;
        Ok(Self::from_pairs(pairs))
    }

    /// A tree of these paths and texts.
    pub(crate) fn from_pairs<P: Into<String>, T: Into<String>>(
        pairs: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let mut files: Vec<File> = pairs
            .into_iter()
            .map(|(path, text)| File::new(path.into(), text.into()))
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        mark_test_modules(&mut files);
        Self { files }
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        let mut file = Self {
            path,
            text,
            tokens: Vec::new(),
        };
        if file.is_rust() {
            file.tokens = tokenize(&file.text);
            mark_test_items(&mut file.tokens);
            if file.is_test_place() {
                file.mark_all();
            }
        }
        file
    }

    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// Whether it is in a folder that only tests and measurements compile.
    pub(crate) fn is_test_place(&self) -> bool {
        self.path.starts_with("crates/testkit/")
            || self
                .path
                .split('/')
                .any(|part| part == "tests" || part == "benches")
    }

    /// The name of its folder below `crates/`, or its first folder.
    pub(crate) fn crate_name(&self) -> &str {
        let rest = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        rest.split('/').next().unwrap_or_default()
    }

    /// The module inside its crate: `store/lead` for `crates/platform/src/store/lead.rs`.
    pub(crate) fn module(&self) -> &str {
        let (_, inside) = self.path.split_once("/src/").unwrap_or(("", &self.path));
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        inside.strip_suffix("/mod").unwrap_or(inside)
    }

    /// Its top module: `store` for `store/lead`.
    pub(crate) fn top_module(&self) -> &str {
        self.module().split('/').next().unwrap_or_default()
    }

    /// The positions of the tokens that are not test code.
    pub(crate) fn product(&self) -> impl Iterator<Item = (usize, &Token)> {
        let tokens = self.tokens.iter().enumerate();
        tokens.filter(|(_, token)| !token.test)
    }

    fn mark_all(&mut self) {
        for token in &mut self.tokens {
            token.test = true;
        }
    }
}

fn collect(root: &Path, below: &str, pairs: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let folder = root.join(below);
    let doing = || format!("read {}", folder.display());
    for entry in fs::read_dir(&folder).doing(doing)? {
        let entry = entry.doing(doing)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type().doing(doing)?;
        if kind.is_dir() {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                collect(root, &path, pairs)?;
            }
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).doing(|| format!("read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                pairs.push((path, text));
            }
        }
    }
    Ok(())
}

/// Words with which an item begins; a field, a variant or a match arm begins with another.
const ITEM_WORDS: [&str; 16] = [
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "let",
    "macro_rules",
    "mod",
    "pub",
    "static",
    "struct",
    "trait",
    "type",
    "unsafe",
    "use",
];

fn mark_test_items(tokens: &mut [Token]) {
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at].is("#") {
            at += 1;
            continue;
        }
        let inner = tokens.get(at + 1).is_some_and(|token| token.is("!"));
        let open = at + 1 + usize::from(inner);
        if !tokens.get(open).is_some_and(|token| token.is("[")) {
            at += 1;
            continue;
        }
        let after = after_group(tokens, open);
        if !is_test_attribute(&tokens[open + 1..after.saturating_sub(1)]) {
            at = after;
            continue;
        }
        let end = if inner {
            tokens.len()
        } else {
            after_item(tokens, after)
        };
        for token in &mut tokens[at..end] {
            token.test = true;
        }
        at = end;
    }
}

/// `cfg(test)`, `cfg(all(test, ..))`, `cfg(feature = "faults")`, `test`, `tokio::test`; neither `cfg(not(test))` nor
/// `cfg_attr(test, ..)`. The check `faults` proves that the feature is for tests.
fn is_test_attribute(tokens: &[Token]) -> bool {
    let path = tokens
        .iter()
        .take_while(|token| token.is_word() || token.is("::"));
    let name: String = path.map(|token| token.text.as_str()).collect();
    if name == "cfg" {
        let mentions = |word| tokens.iter().any(|token| token.is(word));
        let is_feature = |token: &Token| token.kind == Kind::Text && token.text == FAULTS;
        let for_tests = mentions("test") || tokens.iter().any(is_feature);
        return for_tests && !mentions("not");
    }
    name == "test" || name.ends_with("::test")
}

/// The position after the item (or field) that begins at `start`, further attributes included.
fn after_item(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while tokens.get(at).is_some_and(|token| token.is("#")) {
        at = after_group(tokens, at + 1);
    }
    let is_item = tokens
        .get(at)
        .is_some_and(|token| ITEM_WORDS.contains(&token.text.as_str()));
    while let Some(token) = tokens.get(at) {
        if token.is(";") || (token.is(",") && !is_item) {
            return at + 1;
        }
        if token.is("}") || token.is(")") || token.is("]") {
            return at;
        }
        if token.is("{") {
            return after_group(tokens, at);
        }
        if token.is("(") || token.is("[") {
            at = after_group(tokens, at);
        } else {
            at += 1;
        }
    }
    at
}

/// Marks the files of modules that are declared in test code, and of the modules below them.
fn mark_test_modules(files: &mut [File]) {
    let mut stems = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let folder = child_folder(&file.path);
        for (at, token) in file.tokens.iter().enumerate() {
            let declared = file.tokens.get(at + 2).is_some_and(|token| token.is(";"));
            if token.is("mod") && token.test && declared {
                stems.insert(format!("{folder}/{}", file.tokens[at + 1].text));
            }
        }
    }
    for file in files.iter_mut().filter(|file| file.is_rust()) {
        let path = file.path.as_str();
        let below = |stem: &String| {
            path.strip_prefix(stem.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if stems.iter().any(below) {
            file.mark_all();
        }
    }
}

/// The folder in which the files of a file's child modules stand.
pub(crate) fn child_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => path.strip_suffix(".rs").unwrap_or(path).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product_words(tree: &Tree, path: &str) -> Vec<String> {
        let file = tree.files.iter().find(|file| file.path == path).unwrap();
        let words = file.product().filter(|(_, token)| token.is_word());
        words.map(|(_, token)| token.text.clone()).collect()
    }

    fn one(source: &str) -> Vec<String> {
        let tree = Tree::from_pairs([("crates/a/src/x.rs", source)]);
        product_words(&tree, "crates/a/src/x.rs")
    }

    #[test]
    fn test_items_are_marked_to_their_end_and_no_further() {
        assert_eq!(one("#[cfg(test)] mod tests { use a; { b } } c"), ["c"]);
        assert_eq!(one("#[cfg(test)] use a::{b, d}; c"), ["c"]);
        assert_eq!(
            one("#[tokio::test] #[ignore] async fn a<A, B>() { b } c"),
            ["c"]
        );
        assert_eq!(
            one("#[cfg(all(test, unix))] const A: [u8; 2] = [b]; c"),
            ["c"]
        );
    }

    #[test]
    fn a_test_field_ends_at_its_comma() {
        assert_eq!(one("{ #[cfg(test)] a: B, c }"), ["c"]);
        assert_eq!(one("{ #[cfg(test)] a: B } c"), ["c"]);
    }

    #[test]
    fn code_for_not_test_is_product() {
        assert_eq!(one("#[cfg(not(test))] a"), ["cfg", "not", "test", "a"]);
    }

    #[test]
    fn fault_points_are_test_code_and_other_features_are_not() {
        assert_eq!(one("#[cfg(feature = \"faults\")] fn a() { b } c"), ["c"]);
        let product = ["cfg", "not", "feature", "a"];
        assert_eq!(one("#[cfg(not(feature = \"faults\"))] a"), product);
        assert_eq!(one("#[cfg(feature = \"x\")] a"), ["cfg", "feature", "a"]);
    }

    #[test]
    fn the_file_of_a_test_module_is_test_code_with_all_below_it() {
        let tree = Tree::from_pairs([
            ("crates/a/src/lib.rs", "#[cfg(test)] mod samples; mod lead;"),
            ("crates/a/src/samples.rs", "mod deep; a"),
            ("crates/a/src/samples/deep.rs", "b"),
            ("crates/a/src/lead.rs", "c"),
        ]);
        assert!(product_words(&tree, "crates/a/src/samples.rs").is_empty());
        assert!(product_words(&tree, "crates/a/src/samples/deep.rs").is_empty());
        assert_eq!(product_words(&tree, "crates/a/src/lead.rs"), ["c"]);
    }
}
