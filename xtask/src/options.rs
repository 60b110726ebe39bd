//! The command line: which task, with which options.

use crate::test;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    TestHelp,
    List,
    Vectors,
    Test(TestOptions),
    BenchHelp,
    Bench(BenchOptions),
    /// The options are the program's own.
    Chaos(Vec<String>),
    /// So are these.
    Soak(Vec<String>),
}

/// Options of `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    /// Run the slow steps too.
    pub(crate) long: bool,
    /// Stop after the first failed step.
    pub(crate) fail_fast: bool,
    /// Run these steps only; all of them when empty.
    pub(crate) only: Vec<String>,
}

/// Options of `cargo xtask bench`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// Fewer rounds, one process; nothing is written to `docs`.
    pub(crate) quick: bool,
    /// Print all results as JSON too.
    pub(crate) json: bool,
    /// What to measure.
    pub(crate) what: What,
}

/// What `cargo xtask bench` measures.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Everything.
    #[default]
    All,
    /// Whole calls only.
    Calls,
    /// The embedded store only.
    Store,
    /// The scanner and the risk engine only.
    Risk,
    /// Instruction counts only, compared with the committed ones.
    Counts,
    /// Instruction counts only, which are then the committed ones.
    RecordCounts,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut args = args.into_iter();
    match args.next().as_deref() {
        None | Some("help" | "--help" | "-h") => Ok(Task::Help),
        Some("test") => parse_test(args),
        Some("vectors") => match args.next() {
            None => Ok(Task::Vectors),
            Some(other) => Err(format!("unknown option `{other}` of `vectors`")),
        },
        Some("bench") => parse_bench(args),
        Some("chaos") => Ok(Task::Chaos(args.collect())),
        Some("soak") => Ok(Task::Soak(args.collect())),
        Some(other) => Err(format!("unknown task `{other}`")),
    }
}

fn parse_test(mut args: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut options = TestOptions::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(Task::TestHelp),
            "--list" => return Ok(Task::List),
            "--long" => options.long = true,
            "--fail-fast" => options.fail_fast = true,
            "--only" => {
                let names = args.next().ok_or("`--only` needs a list of steps")?;
                select(&names, &mut options.only)?;
            }
            other => match other.strip_prefix("--only=") {
                Some(names) => select(names, &mut options.only)?,
                None => return Err(format!("unknown option `{other}` of `test`")),
            },
        }
    }
    Ok(Task::Test(options))
}

fn parse_bench(args: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut options = BenchOptions::default();
    for arg in args {
        match arg.as_str() {
            "--help" | "-h" => return Ok(Task::BenchHelp),
            "--quick" => options.quick = true,
            "--json" => options.json = true,
            "--calls" => options.what = What::Calls,
            "--store" => options.what = What::Store,
            "--risk" => options.what = What::Risk,
            "--counts" => options.what = What::Counts,
            "--record-counts" => options.what = What::RecordCounts,
            other => return Err(format!("unknown option `{other}` of `bench`")),
        }
    }
    Ok(Task::Bench(options))
}

fn select(names: &str, only: &mut Vec<String>) -> Result<(), String> {
    for name in names.split(',').map(str::trim) {
        if !test::STEPS.iter().any(|step| step.name == name) {
            return Err(format!(
                "unknown step `{name}`; the steps are: {}",
                test::STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
            ));
        }
        only.push(name.to_owned());
    }
    Ok(())
}

/// The text of `cargo xtask help`.
pub(crate) fn help() -> String {
    "Development tasks of the countersign workspace

Usage: cargo xtask <task> [options]

Tasks:
  test     Run every check that continuous integration runs (see `cargo xtask test --help`)
  vectors  Write the test vectors in docs/vectors anew
  chaos    Kill countersign at every step and count what became of it (see `cargo xtask chaos --help`)
  soak     Work for ten minutes and check that nothing grows
  bench    Measure the kernel beside its peers, and write docs/benchmarks.md (see `cargo xtask bench --help`)
  help     Show this text"
        .to_owned()
}

/// The text of `cargo xtask bench --help`.
pub(crate) fn bench_help() -> String {
    "Measure the kernel beside its peers

Usage: cargo xtask bench [options]

Builds `benches/` twice (as it is, and with the code for AVX-512), runs every group, the peers in
Python and Node, the instruction counts, the embedded store, the risk engine and whole calls, and
writes `docs/benchmarks.md`, `docs/benchmarks.svg`, `docs/store.md`, `docs/calls.md` and parts of
`docs/scanning.md` and `docs/risk-model.md`.
Keep the machine idle meanwhile.

Options:
  --quick          A first look in two minutes: fewer rounds, one process; written to `target/bench`
  --json           Print all results as JSON too (they are in `target/bench/results.json` anyway)
  --calls          Only whole calls beside bare HTTP requests; writes `docs/calls.md`
  --store          Only the embedded store beside other engines; written to `docs/store.md`
  --risk           Only the scanner and the risk engine; into `docs/scanning.md`, `docs/risk-model.md`
  --counts         Only count instructions, and compare with `benches/counts.json`
  --record-counts  Only count instructions, and rewrite `benches/counts.json`
  -h, --help       Show this text

Python, Node and valgrind are left out where they are missing; with `CI` set that is a failure."
        .to_owned()
}

/// The text of `cargo xtask test --help`.
pub(crate) fn test_help() -> String {
    format!(
        "Run every check that continuous integration runs

Usage: cargo xtask test [options]

Options:
  --only <step,…>  Run these steps only
  --list           List the steps and stop
  --long           Run the slow steps too
  --fail-fast      Stop after the first failed step (the default is to go on, to show them all)
  -h, --help       Show this text

Steps, in order:
{}

Environment:
  CI               If set, and neither empty, `0` nor `false`: a part whose tools cannot be
                   installed fails instead of being skipped
  COUNTERSIGN_SEED The seed of the documents that `formats` compares; a new one every time if unset

Exit status: 0 if no step failed, 1 if one did, 2 if the command line was wrong.
The last line reads `N passed, M failed, K skipped`.",
        test::list()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_a_task_the_help_is_shown() {
        assert_eq!(parsed(""), Ok(Task::Help));
        assert_eq!(parsed("--help"), Ok(Task::Help));
        assert_eq!(parsed("test --long --help"), Ok(Task::TestHelp));
    }

    #[test]
    fn vectors_takes_no_option() {
        assert_eq!(parsed("vectors"), Ok(Task::Vectors));
        assert!(parsed("vectors --check").is_err());
    }

    #[test]
    fn the_options_of_chaos_are_passed_on() {
        let passed = ["--kills", "7", "--json"].map(str::to_owned).to_vec();
        assert_eq!(parsed("chaos --kills 7 --json"), Ok(Task::Chaos(passed)));
        assert_eq!(parsed("chaos"), Ok(Task::Chaos(Vec::new())));
    }

    #[test]
    fn the_options_of_bench_are_read() {
        let wanted = BenchOptions { quick: true, json: true, ..BenchOptions::default() };
        assert_eq!(parsed("bench --quick --json"), Ok(Task::Bench(wanted)));
        let wanted = BenchOptions { what: What::RecordCounts, ..BenchOptions::default() };
        assert_eq!(parsed("bench --record-counts"), Ok(Task::Bench(wanted)));
        assert_eq!(parsed("bench --quick --help"), Ok(Task::BenchHelp));
        assert!(parsed("bench --long").is_err());
    }

    #[test]
    fn only_takes_a_list_in_both_spellings() {
        let wanted = |only: &[&str]| {
            Ok(Task::Test(TestOptions {
                only: only.iter().map(|name| (*name).to_owned()).collect(),
                ..TestOptions::default()
            }))
        };
        assert_eq!(parsed("test --only deps,size"), wanted(&["deps", "size"]));
        assert_eq!(parsed("test --only=deps --only size"), wanted(&["deps", "size"]));
    }

    #[test]
    fn a_misspelt_step_is_an_error_and_not_an_empty_run() {
        assert!(parsed("test --only dep").unwrap_err().contains("unknown step `dep`"));
        assert!(parsed("test --only=").is_err());
        assert!(parsed("test --only").is_err());
        assert!(parsed("test deps").is_err());
        assert!(parsed("tests").is_err());
    }

    #[test]
    fn the_help_names_every_step() {
        for step in test::STEPS {
            assert!(test_help().contains(step.name), "{}", step.name);
        }
    }
}
