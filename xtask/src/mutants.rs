//! Mutation testing of the kernel: would the tests notice if a line were wrong?

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    process,
    project::Project,
    report::{StepResult, Stop, say, verdict},
};

const VERSION: &str = "27.1.0";
const TOOL: &str = "target/tools/bin/cargo-mutants";

/// Of a hundred mutants so many must be noticed.
const LEAST: f64 = 95.0;

/// Says why each survivor may live, in lines that begin with its name in backticks.
const EXPLAINED: &str = "docs/mutants.md";

/// A crate with its tests, without those that compile programs to see them fail.
const CRATES: [(&str, &[&str]); 2] = [
    ("countersign-canon", &["--lib", "--tests"]),
    (
        "countersign-ticket",
        &[
            "--lib",
            "--test",
            "kernel",
            "--test",
            "signatures",
            "--test",
            "corpus",
            "--test",
            "shuttle",
        ],
    ),
];

/// What became of the mutants of a crate.
#[derive(Debug, Default, PartialEq)]
struct Score {
    caught: u64,
    missed: u64,
    survivors: BTreeSet<String>,
}

impl Score {
    /// In per cent; mutants that do not compile count for nothing.
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 mutants")]
    fn of_100(&self) -> f64 {
        100.0 * self.caught as f64 / (self.caught + self.missed).max(1) as f64
    }
}

pub(crate) fn run(project: &Project) -> StepResult {
    if !project.long {
        return Err(Stop::Skipped("only with --long".to_owned()));
    }
    install(project)?;
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    let explained = project.read(EXPLAINED)?;
    for (name, tests) in CRATES {
        let score = one(project, name, tests)?;
        let note = format!("{name}: {:.1} of 100 mutants noticed", score.of_100());
        let (caught, missed) = (score.caught, score.missed);
        say(&format!("{note} ({caught} were, {missed} were not)"));
        if score.of_100() < LEAST {
            findings.push(format!("{note}, and not {LEAST}"));
        }
        let unexplained =
            score.survivors.iter().filter(|one| !explained.contains(&format!("`{one}`")));
        findings.extend(unexplained.map(|one| format!("{EXPLAINED} says nothing of `{one}`")));
        notes.push(note);
    }
    verdict(findings, notes.join("; "))
}

fn install(project: &Project) -> Result<(), String> {
    let tool = project.root.join(TOOL);
    let there = tool.is_file()
        && process::output(project.command(&tool).arg("--version"))?.contains(VERSION);
    if there {
        return Ok(());
    }
    let install = ["install", "cargo-mutants", "--locked", "--force", "--version", VERSION];
    process::run(project.cargo().args(install).args(["--root", "target/tools"]))
}

fn one(project: &Project, name: &str, tests: &[&str]) -> Result<Score, String> {
    let out = format!("target/mutants/{name}");
    let folder = project.root.join(&out);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{out}: {error}"))?;
    let mut command = project.command(project.root.join(TOOL));
    command.args(["mutants", "--package", name, "--no-shuffle", "--jobs", "2", "--output", &out]);
    command.arg("--").args(tests);
    say(&format!("$ cargo mutants --package {name}"));
    let status = command.status().map_err(|error| format!("{TOOL}: {error}"))?;
    // 2: some were missed; 3: some hung. Both are for us to judge.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo mutants on {name} ended with {status}"));
    }
    let outcomes = project.read(format!("{out}/mutants.out/outcomes.json"))?;
    let missed = project.read(format!("{out}/mutants.out/missed.txt"))?;
    score(&outcomes, &missed)
}

fn score(outcomes: &str, missed: &str) -> Result<Score, String> {
    let outcomes: Value =
        serde_json::from_str(outcomes).map_err(|error| format!("outcomes.json: {error}"))?;
    let count = |name: &str| {
        outcomes
            .get(name)
            .and_then(Value::as_u64)
            .ok_or_else(|| format!("outcomes.json has no {name}"))
    };
    Ok(Score {
        caught: count("caught")? + count("timeout")?,
        missed: count("missed")?,
        survivors: missed.lines().map(without_place).collect(),
    })
}

/// `crates/canon/src/order.rs:52:9: replace a with b` without line and column, which move.
fn without_place(line: &str) -> String {
    let place = |part: &str| part.is_empty() || part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(row), Some(column), Some(rest)) if place(row) && place(column) => {
            format!("{file}:{rest}")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_counts_what_hung_as_noticed_and_names_survivors_without_their_lines() {
        let outcomes = r#"{"caught":18,"missed":1,"timeout":1,"unviable":7}"#;
        let missed = "crates/canon/src/order.rs:52:9: replace < with <= in piece\n";
        let score = score(outcomes, missed).unwrap();
        assert_eq!((score.caught, score.missed), (19, 1));
        assert!((score.of_100() - 95.0).abs() < 1e-9);
        let names = ["crates/canon/src/order.rs: replace < with <= in piece".to_owned()];
        assert_eq!(score.survivors, BTreeSet::from(names));
    }

    #[test]
    fn a_report_without_its_counts_is_an_error_and_not_a_full_score() {
        assert!(score("{}", "").unwrap_err().contains("caught"));
        assert!(score("", "").is_err());
    }
}
