//! What the crates must not depend on.

use std::collections::BTreeSet;

use crate::{
    code::Code,
    metadata::{Metadata, Package},
    process,
    project::Project,
    report::{StepResult, say, verdict},
};

/// A runtime, an HTTP client, a database.
const HEAVY: [&str; 5] = ["tokio", "reqwest", "hyper", "redis", "postgres"];

/// The crates that stay free of them, and what each must be free of besides.
const LIGHT: [(&str, &[&str]); 5] = [
    ("countersign-canon", &["serde_json"]),
    ("countersign-ticket", &["serde_json"]),
    ("countersign-core", &[]),
    ("countersign-risk", &[]),
    ("countersign-store-embedded", &["futures"]),
];

/// What makes HTTP requests: only these may name one in their manifest.
const CLIENTS: [&str; 2] = ["hyper", "reqwest"];
const CLIENT_USERS: [&str; 2] = ["countersign-http", "countersign-testkit"];

/// Features that change what `serde_json` makes of the same bytes.
const JSON_FEATURES: [&str; 3] = ["arbitrary_precision", "preserve_order", "raw_value"];

pub(crate) fn run(project: &Project) -> StepResult {
    let metadata = project.metadata()?;
    let mut findings = Vec::new();

    for (name, besides) in LIGHT {
        let tree = tree(project, &["-p", name, "--all-features"])?;
        let names = names(&tree);
        if !names.contains(name) {
            findings.push(format!("`cargo tree` does not list {name} itself"));
        }
        let found = forbidden(&names, besides);
        findings.extend(found.into_iter().map(|other| format!("{name} depends on {other}")));
    }
    findings.extend(client_users(metadata));
    findings.extend(json_features(&tree(project, &["--workspace", "--all-features"])?));
    findings.extend(kernel(&tree(project, &["-p", "countersign-ticket"])?));
    findings.extend(no_std(project, metadata)?);

    let mut alone = project.cargo();
    alone.arg("build").args(LIGHT.iter().flat_map(|(name, _)| ["-p", *name]));
    findings.extend(process::run(&mut alone).err());

    verdict(findings, format!("{} crates stay light", LIGHT.len()))
}

/// The normal dependencies, on every platform, one `name version|features` per line.
fn tree(project: &Project, packages: &[&str]) -> Result<String, String> {
    process::output(
        project
            .cargo()
            .arg("tree")
            .args(packages)
            .args(["-e", "normal", "--target", "all"])
            .args(["--prefix", "none", "-f", "{p}|{f}"]),
    )
}

/// The kernel is built without the parts of canon that it does not need, and so without serde. The
/// step `size` does not count them.
fn kernel(tree: &str) -> Vec<String> {
    let canon = tree.lines().find(|line| line.starts_with("countersign-canon "));
    let features = canon.and_then(|line| line.rsplit_once('|')).map(|(_, features)| features);
    let mut findings = Vec::new();
    match features {
        None => findings.push("countersign-ticket is not built on canon".to_owned()),
        Some("") => {}
        Some(features) => findings.push(format!("countersign-ticket asks canon for {features}")),
    }
    let serde = forbidden(&names(tree), &["serde"]);
    findings.extend(serde.into_iter().map(|name| format!("countersign-ticket compiles {name}")));
    findings
}

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).collect()
}

/// A family is forbidden as a whole: with `tokio` goes `tokio-util`, with `serde` goes `serde_core`.
fn forbidden<'name>(names: &BTreeSet<&'name str>, besides: &[&str]) -> Vec<&'name str> {
    let is_of = |name: &str, family: &str| {
        name.strip_prefix(family)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    names
        .iter()
        .filter(|name| HEAVY.iter().chain(besides).any(|family| is_of(name, family)))
        .copied()
        .collect()
}

fn client_users(metadata: &Metadata) -> Vec<String> {
    metadata
        .members()
        .filter(|member| !CLIENT_USERS.contains(&member.name.as_str()))
        .flat_map(|member| {
            let named = |dependency: &&crate::metadata::Dependency| {
                CLIENTS.contains(&dependency.name.as_str()) && !dependency.dev
            };
            member.dependencies.iter().filter(named).map(|dependency| {
                format!("{} names {} in its manifest", member.name, dependency.name)
            })
        })
        .collect()
}

fn json_features(tree: &str) -> Vec<String> {
    let mut findings = BTreeSet::new();
    let mut seen = false;
    for line in tree.lines() {
        // A line that was printed before ends in ` (*)`.
        let line = line.trim_end_matches(" (*)");
        let Some((package, features)) = line.rsplit_once('|') else { continue };
        if package.split_whitespace().next() != Some("serde_json") {
            continue;
        }
        seen = true;
        for feature in features.split(',').filter(|feature| JSON_FEATURES.contains(feature)) {
            findings.insert(format!("something switches on serde_json's `{feature}`"));
        }
    }
    if !seen {
        // This very program uses it, so the tree was misread.
        findings.insert("`cargo tree` does not list serde_json".to_owned());
    }
    findings.into_iter().collect()
}

/// `canon` is `no_std`, by its word and, where a target without `std` is installed, by a build.
fn no_std(project: &Project, metadata: &Metadata) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for (name, must) in [("countersign-canon", true), ("countersign-ticket", false)] {
        let library = metadata.member(name).and_then(library_file);
        let source = project.read(library.ok_or_else(|| format!("there is no crate {name}"))?)?;
        match claims_no_std(&source) {
            Ok(true) => {
                say(&format!("{name}: declared no_std"));
                if let Some(target) = bare_target(project) {
                    let args = ["build", "-p", name, "--no-default-features", "--target", &target];
                    findings.extend(process::run(project.cargo().args(args)).err());
                }
            }
            Ok(false) if must => findings.push(format!("{name} is not declared no_std")),
            Ok(false) => say(&format!("{name}: uses std")),
            Err(finding) => findings.push(format!("{name}: {finding}")),
        }
    }
    Ok(findings)
}

fn library_file(package: &Package) -> Option<&std::path::Path> {
    let library = package.targets.iter().find(|target| target.is("lib"))?;
    Some(&library.source_file)
}

/// Whether the crate is declared `no_std`; an error if it then takes `std` back in.
fn claims_no_std(source: &str) -> Result<bool, &'static str> {
    let lines = Code::of(source).lines;
    let declared = lines.iter().any(|line| line.trim() == "#![no_std]");
    if declared && lines.iter().any(|line| line.contains("extern crate std")) {
        return Err("declared no_std, but takes std back with `extern crate std`");
    }
    Ok(declared)
}

/// An installed target without an operating system, if rustup knows of one.
fn bare_target(project: &Project) -> Option<String> {
    let mut rustup = project.command("rustup");
    let output = rustup.args(["target", "list", "--installed"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find(|target| target.contains("-none")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_is_built_with_more_of_canon_or_with_serde_is_found() {
        let sound = "countersign-ticket v0.1.0 (x)|\ncountersign-canon v0.1.0 (y)|\nsha2 v0.11|\n";
        assert_eq!(kernel(sound), Vec::<String>::new());
        assert_eq!(kernel(&sound.replace("(y)|", "(y)|value")).len(), 1);
        assert_eq!(kernel(&sound.replace("sha2", "serde_core")).len(), 1);
        assert_eq!(kernel("").len(), 1);
    }

    #[test]
    fn a_forbidden_crate_and_its_family_are_found_and_namesakes_are_not() {
        let tree = "countersign-core v0.1.0 (/x)|\ntokio v1.54.0|net\nhyper-util v0.1|\n\
                    hyperlocal v1|\nserde_core v1|\nserde_json v1|std\n";
        assert_eq!(forbidden(&names(tree), &[]), ["hyper-util", "tokio"]);
        assert_eq!(forbidden(&names(tree), &["serde_json"]), ["hyper-util", "serde_json", "tokio"]);
        assert_eq!(
            forbidden(&names(tree), &["serde"]),
            ["hyper-util", "serde_core", "serde_json", "tokio"]
        );
    }

    #[test]
    fn only_the_http_crate_may_name_a_client_outside_tests() {
        for client in CLIENTS {
            let json = |name: &str, kind: &str| {
                crate::metadata::tests::SAMPLE
                    .replace(r#""name":"app""#, &format!(r#""name":"{name}""#))
                    .replacen(
                        r#"{"name":"lib","kind":null"#,
                        &format!(r#"{{"name":"{client}","kind":{kind}"#),
                        1,
                    )
            };
            let found =
                |name: &str, kind: &str| client_users(&Metadata::parse(&json(name, kind)).unwrap());
            assert_eq!(found("countersign-core", "null").len(), 1);
            assert_eq!(found("countersign-core", r#""build""#).len(), 1);
            assert!(found("countersign-core", r#""dev""#).is_empty());
            assert!(found("countersign-http", "null").is_empty());
        }
    }

    #[test]
    fn a_serde_json_feature_that_changes_the_digest_is_found() {
        let clean = "a v1|raw_value\nserde_json v1.0.154|default,std\n";
        assert!(json_features(clean).is_empty());
        for line in
            ["serde_json v1.0.154|default,raw_value,std", "serde_json v1|preserve_order (*)"]
        {
            assert_eq!(json_features(&format!("{clean}{line}\n")).len(), 1, "{line}");
        }
        assert_eq!(json_features("").len(), 1, "a tree that was misread");
    }

    #[test]
    fn no_std_must_be_declared_and_not_taken_back() {
        assert_eq!(claims_no_std("//! Doc.\n#![no_std]\nextern crate alloc;\n"), Ok(true));
        assert_eq!(claims_no_std("// #![no_std]\n"), Ok(false));
        assert_eq!(claims_no_std("#![cfg_attr(not(feature = \"std\"), no_std)]\n"), Ok(false));
        assert!(claims_no_std("#![no_std]\nextern crate std;\n").is_err());
        assert_eq!(claims_no_std("#![no_std]\n#[cfg(test)]\nextern crate std;\n"), Ok(true));
    }
}
