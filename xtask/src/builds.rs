//! The steps that are plain cargo commands.

use crate::{
    process,
    project::Project,
    report::{StepResult, verdict},
};

/// The facade, whose features are built one by one.
const FACADE: &str = "countersign";

pub(crate) fn fmt(project: &Project) -> StepResult {
    process::run(project.cargo().args(["fmt", "--all", "--check"]))?;
    Ok(String::new())
}

pub(crate) fn clippy(project: &Project) -> StepResult {
    process::run(project.cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(String::new())
}

/// Unit, property, integration and doc tests. Plain `cargo test`, so that a machine with only Rust
/// can run them.
pub(crate) fn test(project: &Project) -> StepResult {
    process::run(
        project
            .cargo()
            .args(["test", "--workspace", "--all-features", "--no-fail-fast"])
            .env("RUST_BACKTRACE", "1"),
    )?;
    Ok(String::new())
}

pub(crate) fn doc(project: &Project) -> StepResult {
    process::run(
        project
            .cargo()
            .args(["doc", "--workspace", "--all-features", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    Ok(String::new())
}

/// The facade without features, then with each single one.
pub(crate) fn features(project: &Project) -> StepResult {
    let metadata = project.metadata()?;
    let facade = metadata.member(FACADE).ok_or_else(|| format!("there is no crate {FACADE}"))?;
    let mut findings = Vec::new();
    let bare = ["build", "-p", FACADE, "--no-default-features"];
    findings.extend(process::run(project.cargo().args(bare)).err());
    let features: Vec<_> = facade.features.iter().filter(|name| *name != "default").collect();
    for feature in &features {
        let one = ["check", "-p", FACADE, "--no-default-features", "--features", feature];
        findings.extend(process::run(project.cargo().args(one)).err());
    }
    verdict(findings, format!("none, and each of {}", features.len()))
}
