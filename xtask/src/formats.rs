//! The written formats: the vectors are what the kernel makes, and verifiers in other languages,
//! which share no code with it, agree on them and on material that was made just now.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    process,
    project::Project,
    report::{StepResult, Stop, say},
};

const VECTORS: &str = "docs/vectors";
const FRESH: &str = "target/xtask/fresh";
const DOCUMENTS: &str = "target/xtask/documents.txt";
/// How many documents the canonical forms are compared on.
const COUNT: &str = "10000";

/// A verifier, and what makes it runnable.
#[derive(Debug)]
struct Verifier {
    name: &'static str,
    file: &'static str,
    /// Says whether the language is there.
    probe: &'static [&'static str],
    /// Debian packages that bring it; installed under CI only.
    packages: &'static [&'static str],
    /// Where files are copied to, because packages are looked for beside them.
    folder: Option<(&'static str, &'static [&'static str])>,
    install: &'static [&'static [&'static str]],
    run: &'static [&'static str],
}

const PYTHON: &str = "target/xtask/venv/bin/python";

const VERIFIERS: [Verifier; 2] = [
    Verifier {
        name: "python",
        file: "docs/verify/verify.py",
        probe: &["python3", "-c", "import ensurepip, venv"],
        packages: &["python3", "python3-venv"],
        folder: None,
        install: &[
            &["python3", "-m", "venv", "target/xtask/venv"],
            &[PYTHON, "-m", "pip", "install", "--quiet", "-r", "docs/verify/requirements.txt"],
        ],
        run: &[PYTHON, "docs/verify/verify.py"],
    },
    Verifier {
        name: "javascript",
        file: "docs/verify/verify.mjs",
        probe: &["npm", "--version"],
        packages: &["nodejs", "npm"],
        folder: Some(("target/xtask/npm", &["package.json", "package-lock.json", "verify.mjs"])),
        install: &[&[
            "npm",
            "ci",
            "--prefix=target/xtask/npm",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
        ]],
        run: &["node", "target/xtask/npm/verify.mjs"],
    },
];

/// Checks that the vectors are up to date, and lets the verifiers loose.
pub(crate) fn run(project: &Project) -> StepResult {
    process::run(project.cargo().args(["build", "--quiet", "-p", "countersign-vectors"]))?;
    let seed = seed();
    say(&format!("documents of seed {seed}"));
    let mut findings = Vec::new();
    for words in
        [&["check", VECTORS][..], &["fresh", FRESH], &["documents", COUNT, &seed, DOCUMENTS]]
    {
        findings.extend(vectors(project, words).err());
    }
    if !findings.is_empty() {
        return Err(Stop::Failed(findings));
    }
    let (mut passed, mut left_out) = (Vec::new(), Vec::new());
    for verifier in &VERIFIERS {
        if let Err(reason) = install(project, verifier) {
            let finding = format!("{}: cannot be installed: {reason}", verifier.name);
            if project.ci {
                findings.push(finding);
            } else {
                say(&finding);
                left_out.push(format!("{} left out: {reason}", verifier.name));
            }
            continue;
        }
        let given = ["--documents", DOCUMENTS, VECTORS, FRESH];
        match command(project, &[verifier.run, &given].concat()) {
            Ok(()) => passed.push(verifier.name.to_owned()),
            Err(finding) => findings.push(format!("{finding} (COUNTERSIGN_SEED={seed})")),
        }
    }
    if !findings.is_empty() {
        return Err(Stop::Failed(findings));
    }
    if passed.is_empty() {
        let left_out = left_out.join("; ");
        return Err(Stop::Skipped(format!("the vectors are the kernel's, but {left_out}")));
    }
    passed.extend(left_out);
    Ok(format!("{}; {COUNT} documents of seed {seed}", passed.join("; ")))
}

/// Writes the vectors anew.
pub(crate) fn write(project: &Project) -> Result<(), String> {
    vectors(project, &["write", VECTORS])
}

fn vectors(project: &Project, words: &[&str]) -> Result<(), String> {
    let run = ["run", "--quiet", "-p", "countersign-vectors", "--"];
    process::run(project.cargo().args(run).args(words))
}

/// The seed that the environment asks for, or one that was not used before.
fn seed() -> String {
    std::env::var("COUNTERSIGN_SEED")
        .ok()
        .filter(|seed| seed.parse::<u64>().is_ok())
        .unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            since.as_micros().to_string()
        })
}

fn install(project: &Project, verifier: &Verifier) -> Result<(), String> {
    if !project.root.join(verifier.file).is_file() {
        return Err(format!("there is no {}", verifier.file));
    }
    if let Err(missing) = command(project, verifier.probe) {
        if !project.ci {
            return Err(missing);
        }
        let apt = ["apt-get", "install", "--yes", "--no-install-recommends"];
        let update = ["apt-get", "update"];
        [&update[..], &[&apt, verifier.packages].concat()]
            .into_iter()
            .try_for_each(|words| command(project, words))
            .map_err(|error| format!("{missing}; {error}"))?;
    }
    if let Some((folder, files)) = verifier.folder {
        let folder = project.root.join(folder);
        let failed = |error| format!("{}: {error}", folder.display());
        std::fs::create_dir_all(&folder).map_err(failed)?;
        for file in files {
            let from = project.root.join("docs/verify").join(file);
            std::fs::copy(from, folder.join(file)).map_err(failed)?;
        }
    }
    verifier.install.iter().try_for_each(|words| command(project, words))
}

fn command(project: &Project, words: &[&str]) -> Result<(), String> {
    let (program, args) = words.split_first().ok_or("an empty command")?;
    // A relative program would be looked up from our folder, not from the command's.
    let program =
        if program.contains('/') { project.root.join(program) } else { (*program).into() };
    process::run(project.command(program).args(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verifier_has_its_files_and_its_packages_are_pinned() {
        let project = Project::open(false).unwrap();
        for verifier in &VERIFIERS {
            assert!(project.root.join(verifier.file).is_file(), "{}", verifier.file);
        }
        let requirements = project.read("docs/verify/requirements.txt").unwrap();
        assert!(requirements.lines().all(|line| line.contains("==")), "{requirements}");
        let package = project.read("docs/verify/package.json").unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        let pinned = package["dependencies"].as_object().unwrap().values();
        for version in pinned {
            let version = version.as_str().unwrap();
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
        }
    }
}
