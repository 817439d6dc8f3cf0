//! How the modules of a crate depend on each other, and what must not be in that graph: circles, and a lower layer that
//! imports a higher one.
//!
//! The rule, simple and exact:
//!
//! - A node is a source file; an inline `mod x { .. }` belongs to its file. Test code does not count.
//! - File A depends on file B if a path in A, in a `use` or in code, leads to an item that B defines. Aliases and
//!   re-exports are followed to where the item is defined, so a `mod.rs` that only declares and re-exports is nobody's
//!   dependency.
//! - A path that ends at a module (`use crate::store;`) names it without using anything of it. It makes no circle; what
//!   is then used through it (`store::lead::find`) does. For the layers it counts.
//! - `pub use` hands a name on, like a table of contents. It makes a dependency only if the file's own code uses the
//!   name as well.
//!
//! So a child may use what its parent defines, if the parent uses nothing of the child.

use std::collections::{BTreeMap, VecDeque};

use super::finding::Finding;
use super::modules::Modules;
use super::places::FACES;
use super::resolve::{Crate, Target};
use super::tree::Tree;

/// One dependency between the files of a crate.
struct Edge {
    from: usize,
    to: usize,
    /// Where in `from`.
    line: usize,
    /// The path as it is written.
    words: String,
    /// Whether it uses an item, or only names a module.
    uses_item: bool,
}

/// Reports one circle for each knot of modules.
pub(crate) fn circles(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for modules in Modules::of_workspace(tree) {
        let crate_ = Crate::new(tree, modules);
        let mut edges = edges(&crate_);
        edges.retain(|edge| edge.uses_item);
        let mut free: Vec<bool> = vec![true; crate_.modules.list.len()];
        for start in 0..free.len() {
            let Some(circle) = circle_through(start, &edges, &free) else {
                continue;
            };
            findings.push(report(tree, &crate_.modules, &circle));
            for edge in circle {
                free[edge.from] = false;
            }
        }
    }
    findings
}

/// Reports each import of a higher layer by a lower one, in the two sides.
pub(crate) fn layers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for modules in Modules::of_workspace(tree) {
        let crate_ = Crate::new(tree, modules);
        let path = |module: usize| &tree.files[crate_.modules.list[module].file].path;
        let side = tree.files[crate_.modules.list[0].file].crate_name();
        if !["platform", "gateway"].contains(&side) {
            continue;
        }
        for edge in edges(&crate_) {
            let layer = |module: usize| layer_of(crate_.modules.list[module].path.first());
            let (Some(from), Some(to)) = (layer(edge.from), layer(edge.to)) else {
                continue;
            };
            if to > from {
                let what = format!(
                    "`{}`: the {from:?} layer imports the {to:?} layer",
                    edge.words
                );
                let hint = "domain < store < service < jobs < faces: move what both need down, or pass it as an argument";
                findings.push(Finding::error(path(edge.from), edge.line, what, hint));
            }
        }
    }
    findings
}

/// The layers of a side, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Domain,
    Store,
    Service,
    Jobs,
    Faces,
}

fn layer_of(top: Option<&String>) -> Option<Layer> {
    match top?.as_str() {
        "domain" => Some(Layer::Domain),
        "store" => Some(Layer::Store),
        "service" => Some(Layer::Service),
        "jobs" => Some(Layer::Jobs),
        face if FACES.contains(&face) => Some(Layer::Faces),
        _ => None,
    }
}

fn edges(crate_: &Crate) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, paths) in crate_.paths.iter().enumerate() {
        for one in &paths.uses {
            let Some(target) = crate_.resolve(from, &one.path) else {
                continue;
            };
            let (to, ends_at_module) = match target {
                Target::Item(to) => (to, false),
                Target::Module(to) => (to, true),
            };
            let uses_item = match &one.name {
                Some(name) if one.public => !ends_at_module && paths.words.contains(name),
                Some(_) => !ends_at_module,
                None => {
                    let items = &crate_.paths[to].items;
                    !items.is_disjoint(&paths.words)
                }
            };
            push(&mut edges, from, to, &one.path, uses_item);
        }
        for path in &paths.inline {
            match crate_.resolve(from, path) {
                Some(Target::Item(to)) => push(&mut edges, from, to, path, true),
                Some(Target::Module(to)) => push(&mut edges, from, to, path, false),
                None => {}
            }
        }
    }
    edges
}

fn push(edges: &mut Vec<Edge>, from: usize, to: usize, path: &super::paths::Path, uses_item: bool) {
    if from != to {
        edges.push(Edge {
            from,
            to,
            line: path.line,
            words: path.names.join("::"),
            uses_item,
        });
    }
}

/// The shortest circle through a module, over modules that are in no circle reported before.
fn circle_through<'a>(start: usize, edges: &'a [Edge], free: &[bool]) -> Option<Vec<&'a Edge>> {
    let mut came_by: BTreeMap<usize, &Edge> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(here) = next.pop_front() {
        for edge in edges.iter().filter(|edge| edge.from == here) {
            if !free[edge.from] || !free[edge.to] || came_by.contains_key(&edge.to) {
                continue;
            }
            came_by.insert(edge.to, edge);
            if edge.to == start {
                let mut circle = vec![edge];
                while circle[circle.len() - 1].from != start {
                    circle.push(came_by[&circle[circle.len() - 1].from]);
                }
                circle.reverse();
                return Some(circle);
            }
            next.push_back(edge.to);
        }
    }
    None
}

fn report(tree: &Tree, modules: &Modules, circle: &[&Edge]) -> Finding {
    let path = |module: usize| tree.files[modules.list[module].file].path.as_str();
    let uses: Vec<String> = circle
        .iter()
        .map(|edge| {
            let (from, to) = (path(edge.from), path(edge.to));
            format!("\n    {from}:{} uses `{}` of {to}", edge.line, edge.words)
        })
        .collect();
    let what = format!("circle among modules:{}", uses.concat());
    let hint = "move what both need into a module of its own, below both";
    Finding::error(path(circle[0].from), circle[0].line, what, hint)
}

#[cfg(test)]
mod tests;
