//! The working tree, and how commands are run in it.

use std::{
    cell::OnceCell,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{metadata::Metadata, process};

/// The working tree and the conditions of this run.
#[derive(Debug)]
pub(crate) struct Project {
    /// The workspace's root folder.
    pub(crate) root: PathBuf,
    /// Whether what can't be installed is a failure.
    pub(crate) ci: bool,
    /// Whether the slow steps run.
    pub(crate) long: bool,
    cargo: OsString,
    metadata: OnceCell<Result<Metadata, String>>,
}

impl Project {
    /// Finds the workspace that this binary belongs to.
    pub(crate) fn open(long: bool) -> Result<Self, String> {
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .parent()
            .filter(|root| root.join("Cargo.toml").is_file())
            .ok_or_else(|| format!("no workspace around {}", manifest_dir.display()))?
            .to_owned();
        let ci = std::env::var("CI").is_ok_and(|value| is_on(&value));
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Self { root, ci, long, cargo, metadata: OnceCell::new() })
    }

    /// What cargo knows of the workspace and its dependencies.
    pub(crate) fn metadata(&self) -> Result<&Metadata, String> {
        self.metadata
            .get_or_init(|| {
                let output = process::output(self.cargo().args([
                    "metadata",
                    "--format-version=1",
                    "--all-features",
                ]))?;
                Metadata::parse(&output)
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A cargo command in the root folder, cut off from our own standard input.
    ///
    /// The variables that `cargo run` set for this very program are taken away again: some build
    /// scripts (ring's) watch them, and would rebuild half the tree when they come and go.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.command(&self.cargo);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_set_by_cargo_run) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Any command in the root folder, cut off from our own standard input.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// Reads a text file, named relative to the root.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Result<String, String> {
        let path = path.as_ref();
        std::fs::read_to_string(self.root.join(path))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// A path as a reader of the output wants it: relative to the root.
    pub(crate) fn relative<'path>(&self, path: &'path Path) -> std::path::Display<'path> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn is_on(value: &str) -> bool {
    !matches!(value, "" | "0" | "false")
}

fn is_set_by_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_")
        || matches!(name, "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_off_when_empty_zero_or_false() {
        assert!(is_on("true") && is_on("1") && is_on("woodpecker"));
        assert!(!is_on("") && !is_on("0") && !is_on("false"));
    }

    #[test]
    fn what_cargo_run_sets_is_taken_away_and_the_users_settings_stay() {
        assert!(is_set_by_cargo_run("CARGO_PKG_VERSION"));
        assert!(is_set_by_cargo_run("CARGO_MANIFEST_DIR"));
        assert!(!is_set_by_cargo_run("CARGO_TARGET_DIR"));
        assert!(!is_set_by_cargo_run("CARGO_HOME"));
        assert!(!is_set_by_cargo_run("CARGO_NET_OFFLINE"));
    }
}
