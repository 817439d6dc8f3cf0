//! What certain files must know nothing of: `domain/` of the world, an operation on the database of the network.

use super::finding::Finding;
use super::tokens::matches_at;
use super::tree::{File, Tree};

/// Crates of the world outside.
const WORLD: [&str; 10] = [
    "axum",
    "database",
    "http",
    "hyper",
    "reqwest",
    "rusqlite",
    "tokio",
    "tokio_postgres",
    "tower",
    "tower_http",
];

/// The domain judges: facts and times come to it as arguments.
pub(crate) fn domain(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.top_module() == "domain") {
        for (at, token) in file.product() {
            let starts_path = at == 0 || !file.tokens[at - 1].is("::");
            let is_path = matches_at(&file.tokens, at + 1, &["::"])
                || matches_at(&file.tokens, at + 1, &[";"]);
            let what = if WORLD.iter().any(|name| token.is(name)) && starts_path && is_path {
                format!("the domain names the crate `{}`", token.text)
            } else if token.is("Clock") {
                "the domain names a clock".to_owned()
            } else if token.is("::") && matches_at(&file.tokens, at + 1, &["now", "("]) {
                "the domain asks for the time".to_owned()
            } else {
                continue;
            };
            let hint = "take the fact or the time as an argument; the service knows it";
            findings.push(Finding::error(&file.path, token.line, what, hint));
        }
    }
    findings
}

/// A file with an `impl Op for`, an operation inside a transaction, never names what reaches the network.
pub(crate) fn operations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| has_operation(file)) {
        for (_, token) in file.product() {
            if token.is("reqwest") || token.is("outgoing") {
                let what = format!(
                    "`{}` in a file with an operation of the database",
                    token.text
                );
                let hint = "send before or after the transaction, in another file: see `delivery`";
                findings.push(Finding::error(&file.path, token.line, what, hint));
            }
        }
    }
    findings
}

/// Whether a file has `impl .. Op for ..`.
fn has_operation(file: &File) -> bool {
    file.product()
        .any(|(at, _)| matches_at(&file.tokens, at, &["Op", "for"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_knows_the_world_is_found() {
        for bad in [
            "use axum::Json;",
            "fn f(db: &database::Db) {}",
            "use base::Clock;",
            "let at = Timestamp::now();",
        ] {
            let tree = Tree::from_pairs([("crates/platform/src/domain/lead.rs", bad)]);
            assert_eq!(domain(&tree).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_domain_of_rules_and_its_tests_are_left_alone() {
        let good =
            "use protocol::Lead; fn f(http: &str) { now(); } #[test] fn t() { Timestamp::now() }";
        let tree = Tree::from_pairs([
            ("crates/platform/src/domain/lead.rs", good),
            ("crates/platform/src/service/lead.rs", "use base::Clock;"),
        ]);
        assert!(domain(&tree).is_empty());
    }

    #[test]
    fn an_operation_beside_a_network_call_is_found() {
        let bad = "impl<T> database::Op for AddLead { } use base::outgoing::Caller;";
        let tree = Tree::from_pairs([("crates/platform/src/service/lead.rs", bad)]);
        assert_eq!(operations(&tree).len(), 1);
        let good = "impl Display for AddLead {} use base::outgoing::Caller;";
        let tree = Tree::from_pairs([("crates/platform/src/service/lead.rs", good)]);
        assert!(operations(&tree).is_empty());
    }
}
