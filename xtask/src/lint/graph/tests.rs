//! The rule of the module graph, case by case: each circle in its smallest form, and what only looks like one.

use super::{circles, layers};
use crate::lint::finding::Finding;
use crate::lint::tree::Tree;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::from_pairs(
        files
            .iter()
            .map(|(path, text)| (format!("crates/platform/src/{path}"), *text)),
    )
}

fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    circles(&tree(files))
}

#[test]
fn two_siblings_that_use_each_other_are_a_circle() {
    let findings = found(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; fn f() { crate::a::A }"),
    ]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].what.contains("a.rs:1 uses `crate::b::B` of"));
    assert!(findings[0].what.contains("b.rs:1 uses `crate::a::A` of"));
}

#[test]
fn a_longer_circle_is_found_once() {
    let findings = found(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use super::a::A; pub struct C;"),
    ]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].what.lines().count(), 4);
}

#[test]
fn a_parent_and_a_child_that_use_each_other_are_a_circle() {
    let findings = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; use b::B; pub struct A(B);"),
        ("a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn a_child_may_use_a_parent_that_only_hands_it_on() {
    let findings = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; pub use b::B; pub struct A;"),
        ("a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_parent_that_uses_what_it_hands_on_is_in_the_circle() {
    let findings = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; pub use b::B; pub struct A(B);"),
        ("a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn a_re_export_is_followed_to_the_file_that_defines_the_item() {
    let findings = found(&[
        ("lib.rs", "mod a; pub use a::{B, c::C};"),
        ("a/mod.rs", "mod b; pub mod c; pub use b::B;"),
        ("a/b.rs", "use crate::C; pub struct B;"),
        ("a/c.rs", "use super::B; pub struct C;"),
    ]);
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .what
            .contains("uses `super::B` of crates/platform/src/a/b.rs")
    );
    assert!(
        findings[0]
            .what
            .contains("uses `crate::C` of crates/platform/src/a/c.rs")
    );
}

#[test]
fn a_module_that_is_named_is_used_through_its_alias() {
    let circle = found(&[
        ("lib.rs", "mod store; mod service;"),
        ("store/mod.rs", "pub mod lead;"),
        (
            "store/lead.rs",
            "use crate::service; fn f() { service::g() }",
        ),
        (
            "service.rs",
            "use crate::store; pub fn g() { store::lead::f() }",
        ),
    ]);
    assert_eq!(circle.len(), 1);
    let named_only = found(&[
        ("lib.rs", "mod store; mod service;"),
        ("store.rs", "use crate::service;"),
        ("service.rs", "use crate::store; fn g() { store::f() }"),
    ]);
    assert!(named_only.is_empty());
}

#[test]
fn names_through_a_star_count_if_they_are_used() {
    let used = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; use b::*; pub struct A(B);"),
        ("a/b.rs", "use super::*; pub struct B; fn f(a: A) {}"),
    ]);
    assert_eq!(used.len(), 1);
    let handed_on = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; pub use b::*; pub struct A;"),
        ("a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert!(handed_on.is_empty(), "{handed_on:?}");
}

#[test]
fn tests_and_other_crates_make_no_circle() {
    let findings = found(&[
        ("lib.rs", "mod a; mod http;"),
        (
            "a.rs",
            "use http::StatusCode; #[cfg(test)] mod tests { use crate::http::f; }",
        ),
        (
            "http.rs",
            "use http::HeaderMap; use crate::a::A; pub fn f() {}",
        ),
    ]);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn super_in_an_inline_module_is_its_file() {
    let findings = found(&[
        ("lib.rs", "mod a; pub struct Root(a::A);"),
        (
            "a.rs",
            "pub struct A; mod inner { use super::A; fn f() { super::A } }",
        ),
    ]);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_lower_layer_that_imports_a_higher_one_is_found() {
    for (path, bad) in [
        ("domain/mod.rs", "use crate::store::Row;"),
        ("store/mod.rs", "use crate::service;"),
        ("service/mod.rs", "fn f() { crate::api::error() }"),
        ("jobs/mod.rs", "use crate::pages::Page;"),
    ] {
        let mut files = vec![(
            "lib.rs",
            "mod domain; mod store; mod service; mod jobs; mod api; mod pages;",
        )];
        for name in ["domain", "store", "service", "jobs", "api", "pages"] {
            let file: &'static str = Box::leak(format!("{name}/mod.rs").into_boxed_str());
            files.push((file, if file == path { bad } else { "" }));
        }
        assert_eq!(layers(&tree(&files)).len(), 1, "{path}: {bad}");
    }
}

#[test]
fn a_higher_layer_may_import_every_lower_one() {
    let files = [
        (
            "lib.rs",
            "mod domain; mod store; mod service; mod api; mod jobs;",
        ),
        ("domain.rs", "pub struct Lead;"),
        ("store.rs", "use crate::domain::Lead;"),
        ("service.rs", "use crate::{domain::Lead, store};"),
        ("jobs.rs", "use crate::{service, store};"),
        ("api.rs", "use crate::{service, jobs, domain::Lead};"),
    ];
    assert!(layers(&tree(&files)).is_empty());
}
