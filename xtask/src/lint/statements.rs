//! The statements whose text differs per database: each is a place where the two can drift apart, so they are counted.

use super::finding::Finding;
use super::tokens::matches_at;
use super::tree::Tree;

/// A remark for each statement with two texts: `Sql::per_engine(..)`, or `{ sqlite: .., postgres: .. }` in `statements!`.
/// (`for_update` is not counted: `database` adds the clause by itself, so the text is still one.)
pub(crate) fn per_engine(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        if file.crate_name() == "database" || file.crate_name() == "xtask" {
            continue;
        }
        for (at, token) in file.product() {
            let tokens = &file.tokens;
            if !token.is("per_engine") && !matches_at(tokens, at, &["{", "sqlite", ":"]) {
                continue;
            }
            let what = format!("statement {} with a text per database", findings.len() + 1);
            let hint = "one text is better where both databases can run it";
            findings.push(Finding::remark(&file.path, token.line, what, hint));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_is_counted_and_the_definition_is_not() {
        let tree = Tree::from_pairs([
            ("crates/database/src/sql.rs", "fn per_engine() {}"),
            (
                "crates/platform/src/store/lead.rs",
                "const A: Sql = Sql::per_engine(B, C); statements! { D = { sqlite: E, postgres: F }; G = H; }",
            ),
        ]);
        let findings = per_engine(&tree);
        assert_eq!(findings.len(), 2);
        assert!(findings[1].what.starts_with("statement 2"));
    }
}
