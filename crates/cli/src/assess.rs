//! `countersign assess`: sessions as a stream of events in, a judgement of every call out.

use std::io::BufReader;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign::core::{Finding, Weight};
use countersign::risk::explain;
use countersign_canon::{Limits, Value, canonicalize_with};

use crate::input::{Line, Source, read_line};
use crate::output::{Answer, Failure, Json, Out, array, inert, quote};
use crate::policy;
use crate::stream::{Judged, Refusal, Stream};

const AFTER: &str = "\
Reads one JSON object a line from FILE or standard input:
  {\"event\":\"start\",\"session\":S,\"user_request\":TEXT}
  {\"event\":\"call\",\"session\":S,\"step\":N,\"tool\":NAME,\"args\":{…}}
  {\"event\":\"result\",\"session\":S,\"step\":N,\"result\":TEXT}
  {\"event\":\"end\",\"session\":S}
A start may carry \"agent\": the sessions of one agent are counted together (see bulk_velocity).
A call and a result may carry \"time\", milliseconds since 1970; without it the clock's time counts.

Answers each call at once, with one line:
  {\"session\",\"step\",\"tool\",\"own_tier\",\"tier\",\"denied\",\"score\",\"signals\":[…],\"why\"}
own_tier is the tier of the tool's severity and fixed floors alone. Each signal is {\"signal\",\"owasp\",\
\"path\",\"span\",\"seen_at_step\",\"evidence\"} and its weight: \"times\", \"tiers_up\", \"floor\", \"deny\" or \
\"note\". path is the RFC 6901 pointer of an argument, empty for the call as a whole; span, where there is \
one, counts the bytes of the string there, end exclusive; seen_at_step is the earlier step at which it was \
read, as the stream named it. A tool that the catalogue does not \
have is judged at its worst, and \"guesses\" says by what. A line that is not understood is answered \
with {\"error\":{\"kind\",\"message\"},\"line\":N} and changes nothing; the stream goes on.

Exit codes:
  0  every line was understood
  1  some were not
  2  unusable catalogue or policy, unreadable input, bad usage

Example:
  countersign assess --catalog catalog.json < events.jsonl";

/// Longest line, in bytes.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// Judge calls as they come, in many sessions at once.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    #[command(flatten)]
    policy: policy::Judging,

    /// The file; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let mut stream = args.policy.stream(None, json)?;
    let source = Source::of(args.file.as_deref());
    let (reader, _) = source.open()?;
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let (mut out, mut line, mut number, mut failed) = (Out::new(), Vec::new(), 0u64, false);
    loop {
        number = number.saturating_add(1);
        let read = read_line(&mut reader, MAX_LINE, &mut line);
        let taken = match read.map_err(|error| source.unreadable(error))? {
            Line::End => break,
            Line::TooLong => Err(Refusal::TooLong(MAX_LINE)),
            Line::Whole if line.iter().all(u8::is_ascii_whitespace) => Ok(None),
            Line::Whole => take(&mut stream, &line),
        };
        match taken {
            Ok(None) => {}
            Ok(Some(answer)) => {
                out.line(&answer)?;
                out.flush()?;
            }
            Err(refusal) => {
                failed = true;
                let error =
                    Json::new().text("kind", refusal.kind()).text("message", &refusal.to_string());
                let error = Json::new().raw("error", &error.done());
                out.line(&error.raw("line", &number.to_string()).done())?;
                out.flush()?;
            }
        }
    }
    out.flush()?;
    Ok(if failed { Answer::No } else { Answer::Yes })
}

/// Takes an event; gives the answer to a call.
fn take(stream: &mut Stream, line: &[u8]) -> Result<Option<String>, Refusal> {
    let limits = Limits::DEFAULT.with_max_bytes(MAX_LINE);
    let event = canonicalize_with(line, limits).map_err(|e| Refusal::NotJson(e.to_string()))?;
    let event = event.value();
    if event.as_object().is_none() {
        return Err(Refusal::NotJson("it is another value".to_owned()));
    }
    let text =
        |field: &'static str| event.get(field).and_then(Value::as_str).ok_or(Refusal::Field(field));
    // A step is a number or a name; it goes back as it came.
    let step = || match event.get("step") {
        Some(step @ (Value::Number(_) | Value::String(_))) => {
            Ok(step.to_canonical().as_str().to_owned())
        }
        _ => Err(Refusal::Field("step")),
    };
    let now = match event.get("time") {
        None => now(),
        Some(time) => time.as_i64().ok_or(Refusal::Field("time"))?,
    };
    match text("event")? {
        "start" => {
            let agent = match event.get("agent") {
                None => None,
                Some(agent) => Some(agent.as_str().ok_or(Refusal::Field("agent"))?),
            };
            stream.start(text("session")?, text("user_request")?, agent, now).map(|()| None)
        }
        "call" => {
            let (session, step, tool) = (text("session")?, step()?, text("tool")?);
            let args = event.get("args").ok_or(Refusal::Field("args"))?;
            let judged = stream.call(session, &step, tool, args, now)?;
            Ok(Some(answer(session, &step, tool, &judged)))
        }
        "result" => {
            let result = event.get("result").ok_or(Refusal::Field("result"))?;
            let result = result
                .as_str()
                .map_or_else(|| result.to_canonical().as_str().to_owned(), str::to_owned);
            stream.result(text("session")?, &step()?, &result, now).map(|()| None)
        }
        "end" => stream.end(text("session")?).map(|()| None),
        _ => Err(Refusal::UnknownEvent),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The answer to a call, as one line of JSON.
pub(crate) fn answer(session: &str, step: &str, tool: &str, judged: &Judged) -> String {
    let Judged { assessment, seen_at, guesses } = judged;
    let (whole, half) = (assessment.score2 / 2, if assessment.score2 % 2 == 1 { 5 } else { 0 });
    let mut json = Json::new()
        .text("session", session)
        .raw("step", &inert(step))
        .text("tool", tool)
        .text("own_tier", assessment.own_tier.as_str())
        .text("tier", assessment.tier.as_str())
        .raw("denied", if assessment.denied().is_some() { "true" } else { "false" })
        .raw("score", &format!("{whole}.{half}"))
        .raw("signals", &array(assessment.findings.iter().zip(seen_at).map(signal)))
        .text("why", &explain(assessment));
    if !guesses.is_empty() {
        let guess = |g: &countersign::risk::infer::Guess| {
            Json::new()
                .text("what", g.what)
                .text("value", &g.value)
                .text("because", &g.because)
                .done()
        };
        json = json.raw("guesses", &array(guesses.iter().map(guess)));
    }
    json.done()
}

fn signal((finding, seen_at): (&Finding, &Option<String>)) -> String {
    let json = Json::new()
        .text("signal", finding.signal)
        .text("owasp", finding.owasp)
        .text("path", &finding.path);
    let json = match &finding.span {
        Some(span) => json.raw("span", &format!("[{},{}]", span.start, span.end)),
        None => json,
    };
    let json = match seen_at {
        Some(step) => json.raw("seen_at_step", &inert(step)),
        None => json,
    };
    let json = json.text("evidence", &finding.evidence);
    match finding.weight {
        Weight::Halves(n) => json.raw("times", &format!("{}.{}", 1 + n / 2, 5 * (n % 2))),
        Weight::Raise => json.raw("tiers_up", "1"),
        Weight::Floor(tier) => json.raw("floor", &quote(tier.as_str())),
        Weight::Deny => json.raw("deny", "true"),
        Weight::Note => json.raw("note", "true"),
    }
    .done()
}
