//! The benchmarks have a lock file of their own: what it says of the kernel's dependencies must be what
//! the libraries' lock file says, or something else is measured than is shipped.

use std::collections::BTreeSet;

use crate::project::Project;

const OURS: &str = "Cargo.lock";
const BENCHES: &str = "benches/Cargo.lock";
const KERNEL: [&str; 2] = ["countersign-canon", "countersign-ticket"];

/// A locked package.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    dependencies: Vec<String>,
}

pub(crate) fn findings(project: &Project) -> Result<Vec<String>, String> {
    let (ours, benches) = (parse(&project.read(OURS)?), parse(&project.read(BENCHES)?));
    Ok(compare(&ours, &benches))
}

fn parse(text: &str) -> Vec<Package> {
    text.split("[[package]]").skip(1).map(package).collect()
}

fn package(block: &str) -> Package {
    let mut package = Package::default();
    for line in block.lines() {
        let quoted = || line.split('"').nth(1).unwrap_or_default().to_owned();
        if line.starts_with("name = ") {
            package.name = quoted();
        } else if line.starts_with("version = ") {
            package.version = quoted();
        } else if line.starts_with(" \"") {
            package.dependencies.push(quoted());
        }
    }
    package
}

/// Follows the kernel's dependencies in the benchmarks' file, and looks each up in the other.
fn compare(ours: &[Package], benches: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = KERNEL.map(str::to_owned).to_vec();
    while let Some(wanted) = open.pop() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        // A name, and a version where there are several.
        let mut words = wanted.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        let found = benches
            .iter()
            .find(|one| one.name == name && version.is_none_or(|version| one.version == version));
        let Some(found) = found else {
            findings.push(format!("{BENCHES} does not have {wanted}"));
            continue;
        };
        // What the libraries do not have at all is there because of a feature that a peer switches on.
        let mut same = ours.iter().filter(|one| one.name == name).peekable();
        if same.peek().is_some() && !same.any(|one| one.version == found.version) {
            findings.push(format!(
                "{BENCHES} has {name} {}, {OURS} has another version: \
                 `cargo update --manifest-path benches/Cargo.toml {name} --precise …`",
                found.version
            ));
        }
        open.extend(found.dependencies.iter().cloned());
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn lock(packages: &[(&str, &str, &[&str])]) -> Vec<Package> {
        let mut text = String::new();
        for (name, version, dependencies) in packages {
            let list = dependencies.join("\",\n \"");
            // Writing to a string can't fail.
            let _ = write!(text, "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            if !dependencies.is_empty() {
                let _ = write!(text, "dependencies = [\n \"{list}\",\n]\n\n");
            }
        }
        parse(&text)
    }

    #[test]
    fn another_version_of_a_dependency_of_a_dependency_is_found() {
        let with = |version| {
            lock(&[
                ("countersign-canon", "0.1.0", &["sha2"]),
                ("countersign-ticket", "0.1.0", &["countersign-canon"]),
                ("sha2", "0.11.1", &["digest"]),
                ("digest", version, &[]),
            ])
        };
        assert!(compare(&with("0.11.3"), &with("0.11.3")).is_empty());
        assert_eq!(compare(&with("0.11.3"), &with("0.11.2")).len(), 1);
    }

    #[test]
    fn what_only_a_peers_feature_needs_is_not_found() {
        let ours = lock(&[("countersign-canon", "1", &[]), ("countersign-ticket", "1", &[])]);
        let benches = lock(&[
            ("countersign-canon", "1", &["derive"]),
            ("countersign-ticket", "1", &[]),
            ("derive", "1", &[]),
        ]);
        assert!(compare(&ours, &benches).is_empty());
    }

    #[test]
    fn a_peer_may_have_any_version() {
        let ours = lock(&[("countersign-canon", "1", &[]), ("countersign-ticket", "1", &[])]);
        let benches = lock(&[
            ("countersign-canon", "1", &[]),
            ("countersign-ticket", "1", &[]),
            ("moka", "0.12.16", &[]),
        ]);
        assert!(compare(&ours, &benches).is_empty());
        assert_eq!(compare(&ours, &lock(&[("moka", "1", &[])])).len(), 2);
    }

    #[test]
    fn of_two_versions_the_named_one_is_followed() {
        let ours = lock(&[
            ("countersign-canon", "1", &[]),
            ("countersign-ticket", "1", &[]),
            ("sha2", "2", &[]),
        ]);
        let benches = lock(&[
            ("countersign-canon", "1", &["sha2 2"]),
            ("countersign-ticket", "1", &[]),
            ("sha2", "1", &[]),
            ("sha2", "2", &[]),
        ]);
        assert!(compare(&ours, &benches).is_empty());
    }
}
