//! Where a path leads: to the file that defines what it names, through aliases and re-exports.

use super::modules::Modules;
use super::paths::{Path, Paths, Use};
use super::tree::Tree;

/// A crate whose paths can be followed.
pub(crate) struct Crate {
    pub(crate) modules: Modules,
    /// What each module's file says, in the order of the modules.
    pub(crate) paths: Vec<Paths>,
}

/// Where a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// At an item that this module's file defines (or brings from another crate).
    Item(usize),
    /// At a module itself.
    Module(usize),
}

/// Re-exports that go in a ring do not compile; a bound keeps us from following one in a half-written file.
const HOPS: usize = 32;

impl Crate {
    /// Reads the files of a crate's modules.
    pub(crate) fn new(tree: &Tree, modules: Modules) -> Self {
        let files = modules.list.iter().map(|module| &tree.files[module.file]);
        let paths = files.map(Paths::of).collect();
        Self { modules, paths }
    }

    /// Where a path in a module's file leads, if it stays in this crate.
    pub(crate) fn resolve(&self, module: usize, path: &Path) -> Option<Target> {
        self.begin(module, &path.names, path.depth, HOPS)
    }

    /// Where `*` after this path leads, if it stays in this crate.
    fn resolve_glob(&self, module: usize, one: &Use, hops: usize) -> Option<usize> {
        let target = self.begin(module, &one.path.names, one.path.depth, hops)?;
        match target {
            Target::Module(found) | Target::Item(found) => Some(found),
        }
    }

    fn begin(&self, module: usize, names: &[String], depth: usize, hops: usize) -> Option<Target> {
        let hops = hops.checked_sub(1)?;
        let (first, rest) = names.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, hops),
            "self" => self.descend(module, rest, hops),
            "super" => {
                let more = rest.iter().take_while(|name| *name == "super").count();
                let levels = (more + 1).saturating_sub(depth);
                let base = self.modules.above(module, levels)?;
                self.descend(base, &rest[more..], hops)
            }
            name => {
                let child = self.modules.child(module, name).is_some();
                if !child && self.alias(module, name).is_none() {
                    return None;
                }
                self.descend(module, names, hops)
            }
        }
    }

    /// Follows names downward from a module, as deep as files and re-exports go.
    fn descend(&self, module: usize, names: &[String], hops: usize) -> Option<Target> {
        let Some((first, rest)) = names.split_first() else {
            return Some(Target::Module(module));
        };
        if let Some(child) = self.modules.child(module, first) {
            return self.descend(child, rest, hops.checked_sub(1)?);
        }
        if let Some(one) = self.alias(module, first) {
            let mut whole = one.path.names.clone();
            whole.extend(rest.iter().cloned());
            // What comes from another crate is as good as defined where it is brought in.
            let found = self.begin_use(module, one, &whole, hops);
            return Some(found.unwrap_or(Target::Item(module)));
        }
        if !self.paths[module].items.contains(first) {
            for one in self.paths[module]
                .uses
                .iter()
                .filter(|one| one.name.is_none())
            {
                let through = self.resolve_glob(module, one, hops.checked_sub(1)?);
                if let Some(through) = through.filter(|through| *through != module)
                    && self.offers(through, first, hops)
                {
                    return self.descend(through, names, hops.checked_sub(1)?);
                }
            }
            if module == 0
                && let Some(home) = self.paths.iter().position(|one| one.macros.contains(first))
            {
                return Some(Target::Item(home));
            }
        }
        Some(Target::Item(module))
    }

    /// Follows a `use`. `use name::..` whose first name is also its alias names another crate, not itself.
    fn begin_use(&self, module: usize, one: &Use, whole: &[String], hops: usize) -> Option<Target> {
        let first = whole.first()?;
        let is_own_alias = one.name.as_ref() == Some(first);
        if is_own_alias && self.modules.child(module, first).is_none() {
            return None;
        }
        self.begin(module, whole, one.path.depth, hops)
    }

    /// The `use` that brings a name into a module's file.
    fn alias(&self, module: usize, name: &str) -> Option<&Use> {
        self.paths[module]
            .uses
            .iter()
            .find(|one| one.name.as_deref() == Some(name))
    }

    /// Whether a module defines a name or brings it by name.
    fn offers(&self, module: usize, name: &str, hops: usize) -> bool {
        hops > 0
            && (self.paths[module].items.contains(name)
                || self.alias(module, name).is_some()
                || self.modules.child(module, name).is_some())
    }
}
