//! Licences, sources and banned crates, by the rules of `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    deny,
    metadata::{Metadata, Package},
    project::Project,
    report::{StepResult, say, verdict},
    spdx,
};

/// The rules that this check takes from `deny.toml`.
#[derive(Debug)]
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
    registries: Vec<String>,
}

impl Rules {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            licences: deny::array(text, "licenses", "allow")?,
            banned: deny::array(text, "bans", "deny")?,
            registries: deny::array(text, "sources", "allow-registry")?,
        })
    }
}

pub(crate) fn run(project: &Project) -> StepResult {
    let rules = Rules::parse(&project.read("deny.toml")?)?;
    let metadata = project.metadata()?;
    for (name, versions) in duplicates(metadata) {
        let versions: Vec<_> = versions.into_iter().collect();
        say(&format!("note: {name} is there in several versions: {}", versions.join(", ")));
    }
    let others = metadata.packages.len() - metadata.members().count();
    verdict(findings(metadata, &rules), format!("{others} dependencies"))
}

fn findings(metadata: &Metadata, rules: &Rules) -> Vec<String> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let id = format!("{} {}", package.name, package.version);
        if let Some(finding) = licence(package, rules) {
            findings.push(format!("{id}: {finding}"));
        }
        if rules.banned.contains(&package.name) {
            findings.push(format!("{id}: banned"));
        }
        if metadata.is_member(package) {
            findings.extend(wildcards(package).map(|finding| format!("{id}: {finding}")));
        } else if !from_allowed_registry(package, rules) {
            let source = package.source.as_deref().unwrap_or("a path outside the workspace");
            findings.push(format!("{id}: comes from {source}"));
        }
    }
    findings
}

fn licence(package: &Package, rules: &Rules) -> Option<String> {
    let Some(expression) = &package.licence else {
        return Some("names no licence".to_owned());
    };
    match spdx::satisfied(expression, |one| rules.licences.iter().any(|allowed| allowed == one)) {
        Ok(true) => None,
        Ok(false) => Some(format!("licence `{expression}` is not allowed")),
        Err(error) => Some(format!("licence `{expression}`: {error}")),
    }
}

fn from_allowed_registry(package: &Package, rules: &Rules) -> bool {
    package
        .source
        .as_deref()
        .and_then(|source| source.strip_prefix("registry+"))
        .is_some_and(|source| rules.registries.iter().any(|allowed| allowed == source))
}

/// A dependency by path may leave the version open; one that is downloaded may not.
fn wildcards(package: &Package) -> impl Iterator<Item = String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.requirement == "*" && dependency.source.is_some())
        .map(|dependency| format!("depends on any version of {}", dependency.name))
}

fn duplicates(metadata: &Metadata) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::SAMPLE;

    fn rules(banned: &[&str]) -> Rules {
        Rules {
            licences: vec!["MIT".to_owned()],
            banned: banned.iter().map(|name| (*name).to_owned()).collect(),
            registries: vec!["x".to_owned()],
        }
    }

    #[test]
    fn a_licence_a_source_and_an_open_version_that_are_not_allowed_are_found() {
        let metadata = Metadata::parse(SAMPLE).unwrap();
        assert_eq!(
            findings(&metadata, &rules(&[])),
            [
                "app 0.1.0: depends on any version of tool",
                "tool 2.0.0: licence `GPL-3.0-only` is not allowed",
                "tool 2.0.0: comes from git+y",
            ]
        );
    }

    #[test]
    fn a_banned_crate_is_found_wherever_it_is() {
        let metadata = Metadata::parse(SAMPLE).unwrap();
        let found = findings(&metadata, &rules(&["gen"]));
        assert!(found.contains(&"gen 1.0.0: banned".to_owned()), "{found:?}");
    }

    #[test]
    fn a_package_without_a_licence_or_from_an_unknown_path_is_found() {
        let mut metadata = Metadata::parse(SAMPLE).unwrap();
        metadata.packages.retain(|package| package.name == "lib");
        for package in &mut metadata.packages {
            package.licence = None;
            package.source = None;
        }
        assert_eq!(
            findings(&metadata, &rules(&[])),
            ["lib 1.2.3: names no licence", "lib 1.2.3: comes from a path outside the workspace",]
        );
    }

    #[test]
    fn our_own_rules_are_readable_and_strict() {
        let text = Project::open(false).unwrap().read("deny.toml").unwrap();
        let rules = Rules::parse(&text).unwrap();
        assert!(rules.licences.iter().any(|licence| licence == "MIT"));
        for banned in ["openssl-sys", "native-tls", "chrono", "aws-lc-sys"] {
            assert!(rules.banned.iter().any(|name| name == banned), "{banned}");
        }
        assert_eq!(rules.registries, ["https://github.com/rust-lang/crates.io-index"]);
    }
}
