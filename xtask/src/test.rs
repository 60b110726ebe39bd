//! `cargo xtask test`: the steps, in order.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{
    bench, builds, chaos, deps, examples, formats, fuzz, hygiene, licences, msrv, mutants,
    options::TestOptions,
    project::Project,
    proofs,
    report::{Row, StepResult, Stop, say, table},
    size,
};

/// One check with a name to call it by.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    about: &'static str,
    run: fn(&Project) -> StepResult,
}

/// Every step. None needs the result of an earlier one, so all of them run and a developer sees
/// everything that is wrong at once.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the code is formatted", run: builds::fmt },
    Step { name: "clippy", about: "no lint warns, in all targets", run: builds::clippy },
    Step { name: "deps", about: "the light crates depend on nothing heavy", run: deps::run },
    Step { name: "size", about: "the security kernel stays small", run: size::run },
    Step { name: "test", about: "unit, property, integration and doc tests", run: builds::test },
    Step {
        name: "proofs",
        about: "proofs that need an optimised build, or others' data",
        run: proofs::run,
    },
    Step {
        name: "chaos",
        about: "killed 60 times, nothing is done twice or lost (--long: 500 times)",
        run: chaos::step,
    },
    Step { name: "doc", about: "the documentation builds without a warning", run: builds::doc },
    Step { name: "features", about: "no feature, and each single one", run: builds::features },
    Step {
        name: "quickstart",
        about: "the quickstart reports what is expected of every scenario",
        run: examples::quickstart,
    },
    Step { name: "examples", about: "the other examples run", run: examples::plain },
    Step { name: "sessions", about: "recorded agent sessions replay", run: examples::sessions },
    Step { name: "formats", about: "other languages verify our formats", run: formats::run },
    Step {
        name: "counts",
        about: "no operation of the kernel needs more instructions",
        run: bench::counts::step,
    },
    Step { name: "benches", about: "the benchmarks compile (--long)", run: bench::programs::check },
    Step {
        name: "fuzz",
        about: "the fuzz targets find nothing (--long: 10 minutes)",
        run: fuzz::run,
    },
    Step {
        name: "mutants",
        about: "the tests notice wrong lines in the kernel (--long)",
        run: mutants::run,
    },
    Step { name: "hygiene", about: "no stray path or unwritten body", run: hygiene::run },
    Step { name: "msrv", about: "no dependency needs a newer compiler", run: msrv::run },
    Step { name: "licences", about: "licences, sources, banned crates", run: licences::run },
];

/// The steps with what they check, one per line.
pub(crate) fn list() -> String {
    let lines: Vec<_> =
        STEPS.iter().map(|step| format!("  {:<10}  {}", step.name, step.about)).collect();
    lines.join("\n")
}

/// Runs the chosen steps; fails if one of them did.
pub(crate) fn run(project: &Project, options: &TestOptions) -> ExitCode {
    let chosen: Vec<_> = STEPS
        .iter()
        .filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name))
        .collect();
    let start = Instant::now();
    let mut rows = Vec::new();
    for (number, step) in (1..).zip(&chosen) {
        say(&format!("\n==> {number}/{} {}: {}", chosen.len(), step.name, step.about));
        let row = run_step(project, step);
        if let Err(Stop::Failed(findings)) = &row.result {
            for finding in findings {
                say(&format!("  - {finding}"));
            }
        }
        say(&format!("<== {}", row.line()));
        let failed = row.failed();
        rows.push(row);
        if failed && options.fail_fast {
            break;
        }
    }
    finish(&rows, start.elapsed())
}

fn run_step(project: &Project, step: &Step) -> Row {
    let start = Instant::now();
    let result = (step.run)(project);
    Row { name: step.name, took: start.elapsed(), result }
}

fn finish(rows: &[Row], took: Duration) -> ExitCode {
    say(&format!("\n{}", table(rows, took)));
    if any_failed(rows) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn any_failed(rows: &[Row]) -> bool {
    rows.iter().any(Row::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_makes_the_run_fail_and_a_skipped_one_does_not() {
        let row = |result| Row { name: "one", took: Duration::ZERO, result };
        assert!(!any_failed(&[row(Ok(String::new()))]));
        assert!(!any_failed(&[row(Err(Stop::Skipped("here".to_owned())))]));
        let failed = row(Err(Stop::Failed(vec!["bad".to_owned()])));
        assert!(any_failed(&[row(Ok(String::new())), failed]));
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
