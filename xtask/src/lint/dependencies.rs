//! Which crate may stand on which: from the lock file, so that a chain of any length counts.

use super::finding::Finding;
use crate::workspace::Packages;

/// Crates that open files, sockets or databases.
const IO_CRATES: [&str; 9] = [
    "axum",
    "hyper",
    "mio",
    "reqwest",
    "rusqlite",
    "socket2",
    "tokio",
    "tokio-postgres",
    "tower",
];

/// `protocol` is words and rules: whoever reads it needs no runtime, and nothing in it can wait.
pub(crate) fn protocol_io(packages: &Packages) -> Vec<Finding> {
    let chain = packages.chain("protocol", |name| IO_CRATES.contains(&name));
    let hint = "drop the dependency, or the feature that brings it: I/O belongs in `base` or above";
    finding("protocol", chain, hint)
}

/// The two sides meet on the wire and nowhere else.
pub(crate) fn sides(packages: &Packages) -> Vec<Finding> {
    let hint = "move what both need to `protocol`, `base`, `delivery` or `web`";
    let mut findings = finding(
        "platform",
        packages.chain("platform", |name| name == "gateway"),
        hint,
    );
    findings.extend(finding(
        "gateway",
        packages.chain("gateway", |name| name == "platform"),
        hint,
    ));
    findings
}

/// The feature of `base` that compiles fault points in.
pub(crate) const FAULTS: &str = "faults";

/// A process that can be made to die by a variable is for tests: what is handed out has no such place.
pub(crate) fn faults(packages: &Packages) -> Vec<Finding> {
    let hint = "switch it on in [dev-dependencies] only: cargo adds it to the builds of tests and to no other";
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| package.source.is_none()) {
        let manifest = format!("crates/{}/Cargo.toml", package.name);
        for on in &package.switched_on {
            if on
                .split_once('/')
                .is_some_and(|(_, feature)| feature == FAULTS)
            {
                let what = format!("`{}` switches `{on}` on outside of tests", package.name);
                findings.push(Finding::error(&manifest, 1, what, hint));
            }
        }
    }
    findings
}

fn finding(name: &str, chain: Option<Vec<&str>>, hint: &'static str) -> Vec<Finding> {
    let manifest = format!("crates/{name}/Cargo.toml");
    let what = chain.map(|chain| {
        format!(
            "`{name}` must not have this below it: {}",
            chain.join(" -> ")
        )
    });
    what.map(|what| Finding::error(&manifest, 1, what, hint))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock file with these edges; `*` marks a development dependency.
    fn lock(edges: &[(&str, &str)]) -> Packages {
        let names: std::collections::BTreeSet<&str> = edges
            .iter()
            .flat_map(|(from, to)| [*from, to.trim_end_matches('*')])
            .collect();
        let packages: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"id": "{name}", "name": "{name}", "version": "1.0.0"}}"#))
            .collect();
        let nodes: Vec<String> = edges
            .iter()
            .map(|(from, to)| {
                let kind = if to.ends_with('*') { r#""dev""# } else { "null" };
                let to = to.trim_end_matches('*');
                format!(
                    r#"{{"id": "{from}", "deps": [{{"pkg": "{to}", "dep_kinds": [{{"kind": {kind}}}]}}]}}"#
                )
            })
            .collect();
        let text = format!(
            r#"{{"packages": [{}], "resolve": {{"nodes": [{}]}}}}"#,
            packages.join(","),
            nodes.join(",")
        );
        Packages::parse(&text).unwrap()
    }

    #[test]
    fn io_below_protocol_is_found_however_deep() {
        let bad = lock(&[("protocol", "serde"), ("serde", "tokio")]);
        let findings = protocol_io(&bad);
        assert!(findings[0].what.ends_with("protocol -> serde -> tokio"));
        assert!(protocol_io(&lock(&[("protocol", "serde")])).is_empty());
    }

    #[test]
    fn what_only_tests_need_does_not_count() {
        assert!(protocol_io(&lock(&[("protocol", "tokio*")])).is_empty());
    }

    #[test]
    fn fault_points_outside_of_tests_are_found_however_they_are_switched_on() {
        let found = |members: &str| {
            let text = format!(
                r#"{{"packages": [{{"id": "1", "name": "a", "version": "1.0.0", {members}}}]}}"#
            );
            faults(&Packages::parse(&text).unwrap()).len()
        };
        let dependency = |kind: &str| {
            format!(
                r#""dependencies": [{{"name": "base", "kind": {kind}, "features": ["faults"]}}]"#
            )
        };
        assert_eq!(found(&dependency("null")), 1);
        assert_eq!(found(&dependency(r#""build""#)), 1);
        assert_eq!(found(&dependency(r#""dev""#)), 0);
        assert_eq!(found(r#""features": {"trouble": ["base/faults"]}"#), 1);
        assert_eq!(found(r#""features": {"trouble": ["base?/faults"]}"#), 1);
        assert_eq!(
            found(r#""features": {"default": ["faults"], "faults": []}"#),
            1
        );
        assert_eq!(found(r#""features": {"faults": []}"#), 0);
    }

    #[test]
    fn the_sides_must_not_meet_in_either_direction() {
        assert_eq!(
            sides(&lock(&[("platform", "web"), ("web", "gateway")])).len(),
            1
        );
        assert_eq!(sides(&lock(&[("gateway", "platform")])).len(), 1);
        assert!(sides(&lock(&[("gateway", "web"), ("platform", "web")])).is_empty());
    }
}
