//! `countersign prepare`: the exact requests that tool calls would send.

use std::io::BufReader;
use std::path::PathBuf;

use countersign::SystemEntropy;
use countersign::core::{Entropy as _, InvalidCall, PlanError, Planned, Seen, ToolCall};
use countersign::ticket::{EffectId, Prepared, Step, ToolName};
use countersign_canon::{Limits, Object, Value};

use crate::input::{self, Line, Source};
use crate::output::{Answer, Failure, Json, Out, array};
use crate::progress::Progress;
use crate::tools::{Accounts, Catalogue};

const AFTER: &str = "\
Reads one call per line: {\"tool\":…,\"args\":{…},\"effect_id\":…}. Without effect_id (32 lower-case hex \
digits) a random one is drawn. Writes one line for each, in order:

  {\"tool\",\"effect_id\",\"method\",\"url\",\"headers\",\"body\",\"digest\"}
  {\"tool\",\"error\":{\"kind\",\"message\"}}

headers has the planned headers in the order in which they are sent; the credential, host and framing \
are the transport's. body is null if there is none; if it is not UTF-8 it stands in body_base64. \
digest is the effect digest, the one that a ticket binds. A plan of several requests has \"steps\" too, \
each with its holes (filled from the answer before) and pages; the first step stands at the top. \
With --sealed, \"sealed\" is the form that travels with a ticket, byte for byte.

Kinds of errors: malformed_line (tool is null, and \"line\" counts from 1), invalid_effect_id, \
unknown_tool, arguments_not_an_object, needs_read, and those of the connector, such as \
invalid_arguments. Duplicate keys and numbers that parsers read differently are malformed_line. A line \
has at most 1 MiB.

A change of something that exists reads it first (needs_read names that read). With the argument \
\"etag\" it is prepared as if the read had found that version and nothing else.

Exit codes:
  0  every line was prepared
  1  some line was not
  2  unreadable input, or bad usage

Example:
  echo '{\"tool\":\"google_calendar_get_event\",\"args\":{\"event_id\":\"e1\"}}' | countersign prepare";

/// Show the exact request that each tool call would send. Nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// Add the sealed form of each request.
    #[arg(long)]
    sealed: bool,

    #[command(flatten)]
    accounts: Accounts,

    /// The file of calls; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let catalogue = Catalogue::new(&args.accounts);
    let source = Source::of(args.file.as_deref());
    let mut reader = BufReader::with_capacity(64 * 1024, source.open()?.0);
    let mut out = Out::new();
    let mut progress = Progress::lines(json);
    let (mut line, mut number) = (Vec::new(), 0u64);
    let mut answer = Answer::Yes;
    loop {
        // Whoever sends calls one by one gets each answer before the next call.
        if reader.buffer().is_empty() {
            out.flush()?;
        }
        let read = input::read_line(&mut reader, Limits::DEFAULT.max_bytes, &mut line);
        number = number.saturating_add(1);
        let result = match read {
            Ok(Line::End) => break,
            Ok(Line::Whole) => prepare(&catalogue, &line),
            Ok(Line::TooLong) => Err(Refused::malformed("a line has at most 1048576 bytes")),
            Err(error) => {
                out.flush()?;
                return Err(source.unreadable(error));
            }
        };
        match result {
            Ok(prepared) => out.line(&describe(&prepared, args.sealed)?)?,
            Err(refused) => {
                answer = Answer::No;
                out.line(&refused.to_json(number))?;
            }
        }
        progress.advance(1);
    }
    out.flush()?;
    Ok(answer)
}

/// Why a line was not prepared.
#[derive(Debug)]
struct Refused {
    tool: Option<String>,
    kind: &'static str,
    message: String,
    /// The reads that come first.
    reads: Vec<ToolCall>,
}

impl Refused {
    fn malformed(message: &str) -> Self {
        let message = message.to_owned();
        Self { tool: None, kind: "malformed_line", message, reads: Vec::new() }
    }

    fn of(tool: &str, kind: &'static str, message: String) -> Self {
        Self { tool: Some(tool.to_owned()), kind, message, reads: Vec::new() }
    }

    fn to_json(&self, number: u64) -> String {
        let mut error = Json::new().text("kind", self.kind).text("message", &self.message);
        if !self.reads.is_empty() {
            let read = |read: &ToolCall| {
                let call = Json::new().text("tool", read.tool().as_str());
                call.value("args", &read.arguments().value()).done()
            };
            error = error.raw("reads", &array(self.reads.iter().map(read)));
        }
        let json = Json::new().optional("tool", self.tool.as_deref()).raw("error", &error.done());
        match self.tool {
            Some(_) => json.done(),
            None => json.raw("line", &number.to_string()).done(),
        }
    }
}

fn prepare(catalogue: &Catalogue, line: &[u8]) -> Result<Prepared, Refused> {
    const SHAPE: &str = "a line is an object with tool, args and perhaps effect_id";
    let shape = || Refused::malformed(SHAPE);
    let line = countersign_canon::parse(line).map_err(|e| Refused::malformed(&e.to_string()))?;
    let object = line.as_object().ok_or_else(shape)?;
    let tool = object.get("tool").and_then(Value::as_str).ok_or_else(shape)?;
    let arguments = object.get("args").ok_or_else(shape)?;
    let effect = object.get("effect_id");
    if object.len() != 2 + usize::from(effect.is_some()) {
        return Err(shape());
    }
    let refused = |kind, message| Refused::of(tool, kind, message);
    let effect = match effect {
        None => random().ok_or_else(|| refused("no_randomness", "no randomness".to_owned()))?,
        Some(id) => id
            .as_str()
            .and_then(|id| id.parse::<EffectId>().ok())
            .ok_or_else(|| refused("invalid_effect_id", "32 lower-case hex digits".to_owned()))?,
    };
    let unknown = || refused("unknown_tool", "there is no built-in tool of that name".to_owned());
    let name = ToolName::new(tool).map_err(|_| unknown())?;
    let connector = catalogue.connector(&name).ok_or_else(unknown)?;
    let invalid = |error: InvalidCall| refused(error.code(), error.to_string());
    let call = ToolCall::new(name, arguments.to_canonical()).map_err(invalid)?;
    let failed = |error: PlanError| refused(error.kind, error.message);
    let plan = |call: &ToolCall| connector.plan(call, effect, &Seen::nothing()).map_err(failed);

    let etag = arguments.get("etag").filter(|etag| etag.as_str().is_some());
    let planned = match (plan(&call)?, etag) {
        (Planned::Needs(_), Some(etag)) => {
            let pins = Object::new().with("etag", etag.clone());
            plan(&call.pinned(Value::from(pins).to_canonical()))?
        }
        // Planned again with what it pinned of its own accord.
        (Planned::Pinned(call), _) => plan(&call)?,
        (planned, _) => planned,
    };
    let reads = match planned {
        Planned::Ready(prepared) => return Ok(prepared),
        Planned::Needs(reads) => reads,
        Planned::Pinned(_) => Vec::new(),
    };
    let names: Vec<&str> = reads.iter().map(|read| read.tool().as_str()).collect();
    let message = format!("the call is prepared from what {} finds", names.join(", "));
    Err(Refused { reads, ..refused("needs_read", message) })
}

fn random() -> Option<EffectId> {
    let mut bytes = [0; 16];
    SystemEntropy::default().fill(&mut bytes).ok()?;
    Some(EffectId::from_bytes(bytes))
}

fn describe(prepared: &Prepared, sealed: bool) -> Result<String, Failure> {
    let broken = || Failure::Unusable("internal", "the sealed form cannot be read".to_owned());
    let steps = prepared.steps();
    let first = steps.first().ok_or_else(broken)?;
    let plain = steps.len() == 1 && std::str::from_utf8(first.body_bytes()).is_ok();
    let bytes = if plain && !sealed { Vec::new() } else { prepared.to_bytes() };
    let form = if plain { Value::Null } else { read_form(&bytes).ok_or_else(broken)? };
    let travelling = |at: usize| form.get("steps").and_then(Value::as_array)?.get(at);

    let head = Json::new()
        .text("tool", prepared.tool().as_str())
        .text("effect_id", &prepared.effect_id().to_string());
    let json = request(head, first, travelling(0));
    let mut json = json.text("digest", &prepared.digest().to_hex());
    if steps.len() > 1 {
        let step = |(at, step): (usize, &Step)| {
            let form = travelling(at);
            let json = request(Json::new(), step, form);
            let json = ["credential", "holes", "pages"].into_iter().fold(json, |json, name| {
                json.value(name, form.and_then(|form| form.get(name)).unwrap_or(&Value::Null))
            });
            json.done()
        };
        json = json.raw("steps", &array(steps.iter().enumerate().map(step)));
    }
    if sealed {
        json = json.text("sealed", std::str::from_utf8(&bytes).map_err(|_| broken())?);
    }
    Ok(json.done())
}

/// The form that travels: there holes and bodies of any bytes are spelled out.
fn read_form(bytes: &[u8]) -> Option<Value> {
    let limits = Limits::DEFAULT.with_max_bytes(bytes.len());
    Some(countersign_canon::canonicalize_with(bytes, limits).ok()?.value())
}

/// Adds a step's request. `form` is the step as it travels, with its body in base64.
fn request(json: Json, step: &Step, form: Option<&Value>) -> Json {
    let headers = step.headers().iter();
    let headers = headers.fold(Json::new(), |headers, (name, value)| headers.text(name, value));
    let json = json
        .text("method", step.method().as_str())
        .text("url", step.url())
        .raw("headers", &headers.done());
    match std::str::from_utf8(step.body_bytes()) {
        Ok("") => json.raw("body", "null"),
        Ok(body) => json.text("body", body),
        Err(_) => {
            let base64 = form.and_then(|form| form.get("body")).unwrap_or(&Value::Null);
            json.raw("body", "null").value("body_base64", base64)
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign::ticket::{Method, Step};

    use super::*;

    #[test]
    fn a_body_that_is_not_text_stands_in_base64() {
        let tool = ToolName::new("upload").unwrap();
        let arguments = countersign_canon::canonicalize(b"{}").unwrap();
        let step = |body: &[u8]| {
            let step = Step::new(Method::Post, "https://api.example/x").unwrap();
            step.without_credential().body(body.to_vec()).unwrap()
        };
        let shown = |steps: Vec<Step>| -> serde_json::Value {
            let id = EffectId::from_bytes([1; 16]);
            let prepared =
                Prepared::wire(id, tool.clone(), arguments.clone(), None, steps).unwrap();
            serde_json::from_str(&describe(&prepared, false).unwrap()).unwrap()
        };
        let one = shown(vec![step(b"\xff\x00")]);
        assert_eq!((&one["body"], &one["body_base64"]), (&serde_json::Value::Null, &"/wA=".into()));
        let two = shown(vec![step(b"a"), step(b"\xfe")]);
        assert_eq!((&two["body"], &two["steps"][1]["body_base64"]), (&"a".into(), &"/g==".into()));
        assert_eq!(two["steps"][1]["credential"], false);
    }
}
