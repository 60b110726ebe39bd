//! No dependency of a published library needs a newer compiler than the library promises.

use std::collections::BTreeSet;

use crate::{
    metadata::Metadata,
    project::Project,
    report::{StepResult, verdict},
};

pub(crate) fn run(project: &Project) -> StepResult {
    let metadata = project.metadata()?;
    let libraries = metadata.members().filter(|member| member.is_library() && member.published);
    let note = format!("{} libraries", libraries.count());
    verdict(findings(metadata), note)
}

fn findings(metadata: &Metadata) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for library in metadata.members().filter(|member| member.is_library() && member.published) {
        let Some(promised) = library.rust_version.as_deref().and_then(version) else {
            findings.insert(format!("{} names no rust-version", library.name));
            continue;
        };
        for package in metadata.compiled_with(library) {
            // A dependency that names none says nothing; only a build with that compiler would.
            let Some(needed) = &package.rust_version else { continue };
            if version(needed).is_none_or(|needed| needed > promised) {
                findings.insert(format!(
                    "{} {} needs Rust {needed}, {} promises {}.{}",
                    package.name, package.version, library.name, promised.0, promised.1
                ));
            }
        }
    }
    findings.into_iter().collect()
}

/// `1.90` or `1.90.0` as numbers.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
    let version =
        (parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::SAMPLE;

    #[test]
    fn what_a_library_is_compiled_with_counts_and_what_it_is_tested_with_does_not() {
        let metadata = Metadata::parse(SAMPLE).unwrap();
        assert_eq!(
            findings(&metadata),
            [
                "gen 1.0.0 needs Rust 1.95, app promises 1.90",
                "lib 1.2.3 needs Rust 1.91.1, app promises 1.90",
            ]
        );
    }

    #[test]
    fn a_library_that_promises_nothing_is_found() {
        let mut metadata = Metadata::parse(SAMPLE).unwrap();
        for package in &mut metadata.packages {
            package.rust_version = None;
        }
        assert_eq!(findings(&metadata), ["app names no rust-version"]);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("1.9") < version("1.90"));
        assert_eq!(version("1.90"), version("1.90.0"));
        assert_eq!(version("2"), Some((2, 0, 0)));
        assert_eq!(version("1.x"), None);
        assert_eq!(version("1.2.3.4"), None);
    }
}
