//! The fuzz targets: built with libFuzzer on the stable compiler, and run for a while.

use std::path::Path;

use crate::{
    process,
    project::Project,
    report::{StepResult, Stop, say, verdict},
};

/// Each is a binary of `fuzz/Cargo.toml`.
const TARGETS: [&str; 7] = ["canon", "evidence", "jwks", "scan", "sealed", "store", "ticket"];

/// Coverage for libFuzzer, as `cargo fuzz` asks for it; none of these flags needs a nightly compiler.
/// There is no address sanitiser: no code of ours is `unsafe`.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Seconds for each target.
const SHORT: u32 = 5;
const LONG: u32 = 600;

/// Builds every target and runs each on its seeds, its corpus and what it finds by itself.
pub(crate) fn run(project: &Project) -> StepResult {
    if process::output(project.command("c++").arg("--version")).is_err() {
        let reason = "libFuzzer needs a C++ compiler".to_owned();
        if !project.ci {
            return Err(Stop::Skipped(reason));
        }
        let install = ["install", "-y", "--no-install-recommends", "g++"];
        process::run(project.command("apt-get").args(["update", "-q"]))?;
        process::run(project.command("apt-get").args(install))?;
    }
    let host = host(project)?;
    let build = ["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"];
    // With a target named, the flags don't reach build scripts and macros.
    // Named, because the environment may say otherwise.
    let place = ["--target", &host, "--target-dir", "fuzz/target"];
    process::run(project.cargo().args(build).args(place).env("RUSTFLAGS", FLAGS))?;
    let seconds = if project.long { LONG } else { SHORT };
    let built = project.root.join("fuzz/target").join(&host).join("release");
    let mut findings = Vec::new();
    for name in TARGETS {
        match one(project, &built, name, seconds) {
            Ok(runs) => say(&format!("{name}: {runs}")),
            Err(finding) => findings.push(finding),
        }
    }
    verdict(findings, format!("{} targets, {seconds} s each", TARGETS.len()))
}

/// Runs one target and returns how far it came. What it learns stays below `fuzz/target`.
fn one(project: &Project, built: &Path, name: &str, seconds: u32) -> Result<String, String> {
    let found = format!("fuzz/target/corpus/{name}");
    let artifacts = format!("fuzz/artifacts/{name}/");
    for folder in [&found, &artifacts] {
        let created = std::fs::create_dir_all(project.root.join(folder));
        created.map_err(|error| format!("{folder}: {error}"))?;
    }
    let mut command = project.command(built.join(name));
    command.args([format!("-max_total_time={seconds}"), format!("-artifact_prefix={artifacts}")]);
    command.args(["-timeout=10", &found]);
    let committed = format!("fuzz/corpus/{name}");
    if project.root.join(&committed).is_dir() {
        command.arg(&committed);
    }
    let output = command.env("COUNTERSIGN_FUZZ_SEEDS", &found).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    match log.lines().find(|line| line.starts_with("Done ")) {
        Some(done) if output.status.success() => Ok(done.to_owned()),
        _ => {
            say(&log);
            let place = format!("its input is in {artifacts}, and belongs into {committed}/");
            Err(format!("{name}: the property does not hold; {place}"))
        }
    }
}

/// The triple of this machine.
fn host(project: &Project) -> Result<String, String> {
    let version = process::output(project.command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc names no host".to_owned())
}
