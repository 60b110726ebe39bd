//! What is written where: results, errors, JSON, tables, times.

use std::fmt::Write as _;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::process::ExitCode;

use countersign::KeyFileError;
use countersign::ticket::KeyError;
use countersign_canon::Value;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As asked: exit code 0.
    Yes,
    /// What was asked about is not so, or some lines failed: exit code 1.
    No,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Json(#[from] countersign_canon::Error),
    #[error("{0}: {1}")]
    Read(String, io::Error),
    #[error("standard output: {0}")]
    Write(io::Error),
    #[error("{0}: {1}")]
    Jwks(String, KeyError),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error("{0}")]
    Usage(String),
    #[error("{1}")]
    Unusable(&'static str, String),
    /// Whoever read our output has had enough.
    #[error("standard output is closed")]
    ClosedPipe,
}

impl Failure {
    fn kind(&self) -> &'static str {
        match self {
            Self::Json(error) => error.kind().code(),
            Self::Read(..) => "unreadable",
            Self::Write(_) | Self::ClosedPipe => "unwritable",
            Self::Jwks(..) => "jwks_unusable",
            Self::Keys(KeyFileError::Unknown(_)) => "unknown_key",
            Self::Keys(_) => "keys_unusable",
            Self::Usage(_) => "usage",
            Self::Unusable(kind, _) => kind,
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Keys(KeyFileError::Unknown(_)) => 1,
            _ => 2,
        }
    }

    fn to_json(&self) -> String {
        let text = self.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let error = Json::new().text("kind", self.kind()).text("message", text);
        let error = match self {
            Self::Json(json) => error.raw("offset", &json.offset().to_string()),
            _ => error,
        };
        Json::new().raw("error", &error.done()).done()
    }
}

/// Says what went wrong, and gives the exit code.
pub(crate) fn finish(result: Result<Answer, Failure>, json: bool) -> ExitCode {
    let failure = match result {
        Ok(Answer::Yes) => return ExitCode::SUCCESS,
        Ok(Answer::No) => return ExitCode::from(1),
        Err(failure) => failure,
    };
    if !matches!(failure, Failure::ClosedPipe) {
        let text = if json { failure.to_json() } else { format!("error: {}", visible(&failure)) };
        // Where standard error is closed too there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }
    ExitCode::from(failure.exit_code())
}

/// Standard output, buffered.
#[derive(Debug)]
pub(crate) struct Out(BufWriter<StdoutLock<'static>>);

impl Out {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(64 * 1024, io::stdout().lock()))
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).map_err(unwritten)
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Results count when they are out: every command ends with this.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush().map_err(unwritten)
    }
}

fn unwritten(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Write(error),
    }
}

/// A JSON object whose members stay in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Json(String);

impl Json {
    pub(crate) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a member that is JSON already.
    pub(crate) fn raw(mut self, key: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quote(key));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    pub(crate) fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, &quote(text))
    }

    /// Adds a text, or `null`.
    pub(crate) fn optional(self, key: &str, text: Option<&str>) -> Self {
        self.raw(key, &text.map_or_else(|| "null".to_owned(), quote))
    }

    pub(crate) fn value(self, key: &str, value: &Value) -> Self {
        self.raw(key, &inert(value.to_canonical().as_str()))
    }

    pub(crate) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON array of JSON texts.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// A JSON string.
pub(crate) fn quote(text: &str) -> String {
    inert(Value::from(text).to_canonical().as_str())
}

/// The same JSON, with characters that act on a terminal or hide from the eye as escapes. They can
/// only stand in strings, so the value stays the same.
pub(crate) fn inert(json: &str) -> String {
    if !json.contains(deceptive) {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if deceptive(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A text for people: what acts on a terminal or hides from the eye becomes `\u{…}`.
pub(crate) fn visible(text: &impl ToString) -> String {
    let text = text.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if deceptive(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Control characters, and those that reorder or hide text.
fn deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A JSON value for people: a plain text as it is, everything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains(deceptive) => text.to_owned(),
        _ => inert(value.to_canonical().as_str()),
    }
}

/// Rows in columns, two spaces apart. Nothing is padded at the end of a line.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Seconds since 1970 as UTC, for example `2026-03-10T09:00:00Z`; as they are beyond the years 1 to
/// 9999.
pub(crate) fn utc(seconds: i64) -> String {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_10000: i64 = 253_402_300_800;
    if !(YEAR_1..YEAR_10000).contains(&seconds) {
        return format!("{seconds} seconds after 1970");
    }
    let (day, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in eras of 400 years, years from March on, months of 153/5 days.
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// How far a time lies from another: `in 42 s`, `3 min ago`.
pub(crate) fn relative(seconds: i64, now: i64) -> String {
    let ahead = seconds.saturating_sub(now);
    let span = ahead.unsigned_abs();
    let (count, unit) = match span {
        0 => return "now".to_owned(),
        1..120 => (span, "s"),
        120..7200 => (span / 60, "min"),
        7200..172_800 => (span / 3600, "h"),
        _ => (span / 86_400, "days"),
    };
    if ahead > 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        for beyond in [i64::MIN, -62_135_596_801, 253_402_300_800, i64::MAX] {
            assert!(utc(beyond).starts_with(&beyond.to_string()));
        }
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (ahead, text) in [
            (0, "now"),
            (42, "in 42 s"),
            (-60, "60 s ago"),
            (-180, "3 min ago"),
            (7200, "in 2 h"),
            (172_800, "in 2 days"),
        ] {
            assert_eq!(relative(1_000_000 + ahead, 1_000_000), text);
        }
        assert!(relative(i64::MAX, i64::MIN).starts_with("in "));
        assert!(relative(i64::MIN, i64::MAX).ends_with(" ago"));
    }

    #[test]
    fn what_deceives_is_escaped_and_means_the_same() {
        let hostile = "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\"\\\n";
        let quoted = quote(hostile);
        assert!(!quoted.contains(deceptive), "{quoted}");
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), hostile);
        assert_eq!(visible(&"a\u{1b}[31m\u{202e}\n"), r"a\u{1b}[31m\u{202e}\u{a}");
        assert_eq!(visible(&"é 日"), "é 日");
        assert_eq!(shown(&Value::from("a\u{1b}")), "\"a\\u001b\"");
    }
}
