//! The paths that a file writes: in `use` declarations and in code.

use std::collections::BTreeSet;

use super::tokens::{Token, after_group};
use super::tree::File;

/// One name that a `use` brings.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) path: Path,
    /// The name in this file; none for `*`.
    pub(crate) name: Option<String>,
    /// Whether it is handed on: `pub use`, of any visibility.
    pub(crate) public: bool,
}

/// A path as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) names: Vec<String>,
    pub(crate) line: usize,
    /// In how many inline modules of its file it stands.
    pub(crate) depth: usize,
}

/// What a file says about other modules, test code aside.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    pub(crate) uses: Vec<Use>,
    pub(crate) inline: Vec<Path>,
    /// The words outside `use` declarations.
    pub(crate) words: BTreeSet<String>,
    /// The names of the items that the file defines.
    pub(crate) items: BTreeSet<String>,
    /// The names of the macros that the file exports to the root of its crate.
    pub(crate) macros: BTreeSet<String>,
}

/// Words after which the name of an item stands.
const DEFINING: [&str; 9] = [
    "const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union",
];

impl Paths {
    /// Reads a file.
    pub(crate) fn of(file: &File) -> Self {
        let tokens: Vec<Token> = file.product().map(|(_, token)| token.clone()).collect();
        let mut paths = Self::default();
        let mut ends: Vec<usize> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            ends.retain(|end| at < *end);
            let depth = ends.len();
            if tokens[at].is("use") && starts_declaration(&tokens, at) {
                at = paths.declaration(&tokens, at, depth);
                continue;
            }
            if opens_module(&tokens, at) {
                ends.push(after_group(&tokens, at + 2));
            }
            paths.item(&tokens, at);
            at = paths.inline(&tokens, at, depth);
        }
        paths
    }

    /// Reads `use ..;` and returns the position after it.
    fn declaration(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        let public = at > 0 && (tokens[at - 1].is("pub") || tokens[at - 1].is(")"));
        let mut tree = UseTree {
            tokens,
            at: at + 1,
            depth,
            public,
            uses: &mut self.uses,
        };
        tree.read(&[]);
        let mut end = tree.at;
        while tokens.get(end).is_some_and(|token| !token.is(";")) {
            end += 1;
        }
        end + 1
    }

    fn item(&mut self, tokens: &[Token], at: usize) {
        let Some(next) = tokens.get(at + 1) else {
            return;
        };
        if DEFINING.iter().any(|word| tokens[at].is(word)) && next.is_word() {
            self.items.insert(next.text.clone());
        }
        if tokens[at].is("macro_rules")
            && let Some(name) = tokens.get(at + 2)
        {
            self.macros.insert(name.text.clone());
        }
    }

    /// Reads the path that begins here, if one does, and returns the position after it.
    fn inline(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        if !tokens[at].is_word() {
            return at + 1;
        }
        self.words.insert(tokens[at].text.clone());
        let mut names = vec![tokens[at].text.clone()];
        let mut end = at + 1;
        while tokens.get(end).is_some_and(|token| token.is("::")) {
            let Some(name) = tokens.get(end + 1).filter(|token| token.is_word()) else {
                break;
            };
            self.words.insert(name.text.clone());
            names.push(name.text.clone());
            end += 2;
        }
        // A leading `::` begins with another crate.
        let global = at > 0 && tokens[at - 1].is("::");
        if names.len() > 1 && !global {
            let line = tokens[at].line;
            self.inline.push(Path { names, line, depth });
        }
        end
    }
}

/// `use` is also a word of precise capturing: `impl Trait + use<'a>`.
fn starts_declaration(tokens: &[Token], at: usize) -> bool {
    !tokens.get(at + 1).is_some_and(|token| token.is("<"))
}

fn opens_module(tokens: &[Token], at: usize) -> bool {
    tokens[at].is("mod") && tokens.get(at + 2).is_some_and(|token| token.is("{"))
}

/// Reads the tree of a `use` declaration.
struct UseTree<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    public: bool,
    uses: &'a mut Vec<Use>,
}

impl UseTree<'_> {
    fn read(&mut self, prefix: &[String]) {
        let mut names = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        let global = prefix.is_empty() && self.take("::");
        loop {
            if self.take("{") {
                while !self.take("}") && self.at < self.tokens.len() {
                    self.read(&names);
                    self.take(",");
                }
                return;
            }
            if self.take("*") {
                return self.push(names, line, None);
            }
            let Some(name) = self.word() else { return };
            // `{self}` is the module itself.
            if name != "self" || names.is_empty() {
                names.push(name);
            }
            if !self.take("::") {
                break;
            }
        }
        let alias = if self.take("as") { self.word() } else { None };
        let name = alias.or_else(|| names.last().cloned());
        // `use ::name` begins with another crate, like `use name` of a crate that we do not know.
        if !global {
            self.push(names, line, name);
        }
    }

    fn push(&mut self, names: Vec<String>, line: usize, name: Option<String>) {
        let depth = self.depth;
        self.uses.push(Use {
            path: Path { names, line, depth },
            name,
            public: self.public,
        });
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is(sign));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).filter(|token| token.is_word())?;
        self.at += 1;
        Some(token.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tree::Tree;

    fn paths(source: &str) -> Paths {
        let tree = Tree::from_pairs([("crates/a/src/lib.rs", source)]);
        Paths::of(&tree.files[0])
    }

    #[test]
    fn use_trees_are_read_whole() {
        let paths = paths("pub(crate) use a::{self, b::{C as D, *}, e}; use ::f::g; use h;");
        let uses: Vec<String> = paths
            .uses
            .iter()
            .map(|one| format!("{} as {:?}", one.path.names.join("::"), one.name))
            .collect();
        assert_eq!(
            uses,
            [
                "a as Some(\"a\")",
                "a::b::C as Some(\"D\")",
                "a::b as None",
                "a::e as Some(\"e\")",
                "h as Some(\"h\")"
            ]
        );
        assert!(paths.uses[0].public && !paths.uses[4].public);
    }

    #[test]
    fn paths_in_code_know_how_deep_they_stand() {
        let paths =
            paths("fn f() { crate::a::b(); } mod inner { fn g() { super::h(); } } ::x::y();");
        let inline: Vec<(String, usize)> = paths
            .inline
            .iter()
            .map(|path| (path.names.join("::"), path.depth))
            .collect();
        assert_eq!(
            inline,
            [("crate::a::b".to_owned(), 0), ("super::h".to_owned(), 1)]
        );
        assert!(paths.items.contains("f") && paths.words.contains("h"));
    }
}
