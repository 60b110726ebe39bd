//! `countersign scan`: secrets, personal data and instructions to an agent in a text.

use std::path::PathBuf;

use countersign_risk::scan::{self, Kind, Span};

use crate::input::{self, Source};
use crate::output::{Answer, Failure, Json, Out, array, table, visible};

/// Longest input, in bytes.
const MAX_INPUT: usize = 16 * 1024 * 1024;

const AFTER: &str = "\
Reads a text (UTF-8) from FILE or standard input. Writes what was found in it, one line each: kind, \
type or rule, place, weight, and how it stood there (plain, base64, ...). A found value is never \
written. Texts of up to 16 MiB are scanned whole; it is said if more is encoded in one than is decoded.

With --json one object is written: {\"findings\":[{\"kind\",\"type\" or null,\"rule\",\"start\",\"end\",\
\"start_char\",\"end_char\",\"class\",\"evidence\"}],\"truncated\"}. kind is secret, pii, injection or \
hidden; type is that of personal data or injections; start and end count bytes, start_char and \
end_char characters (code points), end exclusive.

With --redact the text is written with a placeholder for every secret and all personal data, the \
same for the same value and another for every other: <EMAIL:1>. With --sanitize it is written as an agent may read it: between \
two marks, instructions and invisible characters marked; nothing visible is left out. With --json \
too, both write {\"text\",\"findings\",\"truncated\"}.

Exit codes:
  0  nothing was found (with --redact and --sanitize: written)
  1  something was found, or not all of it could be decoded
  2  unreadable, too long, or not UTF-8

Examples:
  echo 'mail kim@example.com' | countersign scan
  countersign scan --redact letter.txt
  countersign scan --json - < page.html";

/// Find secrets, personal data and instructions to an agent in a text.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// Write the text with placeholders for secrets and personal data.
    #[arg(long)]
    redact: bool,

    /// Write the text as an agent may read it.
    #[arg(long, conflicts_with = "redact")]
    sanitize: bool,

    /// The file; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let bytes = input::read(Source::of(args.file.as_deref()), MAX_INPUT, json)?;
    if bytes.len() > MAX_INPUT {
        return Err(Failure::Unusable("too_large", format!("longer than {MAX_INPUT} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::Unusable("invalid_utf8", format!("not UTF-8 at byte {place}"))
    })?;
    let mut out = Out::new();
    let changed = if args.redact {
        let redacted = scan::redact(&text);
        Some((redacted.text, redacted.spans, redacted.truncated))
    } else if args.sanitize {
        let sanitized = scan::sanitize(&text);
        Some((sanitized.text, sanitized.spans, sanitized.truncated))
    } else {
        None
    };
    if let Some((written, spans, truncated)) = changed {
        if json {
            let object = Json::new().text("text", &written);
            out.line(&findings(object, &text, &spans, truncated))?;
        } else {
            out.bytes(written.as_bytes())?;
        }
        out.flush()?;
        return Ok(Answer::Yes);
    }
    let scan = scan::whole(&text);
    if json {
        out.line(&findings(Json::new(), &text, &scan.spans, scan.truncated))?;
    } else {
        out.bytes(listed(&text, &scan.spans).as_bytes())?;
        if scan.truncated {
            out.line("more is encoded in the text than is decoded")?;
        }
    }
    out.flush()?;
    Ok(if scan.spans.is_empty() && !scan.truncated { Answer::Yes } else { Answer::No })
}

fn findings(object: Json, text: &str, spans: &[Span], truncated: bool) -> String {
    let mut characters = Characters { text, byte: 0, count: 0 };
    let finding = |span: &Span| {
        // Ends are not in order, starts are.
        let start = characters.before(span.start);
        let end = Characters { ..characters }.before(span.end);
        let object = Json::new()
            .text("kind", span.kind.name())
            .optional("type", type_of(span.kind))
            .text("rule", span.rule);
        [("start", span.start), ("end", span.end), ("start_char", start), ("end_char", end)]
            .into_iter()
            .fold(object, |object, (name, n)| object.raw(name, &n.to_string()))
            .text("class", class(span))
            .text("evidence", span.evidence.name())
            .done()
    };
    object
        .raw("findings", &array(spans.iter().map(finding)))
        .raw("truncated", if truncated { "true" } else { "false" })
        .done()
}

fn type_of(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Pii(what) => Some(what.label()),
        Kind::Injection(scan::Injection::Lexical) => Some("LEXICAL"),
        Kind::Injection(_) => Some("STRUCTURAL"),
        _ => None,
    }
}

fn class(span: &Span) -> &'static str {
    match span.class {
        scan::Class::High => "high",
        scan::Class::Medium => "medium",
        scan::Class::Low => "low",
    }
}

/// Rows for people. The value itself is not shown.
fn listed(text: &str, spans: &[Span]) -> String {
    let line = |byte: usize| {
        let before = text.get(..byte).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        format!("{}:{column}", before.matches('\n').count() + 1)
    };
    let rows: Vec<Vec<String>> = spans
        .iter()
        .map(|span| {
            let place = format!("bytes {}-{}", span.start, span.end);
            let (kind, rule) = (span.kind.name(), visible(&span.rule));
            [kind, &rule, &line(span.start), &place, class(span), span.evidence.name()]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    table(&rows)
}

/// Counts characters up to places that only grow.
#[derive(Clone, Copy)]
struct Characters<'a> {
    text: &'a str,
    byte: usize,
    count: usize,
}

impl Characters<'_> {
    fn before(&mut self, byte: usize) -> usize {
        let between = self.text.get(self.byte..byte).unwrap_or_default();
        self.count += between.chars().count();
        self.byte = byte.max(self.byte);
        self.count
    }
}
