//! Building what is run, and making the peers of other languages runnable.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{
    process,
    project::Project,
    report::{Stop, say},
};

/// Everything that is built for benchmarks goes here.
pub(crate) const FOLDER: &str = "target/bench";

/// A way to build: the name of its folder, and flags for the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) name: &'static str,
    pub(crate) flags: &'static str,
}

/// As cargo builds without being told anything.
pub(crate) const DEFAULT: Build = Build { name: "default", flags: "" };

/// With the code for AVX-512 IFMA compiled in, which a program chooses when it runs.
pub(crate) const AVX512: Build =
    Build { name: "avx512", flags: "--cfg curve25519_dalek_backend=\"avx512\"" };

/// Builds programs of one package and returns the folder they are in.
pub(crate) fn build(project: &Project, build: Build, package: &str) -> Result<PathBuf, String> {
    compile(project, build.name, build.flags, package)
}

/// The counting program; its folder is shared with nothing, so that it stays built.
pub(crate) fn counts(project: &Project) -> Result<PathBuf, String> {
    Ok(compile(project, "counts", "", "counts")?.join("counts"))
}

fn compile(project: &Project, folder: &str, flags: &str, package: &str) -> Result<PathBuf, String> {
    let target = project.root.join(FOLDER).join(folder);
    let mut cargo = project.cargo();
    cargo.args(["build", "--release", "--manifest-path", "benches/Cargo.toml", "--bins"]);
    cargo.args(["--package", package]).arg("--target-dir").arg(&target);
    if project.ci {
        cargo.arg("--locked");
    }
    // Set, even if to nothing, so that no setting of the user's makes other code.
    cargo.env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
    process::run(&mut cargo)?;
    Ok(target.join("release"))
}

/// A peer in another language: ready to run, or the reason why it is left out.
pub(crate) fn python(project: &Project, inputs: &Path) -> Result<Command, Stop> {
    environment(project, "venv", "requirements.txt", "peers.py", inputs)
}

/// Presidio, in an environment of its own: it brings some fifty packages.
pub(crate) fn presidio(project: &Project, texts: &Path) -> Result<Command, Stop> {
    environment(project, "venv-scan", "requirements-scan.txt", "scan.py", texts)
}

fn environment(
    project: &Project,
    name: &str,
    requirements: &str,
    program: &str,
    inputs: &Path,
) -> Result<Command, Stop> {
    let folder = Path::new("benches/peers");
    let venv = project.root.join(FOLDER).join(name);
    let python = venv.join("bin/python");
    let install = || {
        process::run(project.command("python3").args(["-m", "venv"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "-r"];
        process::run(project.command(&python).args(pip).arg(folder.join(requirements)))
    };
    install().map_err(|reason| missing(project, "Python", &reason))?;
    let mut command = project.command(&python);
    command.arg(folder.join(program)).arg(inputs);
    Ok(command)
}

/// The same for Node.
pub(crate) fn node(project: &Project, inputs: &Path) -> Result<Command, Stop> {
    let folder = project.root.join(FOLDER).join("node");
    let install = || {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for file in ["package.json", "package-lock.json", "peers.mjs"] {
            let from = project.root.join("benches/peers").join(file);
            std::fs::copy(from, folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        }
        let npm = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
        process::run(project.command("npm").args(npm).current_dir(&folder))?;
        process::run(project.command("node").arg("--version"))
    };
    install().map_err(|reason| missing(project, "Node", &reason))?;
    let mut command = project.command("node");
    command.arg(folder.join("peers.mjs")).arg(inputs);
    Ok(command)
}

fn missing(project: &Project, name: &str, reason: &str) -> Stop {
    let text = format!("{name} is left out: {reason}");
    say(&text);
    if project.ci { Stop::Failed(vec![text]) } else { Stop::Skipped(text) }
}

/// Compiles everything in the benchmarks' folder, criterion's included: for `--long`.
pub(crate) fn check(project: &Project) -> Result<String, Stop> {
    if !project.long {
        return Err(Stop::Skipped("only with --long".to_owned()));
    }
    let mut cargo = project.cargo();
    cargo.args(["clippy", "--manifest-path", "benches/Cargo.toml", "--workspace", "--all-targets"]);
    cargo.arg("--target-dir").arg(project.root.join(FOLDER).join("check"));
    cargo.args(["--", "-D", "warnings"]);
    process::run(&mut cargo)?;
    let fmt = ["fmt", "--all", "--check", "--manifest-path", "benches/Cargo.toml"];
    process::run(project.cargo().args(fmt))?;
    Ok(String::new())
}
