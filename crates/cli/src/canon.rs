//! `countersign canon`: the canonical form of a JSON text, or its digest.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use countersign_canon::{Limits, canonicalize_with};

use crate::input::{self, Source};
use crate::output::{Answer, Failure, Json, Out};

const AFTER: &str = "\
Reads one JSON text from FILE or standard input. Writes its canonical form (RFC 8785) to standard \
output: exactly those bytes, no newline after them; with --digest 64 hex digits and a newline.

Refused, never repaired: duplicate keys, lone surrogates, integers beyond 2^53 - 1 that are not in \
canonical form, numbers beyond a double, invalid UTF-8, nesting deeper than 128, bytes after the \
value. Then nothing is written to standard output; standard error says what is wrong, and at which \
byte (with --json: {\"error\":{\"kind\",\"message\",\"offset\"}}).

Exit codes:
  0  canonical form written
  2  refused, or unreadable

Examples:
  echo '{\"b\":1,\"a\":2.0}' | countersign canon
  countersign canon --digest request.json";

/// Write the canonical form of a JSON text.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// Write the SHA-256 digest of the canonical form instead.
    #[arg(long)]
    digest: bool,

    /// Longest input and longest canonical form, in bytes (at most 268435456).
    #[arg(
        long,
        value_name = "N",
        default_value_t = Limits::DEFAULT.max_bytes,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=Limits::MAX_BYTES as u64)
    )]
    max_bytes: usize,

    /// The file; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let bytes = input::read(Source::of(args.file.as_deref()), args.max_bytes, json)?;
    let canonical = canonicalize_with(&bytes, Limits::DEFAULT.with_max_bytes(args.max_bytes))?;
    let mut out = Out::new();
    if args.digest && json {
        out.line(&Json::new().text("digest", &canonical.digest().to_hex()).done())?;
    } else if args.digest {
        out.line(&canonical.digest().to_hex())?;
    } else {
        out.bytes(canonical.as_bytes())?;
    }
    out.flush()?;
    Ok(Answer::Yes)
}
