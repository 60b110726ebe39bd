//! What must not be in the repository, and the words that every crate must open with.

use std::path::Path;

use crate::{
    metadata::Target,
    process,
    project::Project,
    report::{StepResult, Stop, verdict},
};

/// Absolute folders of somebody's machine. Taken apart, so that this file does not find itself.
const FOLDERS: [&str; 3] = ["work", "farm", "root"];

/// Macros that stand for code that was not written.
const UNWRITTEN: [&str; 2] = [concat!("to", "do!("), concat!("unimple", "mented!(")];

/// Fewer characters than this introduce nobody to a crate.
const SHORTEST_DOC: usize = 200;

pub(crate) fn run(project: &Project) -> StepResult {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = match process::output(project.command("git").args(list)) {
        Ok(files) => files,
        Err(reason) if project.ci => return Err(reason.into()),
        Err(reason) => return Err(Stop::Skipped(reason)),
    };
    let mut findings = Vec::new();
    let mut checked = 0;
    for name in files.split('\0').filter(|name| !name.is_empty()) {
        let path = Path::new(name);
        let full = project.root.join(path);
        // Deleted but not yet committed, a link, a submodule; the lock file is cargo's.
        let is_file = full.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file || path.file_name().is_some_and(|file| file == "Cargo.lock") {
            continue;
        }
        let bytes = std::fs::read(&full).map_err(|error| format!("{name}: {error}"))?;
        if !bytes.contains(&0) {
            checked += 1;
            let text = String::from_utf8_lossy(&bytes);
            findings.extend(in_text(&text).into_iter().map(|finding| format!("{name}:{finding}")));
        }
    }
    let metadata = project.metadata()?;
    for member in metadata.members() {
        let main = |kind: &str| member.targets.iter().find(|target| target.is(kind));
        if let Some(target) = main("lib").or_else(|| main("bin")) {
            let doc = crate_doc(project, target);
            findings.extend(doc.err().map(|finding| format!("{}: {finding}", member.name)));
        }
    }
    if checked == 0 {
        findings.push("git lists no text file".to_owned());
    }
    verdict(findings, format!("{checked} files, {} crates", metadata.members().count()))
}

/// Findings as `line: what`.
fn in_text(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in FOLDERS {
            if line.contains(&format!("/{folder}/")) {
                findings.push(format!("{number}: a path of somebody's machine"));
            }
        }
        for unwritten in UNWRITTEN {
            if line.contains(unwritten) {
                findings.push(format!("{number}: {unwritten}…)"));
            }
        }
    }
    findings
}

/// A crate's main file opens with its documentation, or with a file that holds it.
fn crate_doc(project: &Project, target: &Target) -> Result<(), String> {
    let source = project.read(&target.source_file)?;
    let shown = project.relative(&target.source_file);
    let doc = match opening(&source) {
        Opening::Doc(doc) => doc,
        Opening::Included(file) => {
            let folder = target.source_file.parent().unwrap_or(&project.root);
            project.read(folder.join(file))?
        }
        Opening::Other => {
            return Err(format!(
                "{shown} opens with neither `//!` nor `#![doc = include_str!(…)]`"
            ));
        }
    };
    let length = doc.trim().chars().count();
    if length < SHORTEST_DOC {
        return Err(format!(
            "{shown} opens with {length} characters of documentation, fewer than {SHORTEST_DOC}"
        ));
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Opening {
    Doc(String),
    Included(String),
    Other,
}

fn opening(source: &str) -> Opening {
    let included = source
        .strip_prefix("#![doc = include_str!(\"")
        .and_then(|rest| rest.split_once('"'))
        .map(|(file, _)| file.to_owned());
    if let Some(file) = included {
        return Opening::Included(file);
    }
    let doc: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    if doc.is_empty() { Opening::Other } else { Opening::Doc(doc.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_folder_and_an_unwritten_body_are_found_with_their_line() {
        let bad = format!("fine\nsee {}/x\nfn f() {{ {}\"later\") }}\n", "/farm", UNWRITTEN[0]);
        let found = in_text(&bad);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("2: ") && found[1].starts_with("3: "), "{found:?}");
    }

    #[test]
    fn ordinary_words_and_relative_paths_are_not_found() {
        assert!(
            in_text("the root of the work; rootless/x; a/workspace/b; todo: none\n").is_empty()
        );
    }

    #[test]
    fn a_crate_opens_with_its_doc_or_the_file_that_holds_it() {
        assert_eq!(opening("//! A.\n//! B.\nmod c;\n"), Opening::Doc(" A.\n B.".to_owned()));
        let included = opening("#![doc = include_str!(\"../README.md\")]\nmod c;\n");
        assert_eq!(included, Opening::Included("../README.md".to_owned()));
        assert_eq!(opening("mod c;\n//! late\n"), Opening::Other);
        assert_eq!(opening("// not a doc\n"), Opening::Other);
    }
}
