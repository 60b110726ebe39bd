//! Kills countersign at every step: `crates/chaos`, built and run.

use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::{
    process,
    project::Project,
    report::{StepResult, verdict},
};

/// How long the step may take, without building.
const LIMIT: Duration = Duration::from_secs(300);
const LONG_LIMIT: Duration = Duration::from_secs(3600);

/// The program, built for a run that takes long. What cargo says goes to standard error.
fn quick(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["run", "--quiet", "--profile", "proof", "-p", "countersign-chaos", "--"]);
    command
}

/// `cargo xtask chaos`: the options are the program's.
pub(crate) fn run(project: &Project, args: &[String]) -> ExitCode {
    match quick(project).args(args).status() {
        Ok(status) => {
            ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The same as a step of `cargo xtask test`: few kills and rounds with the build that is there anyway, or
/// all of them.
pub(crate) fn step(project: &Project) -> StepResult {
    let mut findings = Vec::new();
    if project.long {
        findings.extend(process::run_limited(&mut quick(project), LONG_LIMIT).err());
        findings.extend(process::run_limited(quick(project).arg("--race"), LONG_LIMIT).err());
        return verdict(findings, "500 kills, 200 rounds of the race".to_owned());
    }
    process::run(project.cargo().args(["build", "--quiet", "-p", "countersign-chaos"]))?;
    for args in [["--kills", "60"].as_slice(), &["--race", "--rounds", "3"]] {
        let mut command = project.cargo();
        command.args(["run", "--quiet", "-p", "countersign-chaos", "--"]).args(args);
        findings.extend(process::run_limited(&mut command, LIMIT).err());
    }
    verdict(findings, "60 kills, 3 rounds of the race".to_owned())
}
