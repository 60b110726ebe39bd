//! The examples, run for real.

use std::{fs::File, path::Path, time::Duration};

use crate::{
    process,
    project::Project,
    quickstart,
    report::{StepResult, Stop, say, verdict},
};

/// How long one example may run, without its build.
const LIMIT: Duration = Duration::from_secs(120);

/// Examples that have to end well; what they print is for people.
const PLAIN: [&str; 4] = ["two_phase", "local_tool", "custom_connector", "resume_after_restart"];

/// Recorded agent sessions, kept beside the repository and not in it.
const SESSIONS: &str = "../shared/data/agentdojo_sessions.jsonl";
const CATALOG: &str = "../shared/data/catalog.json";

/// Runs `quickstart --json` and compares it with the table of expected scenarios.
pub(crate) fn quickstart(project: &Project) -> StepResult {
    build(project, "quickstart")?;
    // Into a file and not a pipe: nobody has to read it while the example runs.
    let folder = project.root.join("target/xtask");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join("quickstart.jsonl");
    let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut command = project.cargo();
    command.args(["run", "--quiet", "--example", "quickstart", "--", "--json"]).stdout(file);
    let ended = process::run_limited(&mut command, LIMIT);
    let output = project.read(&path)?;
    say(output.trim_end());
    let mut findings: Vec<String> = ended.err().into_iter().collect();
    findings.extend(quickstart::findings(&output));
    verdict(findings, format!("{} scenarios as expected", quickstart::scenarios()))
}

/// Runs the other examples.
pub(crate) fn plain(project: &Project) -> StepResult {
    let mut findings = Vec::new();
    for name in PLAIN {
        if let Err(finding) = build(project, name).and_then(|()| run(project, name, &[])) {
            findings.push(finding);
        }
    }
    verdict(findings, PLAIN.join(", "))
}

/// Replays recorded sessions, where they are at hand.
pub(crate) fn sessions(project: &Project) -> StepResult {
    if let Some(missing) = [SESSIONS, CATALOG].iter().find(|path| !exists(project, path)) {
        return Err(Stop::Skipped(format!("no {missing}; it is not part of the repository")));
    }
    build(project, "guard_sessions")?;
    run(project, "guard_sessions", &[SESSIONS, CATALOG])?;
    Ok(String::new())
}

fn exists(project: &Project, path: &str) -> bool {
    project.root.join(Path::new(path)).is_file()
}

/// Building apart, so that the time limit is the example's own.
fn build(project: &Project, name: &str) -> Result<(), String> {
    let known = project.metadata()?.members().any(|member| {
        member.targets.iter().any(|target| target.is("example") && target.name == name)
    });
    if !known {
        return Err(format!("there is no example `{name}`"));
    }
    process::run(project.cargo().args(["build", "--quiet", "--example", name]))
}

fn run(project: &Project, name: &str, args: &[&str]) -> Result<(), String> {
    let mut command = project.cargo();
    command.args(["run", "--quiet", "--example", name]);
    if !args.is_empty() {
        command.arg("--").args(args);
    }
    process::run_limited(&mut command, LIMIT)
}
