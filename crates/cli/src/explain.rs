//! `countersign explain`: why one call has its tier.

use std::path::PathBuf;

use countersign::risk::{explain, table};
use countersign_canon::canonicalize;

use crate::input::{self, Source};
use crate::output::{Answer, Failure, Out, visible};
use crate::stream::Refusal;
use crate::{assess, policy};

const AFTER: &str = "\
Reads the arguments of one call, a JSON object, from FILE or standard input. The session is what the \
options say: --request is what the user asked for, --read what the agent read before, from a tool that \
returns text by outsiders. Writes the sentence that a person is shown and a table of the signals; with \
--json the line that countersign assess would answer.

Exit codes:
  0  judged
  1  denied
  2  refused, unusable catalogue or policy, bad usage

Example:
  echo '{\"to\":\"kim@example.com\"}' | countersign explain send_mail --catalog c.json --request 'Mail Kim'";

/// Explain the tier of one call.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// The tool.
    tool: String,

    #[command(flatten)]
    policy: policy::Judging,

    /// The user's request.
    #[arg(long, value_name = "TEXT")]
    request: Option<String>,

    /// A text by outsiders that was read before the call, from the tool named before the first `=`.
    #[arg(long, value_name = "TOOL=TEXT")]
    read: Vec<String>,

    /// The suite whose tool is meant, where several have one of this name.
    #[arg(long, value_name = "NAME", default_value = "")]
    suite: String,

    /// The file; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let refused = |refusal: Refusal| Failure::Unusable(refusal.kind(), refusal.to_string());
    let bytes = input::read(Source::of(args.file.as_deref()), 1 << 20, json)?;
    let arguments = canonicalize(&bytes)?.value();
    let mut stream = args.policy.stream(None, json)?;
    let session = format!("{}/explain", args.suite);
    let request = args.request.as_deref().unwrap_or_default();
    stream.start(&session, request, None, 0).map_err(refused)?;
    let nothing = countersign_canon::Object::new().into();
    for (step, read) in args.read.iter().enumerate() {
        let (tool, text) = read
            .split_once('=')
            .ok_or_else(|| Failure::Usage("--read takes TOOL=TEXT".to_owned()))?;
        let step = step.to_string();
        stream.call(&session, &step, tool, &nothing, 0).map_err(refused)?;
        stream.result(&session, &step, text, 0).map_err(refused)?;
    }
    let judged = stream.call(&session, "\"call\"", &args.tool, &arguments, 0).map_err(refused)?;
    let mut out = Out::new();
    if json {
        out.line(&assess::answer(&session, "\"call\"", &args.tool, &judged))?;
    } else {
        out.line(&visible(&explain(&judged.assessment)))?;
        out.line("")?;
        for line in table(&judged.assessment).lines() {
            out.line(&visible(&line))?;
        }
        for guess in &judged.guesses {
            let text = format!("guessed {}: {} ({})", guess.what, guess.value, guess.because);
            out.line(&visible(&text))?;
        }
    }
    out.flush()?;
    Ok(if judged.assessment.denied().is_some() { Answer::No } else { Answer::Yes })
}
