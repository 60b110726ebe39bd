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

/// A crate with the tests that notice mutants.
///
/// Nearly all are noticed by tests that take a few seconds, and the rest of them by others that take
/// many: so those run only on what the first have missed.
struct Crate {
    name: &'static str,
    quick: &'static str,
    thorough: &'static str,
}

/// Without the tests that compile programs to see them fail.
const CRATES: [Crate; 2] = [
    Crate {
        name: "countersign-canon",
        quick: "--lib --test=corpus --test=es6_numbers --test=pieces --test=refusals --test=rfc8785 \
                --test=serialize --test=serialize_beside_serde_json --test=value",
        thorough: "--test=generated",
    },
    Crate {
        name: "countersign-ticket",
        quick: "--lib --test=kernel --test=signatures --test=corpus -- --skip=gate_model \
                --skip=plan_model --skip=once_model --skip=written::any_text \
                --skip=one_byte::inv_09_every_changed",
        thorough: "--test=shuttle --test=kernel",
    },
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

    /// Wilson's interval of 95 % around it: what tests like these would notice of mutants like these.
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 mutants")]
    fn interval(&self) -> (f64, f64) {
        const Z: f64 = 1.96;
        let (all, part) = ((self.caught + self.missed).max(1) as f64, self.of_100() / 100.0);
        let middle = part + Z * Z / (2.0 * all);
        let reach = Z * (part * (1.0 - part) / all + Z * Z / (4.0 * all * all)).sqrt();
        let scale = 100.0 / (1.0 + Z * Z / all);
        ((middle - reach) * scale, (middle + reach) * scale)
    }

    fn shown(&self, name: &str) -> String {
        let (low, high) = self.interval();
        let (caught, all) = (self.caught, self.caught + self.missed);
        let score = self.of_100();
        format!("{name}: {caught} of {all} mutants noticed, {score:.1} % ({low:.1} to {high:.1} %)")
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
    for kernel in CRATES {
        let score = one(project, &kernel)?;
        let note = score.shown(kernel.name);
        say(&note);
        if score.of_100() < LEAST {
            findings.push(format!("{note}, and not {LEAST} %"));
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

/// The quick tests on all mutants, then the thorough ones on those that lived or hung.
fn one(project: &Project, kernel: &Crate) -> Result<Score, String> {
    let out = format!("target/mutants/{}", kernel.name);
    let folder = project.root.join(&out);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{out}: {error}"))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("{out}: {error}"))?;
    mutants(project, kernel.name, &out, &[], kernel.quick)?;
    let first = score(&project.read(format!("{out}/mutants.out/outcomes.json"))?, "")?;
    let hung = project.read(format!("{out}/mutants.out/timeout.txt"))?.lines().count();
    if first.missed == 0 && hung == 0 {
        return Ok(first);
    }
    mutants(project, kernel.name, &out, &["--iterate"], kernel.thorough)?;
    let outcomes = project.read(format!("{out}/mutants.out/outcomes.json"))?;
    let mut second = score(&outcomes, &project.read(format!("{out}/mutants.out/missed.txt"))?)?;
    second.caught += first.caught.saturating_sub(hung as u64);
    Ok(second)
}

fn mutants(
    project: &Project,
    name: &str,
    out: &str,
    more: &[&str],
    tests: &str,
) -> Result<(), String> {
    let mut command = project.command(project.root.join(TOOL));
    command.args(["mutants", "--package", name, "--jobs", "2", "--output", out]).args(more);
    // Line tables would take longer to write than most of the tests take to run.
    command.arg("--").args(tests.split_whitespace()).env("CARGO_PROFILE_DEV_DEBUG", "0");
    say(&format!("$ cargo mutants --package {name} {}", more.join(" ")));
    let status = command.status().map_err(|error| format!("{TOOL}: {error}"))?;
    // 2: some were missed; 3: some hung. Both are for us to judge.
    if matches!(status.code(), Some(0 | 2 | 3)) {
        Ok(())
    } else {
        Err(format!("cargo mutants on {name} ended with {status}"))
    }
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
        assert_eq!(score.shown("it"), "it: 19 of 20 mutants noticed, 95.0 % (76.4 to 99.1 %)");
        let names = ["crates/canon/src/order.rs: replace < with <= in piece".to_owned()];
        assert_eq!(score.survivors, BTreeSet::from(names));
    }

    #[test]
    fn a_report_without_its_counts_is_an_error_and_not_a_full_score() {
        assert!(score("{}", "").unwrap_err().contains("caught"));
        assert!(score("", "").is_err());
    }
}
