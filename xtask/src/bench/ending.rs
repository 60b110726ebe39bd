//! What the pages have in common: their targets, where they are written, and what is said at the end.

use std::fmt::Write as _;
use std::path::Path;

use crate::bench::{programs::FOLDER, results::Results, targets::Target};
use crate::{options::BenchOptions, project::Project, report::say};

/// The head of a page: under what conditions it was measured, and the targets.
pub(crate) fn head(page: &mut String, conditions: &[(&str, String)], targets: &[Target]) {
    page.push_str("\n| | |\n|---|---|\n");
    for (name, value) in conditions {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str("\n## Targets\n\n");
    table(page, targets);
}

/// The table of the targets.
pub(crate) fn table(page: &mut String, targets: &[Target]) {
    page.push_str("| measured | target | found | |\n|---|---|---:|---|\n");
    for Target { about, wanted, measured, met } in targets {
        let met = if *met { "met" } else { "**missed**" };
        let _ = writeln!(page, "| {about} | {wanted} | {measured} | {met} |");
    }
}

/// Writes a page: to `docs`, or beside the build's other files if it was only a quick look.
pub(crate) fn write(
    project: &Project,
    options: &BenchOptions,
    name: &str,
    page: &str,
) -> Result<String, String> {
    let at = project.root.join(if options.quick { FOLDER } else { "docs" }).join(name);
    std::fs::write(&at, page).map_err(|error| format!("{}: {error}", at.display()))?;
    Ok(project.relative(&at).to_string())
}

/// Puts a text between the two marks of a name in a page.
pub(crate) fn put(page: &str, name: &str, text: &str) -> Result<String, String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let parts = page.split_once(&open).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&close)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("the page has no marks `{name}`"))?;
    Ok(format!("{before}{open}{text}{close}{after}"))
}

/// Says what was found, and returns the last line.
pub(crate) fn say_all(
    options: &BenchOptions,
    results: &Results,
    targets: &[Target],
    written: &str,
) -> String {
    if options.json {
        say(&results.to_json().to_string());
    }
    say("");
    for target in targets {
        let met = if target.met { "met   " } else { "MISSED" };
        say(&format!("{met}  {}: {} ({})", target.about, target.measured, target.wanted));
    }
    let missed = targets.iter().filter(|target| !target.met).count();
    let met = targets.len().saturating_sub(missed);
    format!("\n{met} targets met, {missed} missed; written to {written}")
}

/// Reads a page of `docs`.
pub(crate) fn read(project: &Project, name: &str) -> Result<String, String> {
    let at = project.root.join(Path::new("docs")).join(name);
    std::fs::read_to_string(&at).map_err(|error| format!("{}: {error}", at.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n";
        let new = put(page, "x", "new\n").unwrap();
        assert_eq!(new, page.replace("old", "new"));
        assert_eq!(put(&new, "x", "new\n").unwrap(), new);
        assert!(put(page, "z", "").is_err() && put("<!-- x -->\n", "x", "").is_err());
    }
}
