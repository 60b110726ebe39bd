//! What a step says, and the table at the end.

use std::{fmt::Write as _, io::Write as _, time::Duration};

/// A step passed with a note for the table, or stopped.
pub(crate) type StepResult = Result<String, Stop>;

/// Why a step did not pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// One line per finding, never empty.
    Failed(Vec<String>),
    /// The step could not or need not run here; this is why.
    Skipped(String),
}

impl From<String> for Stop {
    fn from(finding: String) -> Self {
        Self::Failed(vec![finding])
    }
}

/// Passes with `note` if nothing was found.
pub(crate) fn verdict(findings: Vec<String>, note: String) -> StepResult {
    if findings.is_empty() { Ok(note) } else { Err(Stop::Failed(findings)) }
}

/// A step that ran.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) took: Duration,
    pub(crate) result: StepResult,
}

impl Row {
    pub(crate) fn failed(&self) -> bool {
        matches!(self.result, Err(Stop::Failed(_)))
    }

    fn skipped(&self) -> bool {
        matches!(self.result, Err(Stop::Skipped(_)))
    }

    /// One line: the name, what became of it, how long it took, and why.
    pub(crate) fn line(&self) -> String {
        let (word, note) = match &self.result {
            Ok(note) => ("passed", note.clone()),
            Err(Stop::Skipped(reason)) => ("skipped", reason.clone()),
            Err(Stop::Failed(findings)) => {
                let first = findings.first().map_or("", String::as_str);
                let first = first.lines().next().unwrap_or_default();
                let more = match findings.len() {
                    0 | 1 => String::new(),
                    count => format!(" (and {} more)", count - 1),
                };
                ("FAILED", format!("{first}{more}"))
            }
        };
        let line = format!("{:<10}  {word:<7}  {:>8}  {note}", self.name, seconds(self.took));
        line.trim_end().to_owned()
    }
}

/// The closing table; its last line is `N passed, M failed, K skipped`.
pub(crate) fn table(rows: &[Row], took: Duration) -> String {
    let failed = rows.iter().filter(|row| row.failed()).count();
    let skipped = rows.iter().filter(|row| row.skipped()).count();
    let passed = rows.len() - failed - skipped;
    let mut text = String::new();
    for row in rows {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}", row.line());
    }
    let _ = write!(text, "{:<10}  {:<7}  {:>8}\n\n", "all", "", seconds(took));
    let _ = write!(text, "{passed} passed, {failed} failed, {skipped} skipped");
    text
}

/// A duration as a person reads it: `3.2 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Prints a line. A reader that went away (`| head`) is no reason to stop the checks.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, result: StepResult) -> Row {
        Row { name, took: Duration::from_millis(1234), result }
    }

    #[test]
    fn the_last_line_counts_passed_failed_and_skipped() {
        let rows = [
            row("fmt", Ok(String::new())),
            row("size", Ok("1,200 lines".to_owned())),
            row("deps", Err(Stop::Failed(vec!["tokio".to_owned(), "hyper".to_owned()]))),
            row("fuzz", Err(Stop::Skipped("needs --long".to_owned()))),
        ];
        let text = table(&rows, Duration::from_secs(5));
        assert_eq!(text.lines().last(), Some("2 passed, 1 failed, 1 skipped"));
        assert!(text.contains("deps        FAILED      1.2 s  tokio (and 1 more)"), "{text}");
        assert!(text.contains("fuzz        skipped     1.2 s  needs --long"), "{text}");
    }

    #[test]
    fn a_finding_makes_the_verdict_a_failure() {
        assert_eq!(verdict(Vec::new(), "fine".to_owned()), Ok("fine".to_owned()));
        let finding = vec!["bad".to_owned()];
        assert_eq!(verdict(finding.clone(), "fine".to_owned()), Err(Stop::Failed(finding)));
    }
}
