//! Parts that stand outside the workspace.

use crate::{
    process,
    project::Project,
    report::{StepResult, Stop},
};

/// Compiles the fuzz targets, which stand outside the workspace.
pub(crate) fn fuzz(project: &Project) -> StepResult {
    if !project.long {
        return Err(Stop::Skipped("only with --long".to_owned()));
    }
    if !project.root.join("fuzz/Cargo.toml").is_file() {
        return Err(Stop::Skipped("no fuzz target yet".to_owned()));
    }
    process::run(project.cargo().args(["check", "--manifest-path", "fuzz/Cargo.toml", "--bins"]))?;
    Ok(String::new())
}
