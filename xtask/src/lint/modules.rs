//! The modules of a crate, by following its `mod` declarations from `lib.rs` and `main.rs`.

use std::collections::HashMap;

use super::tree::{Tree, child_folder};

/// A module that has a file of its own.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its names below the crate root: empty for the root itself.
    pub(crate) path: Vec<String>,
    /// Its file, as a position in the tree.
    pub(crate) file: usize,
}

/// The modules of one crate root. The first is the root.
#[derive(Debug)]
pub(crate) struct Modules {
    pub(crate) list: Vec<Module>,
    by_path: HashMap<Vec<String>, usize>,
}

impl Modules {
    /// The module trees of every crate of the workspace, test modules left out.
    pub(crate) fn of_workspace(tree: &Tree) -> Vec<Self> {
        let is_root = |path: &str| path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs");
        let roots = tree.files.iter().enumerate();
        roots
            .filter(|(_, file)| is_root(&file.path) && !file.is_test_place())
            .map(|(at, _)| Self::below(tree, at))
            .collect()
    }

    /// The position of the module with this path.
    pub(crate) fn find(&self, path: &[String]) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The position of a module's child.
    pub(crate) fn child(&self, module: usize, name: &str) -> Option<usize> {
        let mut path = self.list[module].path.clone();
        path.push(name.to_owned());
        self.find(&path)
    }

    /// The position of the module that is `levels` above; none above the root.
    pub(crate) fn above(&self, module: usize, levels: usize) -> Option<usize> {
        let path = &self.list[module].path;
        self.find(path.get(..path.len().checked_sub(levels)?)?)
    }

    fn below(tree: &Tree, root: usize) -> Self {
        let mut modules = Self {
            list: Vec::new(),
            by_path: HashMap::new(),
        };
        modules.add(tree, Vec::new(), root);
        let mut at = 0;
        while at < modules.list.len() {
            let Module { path, file } = &modules.list[at];
            let (path, file) = (path.clone(), *file);
            for name in declared(tree, file) {
                let stem = format!("{}/{name}", child_folder(&tree.files[file].path));
                let child = position(tree, &format!("{stem}.rs"))
                    .or_else(|| position(tree, &format!("{stem}/mod.rs")));
                if let Some(child) = child {
                    let mut path = path.clone();
                    path.push(name);
                    modules.add(tree, path, child);
                }
            }
            at += 1;
        }
        modules
    }

    fn add(&mut self, tree: &Tree, path: Vec<String>, file: usize) {
        debug_assert!(tree.files[file].is_rust(), "a module is a Rust file");
        self.by_path.insert(path.clone(), self.list.len());
        self.list.push(Module { path, file });
    }
}

/// The names in `mod name;`, outside test code.
fn declared(tree: &Tree, file: usize) -> Vec<String> {
    let tokens = &tree.files[file].tokens;
    tree.files[file]
        .product()
        .filter(|(at, token)| {
            token.is("mod") && tokens.get(at + 2).is_some_and(|token| token.is(";"))
        })
        .map(|(at, _)| tokens[at + 1].text.clone())
        .collect()
}

fn position(tree: &Tree, path: &str) -> Option<usize> {
    let found = tree
        .files
        .binary_search_by(|file| file.path.as_str().cmp(path));
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_in_both_layouts_and_test_modules_are_not() {
        let tree = Tree::from_pairs([
            (
                "crates/a/src/lib.rs",
                "mod store; mod lead; mod inline { } #[cfg(test)] mod samples;",
            ),
            ("crates/a/src/store/mod.rs", "pub mod row;"),
            ("crates/a/src/store/row.rs", ""),
            ("crates/a/src/lead.rs", "mod state;"),
            ("crates/a/src/lead/state.rs", ""),
            ("crates/a/src/samples.rs", ""),
        ]);
        let modules = &Modules::of_workspace(&tree)[0];
        let mut paths: Vec<String> = modules.list.iter().map(|one| one.path.join("::")).collect();
        paths.sort();
        assert_eq!(paths, ["", "lead", "lead::state", "store", "store::row"]);
    }
}
