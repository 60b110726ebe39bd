//! Development tasks of the workspace, run as `cargo xtask <task>`.
//!
//! `cargo xtask vectors` writes the test vectors of the formats anew. `cargo xtask test` is everything that continuous integration runs: format, lints, dependency
//! rules, the size of the security kernel, tests, documentation, features, examples with their
//! output checked, hygiene, minimum Rust version and licences. It needs a Rust toolchain and
//! nothing else; whatever a machine lacks beyond that is listed as skipped, with the reason.
//!
//! The only dependency is `serde_json`, so that a task starts quickly from a clean checkout.

mod bench;
mod builds;
mod chaos;
mod code;
mod deny;
mod deps;
mod examples;
mod formats;
mod fuzz;
mod hygiene;
mod licences;
mod metadata;
mod msrv;
mod mutants;
mod options;
mod process;
mod project;
mod proofs;
mod quickstart;
mod report;
mod size;
mod spdx;
mod test;

use std::process::ExitCode;

use options::Task;
use project::Project;
use report::say;

/// Something was used wrongly, as opposed to 1: a check failed.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match options::parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            say(&options::help());
            ExitCode::SUCCESS
        }
        Ok(Task::TestHelp) => {
            say(&options::test_help());
            ExitCode::SUCCESS
        }
        Ok(Task::BenchHelp) => {
            say(&options::bench_help());
            ExitCode::SUCCESS
        }
        Ok(Task::Bench(options)) => match Project::open(false) {
            Ok(project) => bench::run(&project, &options),
            Err(error) => usage_error(&error),
        },
        Ok(Task::Chaos(args)) => match Project::open(false) {
            Ok(project) => chaos::run(&project, &args),
            Err(error) => usage_error(&error),
        },
        Ok(Task::Soak(args)) => match Project::open(false) {
            Ok(project) => {
                let args: Vec<_> = std::iter::once("soak".to_owned()).chain(args).collect();
                chaos::run(&project, &args)
            }
            Err(error) => usage_error(&error),
        },
        Ok(Task::List) => {
            say(&test::list());
            ExitCode::SUCCESS
        }
        Ok(Task::Vectors) => {
            match Project::open(false).and_then(|project| formats::write(&project)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        Ok(Task::Test(options)) => match Project::open(options.long) {
            Ok(project) => test::run(&project, &options),
            Err(error) => usage_error(&error),
        },
        Err(error) => usage_error(&error),
    }
}

fn usage_error(error: &str) -> ExitCode {
    eprintln!("error: {error}\n\nSee `cargo xtask help`.");
    ExitCode::from(USAGE)
}
