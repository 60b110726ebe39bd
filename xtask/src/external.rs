//! Parts that need more than Rust: verifiers in other languages.

use crate::{
    process,
    project::Project,
    report::{StepResult, Stop, say},
};

/// A check in another language, present when its main file is.
#[derive(Debug)]
struct Part {
    name: &'static str,
    file: &'static str,
    /// Commands that make it runnable; the first that fails says that it can't be installed here.
    install: &'static [&'static [&'static str]],
    run: &'static [&'static str],
}

const PYTHON: &str = "target/xtask/venv/bin/python";

const PARTS: [Part; 2] = [
    Part {
        name: "python",
        file: "docs/verify/verify.py",
        install: &[
            &["python3", "-m", "venv", "target/xtask/venv"],
            &[PYTHON, "-m", "pip", "install", "--quiet", "-r", "docs/verify/requirements.txt"],
        ],
        run: &[PYTHON, "docs/verify/verify.py"],
    },
    Part {
        name: "javascript",
        file: "docs/verify/verify.mjs",
        install: &[&["node", "--version"]],
        run: &["node", "docs/verify/verify.mjs"],
    },
];

/// Checks the formats with verifiers that share no code with ours.
pub(crate) fn formats(project: &Project) -> StepResult {
    let parts: Vec<_> =
        PARTS.iter().filter(|part| project.root.join(part.file).is_file()).collect();
    let mut passed = Vec::new();
    let mut left_out = Vec::new();
    let mut findings = Vec::new();
    for part in parts {
        if let Err(reason) = install(project, part) {
            if project.ci {
                findings.push(format!("{}: cannot be installed: {reason}", part.name));
            } else {
                say(&format!("{}: left out: {reason}", part.name));
                left_out.push(format!("{} left out: {reason}", part.name));
            }
        } else {
            match command(project, part.run) {
                Ok(()) => passed.push(part.name.to_owned()),
                Err(finding) => findings.push(finding),
            }
        }
    }
    if !findings.is_empty() {
        return Err(Stop::Failed(findings));
    }
    if passed.is_empty() {
        let none = "no verifier in docs/verify yet".to_owned();
        return Err(Stop::Skipped(if left_out.is_empty() { none } else { left_out.join("; ") }));
    }
    passed.extend(left_out);
    Ok(passed.join("; "))
}

fn install(project: &Project, part: &Part) -> Result<(), String> {
    part.install.iter().try_for_each(|words| command(project, words))
}

fn command(project: &Project, words: &[&str]) -> Result<(), String> {
    let (program, args) = words.split_first().ok_or("an empty command")?;
    // A relative program would be looked up from our folder, not from the command's.
    let program =
        if program.contains('/') { project.root.join(program) } else { (*program).into() };
    process::run(project.command(program).args(args))
}
