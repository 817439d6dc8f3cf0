//! No state that a test cannot make anew: neither `static mut` nor a static that changes behind a shared reference.

use super::finding::Finding;
use super::tree::Tree;

/// Types whose value changes through a shared reference; `Atomic` is a beginning, for `AtomicU64` and its kin.
const CELLS: [&str; 9] = [
    "Cell",
    "LazyCell",
    "LazyLock",
    "Mutex",
    "OnceCell",
    "OnceLock",
    "RefCell",
    "RwLock",
    "UnsafeCell",
];

/// Looks at the type of every static.
pub(crate) fn mutable(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (at, token) in file.product().filter(|(_, token)| token.is("static")) {
            let declaration = file.tokens[at..]
                .iter()
                .take_while(|token| !token.is("=") && !token.is(";"));
            let changing = declaration.into_iter().find(|token| {
                token.is("mut")
                    || CELLS.iter().any(|cell| token.is(cell))
                    || (token.is_word() && token.text.starts_with("Atomic"))
            });
            if let Some(changing) = changing {
                let what = format!("a static that can change: `{}`", changing.text);
                let hint = "make it a field of what `App::build` makes, and pass it on";
                findings.push(Finding::error(&file.path, token.line, what, hint));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statics_that_can_change_are_found() {
        for bad in [
            "static mut COUNT: u64 = 0;",
            "static COUNT: AtomicU64 = AtomicU64::new(0);",
            "pub static KEYS: std::sync::OnceLock<Keys> = OnceLock::new();",
            "thread_local! { static DEPTH: RefCell<u8> = RefCell::new(0) }",
        ] {
            let tree = Tree::from_pairs([("crates/a/src/lib.rs", bad)]);
            assert_eq!(mutable(&tree).len(), 1, "{bad}");
        }
    }

    #[test]
    fn constants_in_disguise_and_lifetimes_are_left_alone() {
        let good = "static NAMES: [&'static str; 1] = [\"Mutex\"]; fn f(m: &'static Mutex<u8>) {}";
        let tree = Tree::from_pairs([("crates/a/src/lib.rs", good)]);
        assert!(mutable(&tree).is_empty());
    }
}
