//! What cargo knows about this workspace: its packages and who depends on whom.
//!
//! Not for: reading sources (`lint/tree.rs`).

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::failure::Failure;
use crate::process;

/// One package of the lock file.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression of its manifest.
    pub(crate) license: Option<String>,
    /// Where it comes from; none for the crates of this workspace.
    pub(crate) source: Option<String>,
    /// Features that its manifest switches on for more than its tests, its own defaults included: `package/feature`.
    pub(crate) switched_on: Vec<String>,
    /// What its library or binary needs (development and build dependencies aside), as positions in `Packages`.
    needs: Vec<usize>,
}

/// All packages of the lock file, ours among them.
#[derive(Debug)]
pub(crate) struct Packages(Vec<Package>);

impl Packages {
    /// Asks cargo. Downloads what the lock file names and the machine does not have yet.
    pub(crate) fn load() -> Result<Self, Failure> {
        let text = process::output(&mut process::cargo(["metadata", "--format-version", "1"]))?;
        Self::parse(&text)
    }

    /// Reads the answer of `cargo metadata --format-version 1`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let metadata: Value = serde_json::from_str(text)
            .map_err(|error| Failure::new(format!("cannot read `cargo metadata`: {error}")))?;
        let mut packages = Vec::new();
        let mut positions = HashMap::new();
        for package in list(&metadata["packages"]) {
            positions.insert(string(&package["id"]), packages.len());
            packages.push(Package {
                name: string(&package["name"]),
                version: string(&package["version"]),
                license: package["license"].as_str().map(str::to_owned),
                source: package["source"].as_str().map(str::to_owned),
                switched_on: switched_on(package),
                needs: Vec::new(),
            });
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let Some(&from) = positions.get(&string(&node["id"])) else {
                continue;
            };
            for dependency in list(&node["deps"]) {
                // A normal dependency has the kind null.
                let normal = list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
                if let Some(&to) = positions.get(&string(&dependency["pkg"]))
                    && normal
                {
                    packages[from].needs.push(to);
                }
            }
        }
        Ok(Self(packages))
    }

    /// Every package.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Package> {
        self.0.iter()
    }

    /// The shortest chain of normal dependencies from our crate `from` to the first package whose name `wanted`
    /// accepts, both ends included.
    pub(crate) fn chain(&self, from: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
        let start = self
            .0
            .iter()
            .position(|package| package.name == from && package.source.is_none())?;
        let mut seen = BTreeSet::from([start]);
        let mut chains = std::collections::VecDeque::from([vec![start]]);
        while let Some(chain) = chains.pop_front() {
            let last = *chain.last()?;
            for &next in &self.0[last].needs {
                if !seen.insert(next) {
                    continue;
                }
                let mut longer = chain.clone();
                longer.push(next);
                if wanted(&self.0[next].name) {
                    let names = longer.iter().map(|&at| self.0[at].name.as_str());
                    return Some(names.collect());
                }
                chains.push_back(longer);
            }
        }
        None
    }
}

/// Through a dependency's list of features, or as a part of a feature of its own.
fn switched_on(package: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let dependencies =
        list(&package["dependencies"]).filter(|dependency| dependency["kind"] != "dev");
    for dependency in dependencies {
        let name = string(&dependency["name"]);
        let features = list(&dependency["features"]).map(string);
        found.extend(features.map(|feature| format!("{name}/{feature}")));
    }
    for (feature, parts) in package["features"].as_object().into_iter().flatten() {
        for part in list(parts).map(string) {
            // A part without a slash is another feature of the package, and counts if it is one by default.
            if part.contains('/') {
                found.push(part.replace('?', ""));
            } else if feature == "default" {
                found.push(format!("{}/{part}", string(&package["name"])));
            }
        }
    }
    found
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
