//! `scan`: secrets, personal data and instructions in a text, beside sets of regular expressions that
//! only say whether one of them matches somewhere.
//!
//! `scan [--quick] [--only NAME]` prints tables on standard error and JSON on standard output.
//! `scan --export <folder>` writes the texts for the peer in Python.

mod texts;

use std::process::ExitCode;

use bench_work::report;
use bench_work::sample::{Effort, Group};
use countersign_risk::scan;
use regex::bytes::{RegexSet, RegexSetBuilder};

/// Twenty patterns of a kind that is often used, checked by nothing else.
const PATTERNS: [&str; 20] = [
    r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b",
    r"\b(?:\d[ -]?){12,18}\d\b",
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b",
    r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    r"\bgithub_pat_\w{82}\b",
    r"\bxox[abpsr]-[A-Za-z0-9-]{10,}\b",
    r"\bAKIA[A-Z2-7]{16}\b",
    r"\bAIza[A-Za-z0-9_-]{35}\b",
    r"\bya29\.[A-Za-z0-9_-]{20,}\b",
    r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    r"\bsk-[A-Za-z0-9]{20,}\b",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"(?i)\bpassword\s*[:=]\s*\S+",
    r"\b[13][a-km-zA-HJ-NP-Z1-9]{25,34}\b",
    r"\b\d{8}[A-Z]\b",
    r"(?i)\bignore (?:all |any |the )?(?:previous|prior|above) instructions?\b",
    r"(?i)\byou are now\b",
];

fn set(unicode: bool) -> RegexSet {
    let mut builder = RegexSetBuilder::new(PATTERNS);
    builder.unicode(unicode).build().expect("patterns that compile")
}

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let mut effort = Effort::FULL;
    let mut only = None;
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["--quick"] => effort = Effort::QUICK,
        ["--quick", "--only", name] => {
            effort = Effort::QUICK;
            only = Some((*name).to_owned());
        }
        ["--export", folder] => {
            texts::export(folder.as_ref());
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("unknown options {other:?}");
            return ExitCode::from(2);
        }
    }
    let (unicode, ascii) = (set(true), set(false));
    let mut groups = Vec::new();
    let mut figures = Vec::new();
    for (name, about, text) in texts::all() {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let found = scan::scan(&text).spans.len();
        let about = format!("{} bytes: {about}; {found} findings", text.len());
        let mut group = Group::new(format!("scan {name}"), about);
        let all = "everything: some hundred rules, spans, check digits, decoding";
        group.repeat("countersign-risk scan", all, || scan::scan(&text));
        let only = "20 patterns, only whether each matches";
        group.repeat("regex RegexSet, ASCII", only, || ascii.matches(text.as_bytes()));
        group.repeat("regex RegexSet, Unicode", only, || unicode.matches(text.as_bytes()));
        let results = group.run(effort);
        report::show(&results);
        let median = results.rows.first().map_or(f64::NAN, |row| row.median);
        let rate = text.len() as f64 / median;
        eprintln!("  {rate:.2} GB/s");
        figures.push((format!("scan {name} GB/s"), rate));
        groups.push(results);
    }
    println!("{}", report::json(&groups, &figures));
    ExitCode::SUCCESS
}
