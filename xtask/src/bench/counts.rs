//! Instruction counts of the kernel's operations, which a noisy machine does not disturb.
//!
//! A small program does one operation N times and 2N times under callgrind; the difference divided by N
//! is what one operation costs, without what it takes to get ready. The counts are committed, and one
//! that grows by more than 5 % fails.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    bench::{lock, programs},
    process,
    project::Project,
    report::{StepResult, Stop, say, verdict},
};

/// The committed counts, by compiler and machine.
const FILE: &str = "benches/counts.json";

/// How much a count may grow, in percent.
const ALLOWED: i64 = 5;

/// Growth that is never a finding, in instructions: a derived count can be close to nothing.
const SLACK: i64 = 100;

/// Counts that are the difference of two others: the second is most of the first, and would hide it.
const DERIVED: [(&str, &str, &str); 3] = [
    ("check, without the signature", "check", "verify"),
    ("admit, without the check", "admit", "check"),
    ("admit bytes, without the check", "admit bytes", "check"),
];

/// Instructions of one operation, by name.
pub(crate) type Counts = BTreeMap<String, i64>;

/// The step of `cargo xtask test`.
pub(crate) fn step(project: &Project) -> StepResult {
    let findings = lock::findings(project)?;
    if !findings.is_empty() {
        return Err(Stop::Failed(findings));
    }
    valgrind(project)?;
    let key = key(project)?;
    let recorded = read(project)?;
    let Some(before) = recorded.get(&key) else {
        return Err(Stop::Skipped(format!("no count is recorded for {key}")));
    };
    let now = measure(project)?;
    show(&now, Some(before));
    verdict(findings_in(before, &now), format!("{} counts, {key}", now.len()))
}

/// `cargo xtask bench --record-counts`: rewrites the counts of this compiler and machine.
pub(crate) fn record(project: &Project) -> StepResult {
    valgrind(project)?;
    let key = key(project)?;
    let mut recorded = read(project)?;
    let now = measure(project)?;
    show(&now, recorded.get(&key));
    recorded.insert(key.clone(), now);
    let text = serde_json::to_string_pretty(&json!(recorded)).map_err(|e| e.to_string())?;
    let path = project.root.join(FILE);
    std::fs::write(path, text + "\n").map_err(|error| format!("{FILE}: {error}"))?;
    Ok(format!("written to {FILE} for {key}"))
}

/// Counts every operation; `None` where that is not possible.
pub(crate) fn if_possible(project: &Project) -> Result<Option<Counts>, String> {
    match valgrind(project) {
        Ok(()) => measure(project).map(Some),
        Err(Stop::Skipped(reason)) => {
            say(&format!("instruction counts: left out: {reason}"));
            Ok(None)
        }
        Err(Stop::Failed(findings)) => Err(findings.join("; ")),
    }
}

fn valgrind(project: &Project) -> Result<(), Stop> {
    let there = || process::output(project.command("valgrind").arg("--version"));
    match there() {
        Ok(_) => Ok(()),
        Err(_) if project.ci => {
            let apt = |args: &[&str]| {
                process::run(
                    project.command("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"),
                )
            };
            apt(&["update", "-qq"])?;
            apt(&["install", "-y", "-qq", "--no-install-recommends", "valgrind"])?;
            there()?;
            Ok(())
        }
        Err(_) => Err(Stop::Skipped("valgrind is not installed".to_owned())),
    }
}

/// Compiler, target and the one feature of the processor that chooses other code under valgrind.
fn key(project: &Project) -> Result<String, String> {
    let version = process::output(project.command("rustc").arg("-vV"))?;
    let field = |name: &str| {
        let line = version.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).ok_or_else(|| format!("rustc -vV does not say {name}"))
    };
    let avx2 = std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" avx2"));
    let avx2 = if avx2 { " avx2" } else { "" };
    Ok(format!("{} {}{avx2}", field("release:")?, field("host:")?))
}

fn read(project: &Project) -> Result<BTreeMap<String, Counts>, String> {
    if !project.root.join(FILE).is_file() {
        return Ok(BTreeMap::new());
    }
    parse(&project.read(FILE)?).ok_or_else(|| format!("{FILE} is not what was written there"))
}

fn parse(text: &str) -> Option<BTreeMap<String, Counts>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let counts = |value: &Value| -> Option<Counts> {
        let all = value.as_object()?.iter();
        all.map(|(name, count)| Some((name.clone(), count.as_i64()?))).collect()
    };
    let all = value.as_object()?.iter();
    all.map(|(key, value)| Some((key.clone(), counts(value)?))).collect()
}

fn measure(project: &Project) -> Result<Counts, String> {
    let program = programs::counts(project)?;
    let list = process::output(project.command(&program).arg("--list"))?;
    let mut counts = Counts::new();
    for line in list.lines() {
        let (name, times) = line.split_once('\t').ok_or("counts --list: no tab")?;
        let times: i64 = times.parse().map_err(|_| "counts --list: not a number")?;
        let run = |done: i64| {
            let mut command = project.command("valgrind");
            command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
            let prepared = (times * 2).to_string();
            command.arg(&program).args([name, &prepared, &done.to_string()]);
            let output = command.output().map_err(|error| format!("valgrind: {error}"))?;
            let text = String::from_utf8_lossy(&output.stderr);
            collected(&text)
                .filter(|_| output.status.success())
                .ok_or_else(|| format!("counts `{name}` under valgrind:\n{text}"))
        };
        let (once, twice) = (run(times)?, run(times * 2)?);
        counts.insert(name.to_owned(), (twice - once) / times);
    }
    for (name, whole, part) in DERIVED {
        if let (Some(whole), Some(part)) = (counts.get(whole), counts.get(part)) {
            counts.insert(name.to_owned(), whole - part);
        }
    }
    Ok(counts)
}

/// The number of instructions in what callgrind says at the end.
fn collected(text: &str) -> Option<i64> {
    let (_, number) = text.lines().find_map(|line| line.split_once("Collected : "))?;
    number.trim().parse().ok()
}

fn show(now: &Counts, before: Option<&Counts>) {
    for (name, count) in now {
        let change = before.and_then(|before| before.get(name)).map_or(String::new(), |before| {
            let promille = (count - before) * 1_000 / before.abs().max(1);
            let sign = if promille < 0 { '-' } else { '+' };
            let promille = promille.abs();
            format!("  {sign}{}.{} %", promille / 10, promille % 10)
        });
        say(&format!("  {name:<36}  {count:>10}{change}"));
    }
}

fn findings_in(before: &Counts, now: &Counts) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, count) in now {
        let Some(old) = before.get(name) else {
            findings.push(format!("{name}: not recorded; run `cargo xtask bench --record-counts`"));
            continue;
        };
        let limit = old + (old.abs() * ALLOWED / 100).max(SLACK);
        if *count > limit {
            findings.push(format!("{name}: {count} instructions, {old} were recorded"));
        }
    }
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    findings.extend(gone.map(|name| format!("{name}: recorded, but not counted any more")));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, i64)]) -> Counts {
        all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn more_than_five_percent_is_a_finding_and_less_is_not() {
        let before = counts(&[("a", 100_000)]);
        assert!(findings_in(&before, &counts(&[("a", 105_000)])).is_empty());
        assert!(findings_in(&before, &counts(&[("a", 50_000)])).is_empty());
        assert_eq!(findings_in(&before, &counts(&[("a", 105_001)])).len(), 1);
    }

    #[test]
    fn a_count_near_or_below_zero_has_slack() {
        let before = counts(&[("a", -20)]);
        assert!(findings_in(&before, &counts(&[("a", 80)])).is_empty());
        assert_eq!(findings_in(&before, &counts(&[("a", 81)])).len(), 1);
    }

    #[test]
    fn an_operation_that_is_new_or_gone_is_a_finding() {
        assert_eq!(findings_in(&counts(&[("a", 1)]), &counts(&[("b", 1)])).len(), 2);
    }

    #[test]
    fn the_number_is_read_from_what_callgrind_says() {
        let text = "==1== \n==1== Events    : Ir\n==1== Collected : 1234567\n==1== \n";
        assert_eq!(collected(text), Some(1_234_567));
        assert_eq!(collected("==1== Events : Ir"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = BTreeMap::from([("1.0 x".to_owned(), counts(&[("a", 1), ("b", -2)]))]);
        assert_eq!(parse(&json!(all).to_string()), Some(all));
        assert_eq!(parse(r#"{"k":{"a":"1"}}"#), None);
    }
}
