//! The supply chain without a tool to install: licences, sources and banned crates, from `cargo metadata`.
//!
//! The lists are those of `deny.toml`, so that `cargo deny` (which knows more, and takes minutes to compile) and this
//! check cannot disagree about them. Not for: advisories, which need a database that changes every day.

use std::fs;

use crate::failure::{Doing, Failure};
use crate::repository::root;
use crate::workspace::Packages;

/// What `deny.toml` says.
#[derive(Debug)]
struct Policy {
    licenses: Vec<String>,
    registries: Vec<String>,
    banned: Vec<String>,
}

/// Checks every package of the lock file; the error names each offender.
pub(crate) fn check() -> Result<(), Failure> {
    let text = fs::read_to_string(root().join("deny.toml")).doing(|| "read deny.toml".into())?;
    let policy = Policy::parse(&text)?;
    let packages = Packages::load()?;
    let offences = policy.judge(&packages);
    if offences.is_empty() {
        let count = packages.iter().count();
        eprintln!("  {count} packages: licences, sources and bans are in order");
        return Ok(());
    }
    for offence in &offences {
        println!("{offence}");
    }
    Err(
        Failure::new(format!("{} packages break deny.toml", offences.len())).hint(
            "drop the dependency or its feature (`cargo tree -i NAME` shows who brings it), or change deny.toml with a reason",
        ),
    )
}

impl Policy {
    fn parse(text: &str) -> Result<Self, Failure> {
        let policy = Self {
            licenses: strings(text, "licenses", "allow"),
            registries: strings(text, "sources", "allow-registry"),
            banned: strings(text, "bans", "deny"),
        };
        for (section, list) in [
            ("[licenses] allow", &policy.licenses),
            ("[sources] allow-registry", &policy.registries),
            ("[bans] deny", &policy.banned),
        ] {
            if list.is_empty() {
                return Err(Failure::new(format!("deny.toml has no {section} list")));
            }
        }
        Ok(policy)
    }

    fn judge(&self, packages: &Packages) -> Vec<String> {
        let mut offences = Vec::new();
        for package in packages.iter() {
            let name = format!("{} {}", package.name, package.version);
            if self.banned.contains(&package.name) {
                offences.push(format!("{name}: banned"));
            }
            match &package.license {
                None => offences.push(format!("{name}: its manifest names no licence")),
                Some(license) if !allows(&self.licenses, license) => {
                    offences.push(format!("{name}: licence `{license}` is not allowed"));
                }
                Some(_) => {}
            }
            let Some(source) = &package.source else {
                continue;
            };
            let registry = source.strip_prefix("registry+");
            if !registry.is_some_and(|registry| self.registries.iter().any(|one| one == registry)) {
                offences.push(format!("{name}: comes from {source}"));
            }
        }
        offences
    }
}

/// The first string of each entry of a list in a section, read line by line: one entry a line, as `deny.toml` is
/// written. `{ crate = "name", reason = ".." }` counts as its name.
fn strings(text: &str, section: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut in_section, mut in_list) = (false, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with('#') {
            continue;
        }
        if in_list {
            in_list = !line.starts_with(']');
            found.extend(line.split('"').nth(1).map(str::to_owned));
        } else if let Some(name) = line.strip_prefix('[') {
            in_section = name.trim_end_matches(']') == section;
        } else if let Some((name, value)) = line.split_once('=')
            && in_section
            && name.trim() == key
        {
            in_list = !value.contains(']');
            found.extend(value.split('"').nth(1).map(str::to_owned));
        }
    }
    found
}

/// Whether an SPDX expression can be satisfied with allowed licences only. `/` is the old spelling of `OR`.
fn allows(allowed: &[String], expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let satisfied = either(allowed, &words, &mut at);
    satisfied && at == words.len()
}

fn either(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut satisfied = both(allowed, words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        satisfied |= both(allowed, words, at);
    }
    satisfied
}

fn both(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut satisfied = one(allowed, words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        satisfied &= one(allowed, words, at);
    }
    satisfied
}

fn one(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let Some(&word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if word == "(" {
        let satisfied = either(allowed, words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return satisfied && closed;
    }
    let mut license = word.to_owned();
    if let (Some(&"WITH"), Some(exception)) = (words.get(*at), words.get(*at + 1)) {
        *at += 2;
        license = format!("{word} WITH {exception}");
    }
    allowed.contains(&license)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
[bans]
multiple-versions = "warn"
deny = [
    # a comment with "quotes"
    { crate = "openssl", reason = "rustls" },
]
[licenses]
allow = [
    "MIT",
    "Apache-2.0",
]
[sources]
allow-registry = ["https://index.example"]
"#;

    fn judge(name: &str, license: &str, source: &str) -> Vec<String> {
        let text = format!(
            r#"{{"packages": [{{"id": "1", "name": "{name}", "version": "1.0.0", "license": {license}, "source": {source}}}]}}"#
        );
        let packages = Packages::parse(&text).unwrap();
        Policy::parse(POLICY).unwrap().judge(&packages)
    }

    #[test]
    fn a_licensed_crate_of_the_registry_is_in_order() {
        let registry = r#""registry+https://index.example""#;
        assert!(judge("serde", r#""MIT OR GPL-3.0""#, registry).is_empty());
        assert!(judge("ours", r#""MIT""#, "null").is_empty());
    }

    #[test]
    fn a_banned_crate_a_foreign_licence_and_a_foreign_source_are_named() {
        let registry = r#""registry+https://index.example""#;
        assert_eq!(
            judge("openssl", r#""MIT""#, registry),
            ["openssl 1.0.0: banned"]
        );
        assert_eq!(judge("a", "null", registry).len(), 1);
        assert_eq!(judge("a", r#""GPL-3.0""#, registry).len(), 1);
        assert_eq!(
            judge("a", r#""MIT""#, r#""git+https://elsewhere.example""#).len(),
            1
        );
    }

    #[test]
    fn expressions_are_read_with_their_precedence() {
        let allowed = [
            "MIT".to_owned(),
            "Apache-2.0 WITH LLVM-exception".to_owned(),
        ];
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(GPL-3.0 OR MIT) AND MIT",
            "GPL-3.0 AND GPL-2.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(allows(&allowed, good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "MIT AND (GPL-3.0 OR GPL-2.0)",
            "Apache-2.0",
            "MIT GPL-3.0",
            "(MIT",
        ] {
            assert!(!allows(&allowed, bad), "{bad}");
        }
    }
}
