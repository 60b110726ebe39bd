//! Connectors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Account, Answer, Connection, Connector, Effect, EffectId, Ending, Interpretation, Method,
    Object, PlanError, Planned, Prepared, Preview, Reconciled, Scope, Seen, Selector, Step, Tool,
    ToolCall, ToolSpec, Value, canon,
};
use countersign_testkit::conformance::connector::{self, Sample};
use serde::Deserialize;

use crate::{catches, passes};

fn call(tool: &str, json: &str) -> ToolCall {
    ToolCall::from_json(tool, json).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer::new(status, Vec::new(), body.as_bytes().to_vec())
}

const EVENT: &str = r#"{"kind":"calendar#event","etag":"\"3181161784712000\"","id":"abc123","status":"confirmed","summary":"Planning","start":{"dateTime":"2026-03-10T09:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-10T10:00:00+01:00","timeZone":"Europe/Berlin"},"attendees":[{"email":"kim@example.com"}]}"#;

fn calendar() -> Vec<Sample> {
    let page = |next: &str| {
        answer(200, &format!(r#"{{"kind":"calendar#events","items":[{EVENT}]{next}}}"#))
    };
    let list = r#"{"calendar_id":"team@example.com","time_min":"2026-03-01T00:00:00Z","time_max":"2026-04-01T00:00:00Z","query":"plan it","max_results":7,"single_events":false}"#;
    let create = r#"{"calendar_id":"team@example.com","summary":"Lunch","description":"Bring\nnotes","location":"Room 1","start":{"date_time":"2026-03-10T09:00:00+01:00","time_zone":"Europe/Berlin"},"end":{"date_time":"2026-03-10T10:00:00+01:00","time_zone":"Europe/Berlin"},"attendees":["kim@example.com","lee@example.org"],"recurrence":["RRULE:FREQ=WEEKLY;COUNT=5"],"visibility":"private","transparency":"transparent","send_updates":"external_only"}"#;
    let patch = r#"{"calendar_id":"primary","event_id":"abc123","summary":"Dinner","location":"","attendees":["kim@example.com"],"send_updates":"all"}"#;
    let get = r#"{"calendar_id":"primary","event_id":"abc123"}"#;
    let read = || call("google_calendar_get_event", get);
    // Google answers a new event under the id that was chosen for it.
    let created = |prepared: &Prepared| {
        let sent = canon::parse(prepared.steps()[0].body_bytes()).unwrap();
        let id = sent.get("id").unwrap().as_str().unwrap().to_owned();
        vec![answer(200, &EVENT.replace("abc123", &id))]
    };
    vec![
        Sample::new(call("google_calendar_list_events", list), move |_| vec![page("")]),
        Sample::new(call("google_calendar_list_events", r#"{"max_pages":3}"#), move |_| {
            vec![page(r#","nextPageToken":"abc""#), page("")]
        }),
        Sample::new(read(), |_| vec![answer(200, EVENT)]),
        Sample::new(call("google_calendar_create_event", create), created).marked(),
        Sample::new(call("google_calendar_patch_event", patch), |_| vec![answer(200, EVENT)])
            .read(read(), answer(200, EVENT)),
        Sample::new(call("google_calendar_delete_event", get), |_| vec![answer(204, "")])
            .read(read(), answer(200, EVENT)),
    ]
}

#[test]
fn google_calendar_conforms() {
    connector::all(&|| Arc::new(GoogleCalendar::new()), &calendar());
    let other = || -> Arc<dyn Connector> {
        let account = Account::new("108").unwrap();
        let connection = Connection::new("google-workspace").unwrap();
        Arc::new(GoogleCalendar::new().connection(&connection).account(account))
    };
    connector::all(&other, &calendar());
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    Counts,
    LeavesNoMark,
    MarksReads,
    NeedsAWrite,
    NeedsForEver,
    PinsAnotherCall,
    AddsArguments,
    AsksForMoreScopes,
    SendsInTheClear,
    TakesAnyArgument,
    TakesAnyTool,
    RepeatsValues,
    HidesAText,
    HidesAFlag,
    PreviewsWhatItPlannedLast,
    CommitsOnAnySuccess,
    CommitsOnSilence,
    CommitsOnErrors,
    CallsErrorsFailures,
    CommitsForOthers,
    NeverCommits,
    ReconcilesAnySuccess,
    ReconcilesErrors,
    ReconcilesWithWrites,
    RenamesTools,
}

/// A connector of notes.
#[derive(Debug)]
struct Notes(Flaw, AtomicU64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Args {
    #[serde(default)]
    id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    loud: bool,
}

#[derive(Deserialize)]
struct AnyArgs {
    #[serde(default)]
    id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    loud: bool,
}

const BASE: &str = "https://notes.example/v1/notes";

impl Notes {
    fn new(flaw: Flaw) -> Self {
        Self(flaw, AtomicU64::new(0))
    }

    fn count(&self) -> u64 {
        self.1.fetch_add(1, Ordering::SeqCst)
    }

    fn args(&self, call: &ToolCall) -> Result<Args, PlanError> {
        if self.0 == Flaw::TakesAnyArgument {
            let AnyArgs { id, text, loud } = call.parse()?;
            return Ok(Args { id, text, loud });
        }
        match serde_json::from_slice(call.arguments().as_bytes()) {
            Ok(args) => Ok(args),
            Err(error) if self.0 == Flaw::RepeatsValues => {
                Err(PlanError::arguments(&error.to_string()))
            }
            Err(_) => call.parse(),
        }
    }

    fn read(id: &str) -> ToolCall {
        let arguments = Value::from(Object::new().with("id", id)).to_canonical();
        ToolCall::new("notes_get".parse().unwrap(), arguments).unwrap()
    }
}

fn note(body: &[u8]) -> Option<Object> {
    match canon::parse(body) {
        Ok(Value::Object(note)) if note.get("note").and_then(Value::as_str).is_some() => Some(note),
        _ => None,
    }
}

impl Connector for Notes {
    fn tools(&self) -> Vec<Tool> {
        let spec = |name: &str| ToolSpec::new(name).connection("notes", ["notes"]);
        let name = match self.0 {
            Flaw::RenamesTools => format!("notes_create_{}", self.count()),
            _ => "notes_create".to_owned(),
        };
        let specs = [
            spec("notes_get").reads(),
            spec(&name).outward(),
            spec("notes_delete").effect(Effect::Destructive),
        ];
        specs.map(|spec| spec.register().unwrap()).to_vec()
    }

    fn plan(&self, call: &ToolCall, effect: EffectId, seen: &Seen) -> Result<Planned, PlanError> {
        let unknown = || PlanError::new("unknown_tool", "no such tool");
        let args = self.args(call)?;
        let id = args.id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !id || args.text.chars().any(char::is_control) {
            return Err(PlanError::arguments("id: letters and digits"));
        }
        let (method, target) = match call.tool().as_str() {
            "notes_get" => (Method::Get, format!("/{}", args.id)),
            "notes_create" => (Method::Post, format!("?loud={}", args.loud)),
            "notes_delete" => (Method::Delete, format!("/{}", args.id)),
            _ if self.0 == Flaw::TakesAnyTool => (Method::Get, String::new()),
            _ => return Err(unknown()),
        };
        let read = Self::read(&args.id);
        if method == Method::Delete && call.pins().is_none() {
            let needed = match self.0 {
                Flaw::NeedsAWrite => {
                    ToolCall::from_json("notes_create", r#"{"text":"seen"}"#).unwrap()
                }
                _ => read.clone(),
            };
            return match seen.answer(&read) {
                Some(_) if self.0 == Flaw::NeedsForEver => Ok(Planned::Needs(vec![needed])),
                Some(answer) => {
                    let found = note(&answer.body).ok_or_else(unknown)?;
                    let next = match self.0 {
                        Flaw::PinsAnotherCall => {
                            ToolCall::from_json("notes_delete", r#"{"id":"other"}"#).unwrap()
                        }
                        _ => call.clone(),
                    };
                    Ok(Planned::Pinned(next.pinned(Value::from(found).to_canonical())))
                }
                None => Ok(Planned::Needs(vec![needed])),
            };
        }
        let base = match self.0 {
            Flaw::SendsInTheClear => BASE.replace("https", "http"),
            _ => BASE.to_owned(),
        };
        let mut step = Step::new(method, &format!("{base}{target}"))?;
        let mark = effect.to_string();
        if method == Method::Post {
            let body = Object::new().with("note", args.text);
            let body = if self.0 == Flaw::LeavesNoMark { body } else { body.with("mark", mark) };
            step = step.body(Value::from(body).to_canonical().into_bytes())?;
        } else if self.0 == Flaw::MarksReads {
            step = step.header("x-mark", &mark)?;
        }
        if self.0 == Flaw::Counts {
            step = step.header("x-count", &self.count().to_string())?;
        }
        let scopes =
            if self.0 == Flaw::AsksForMoreScopes { vec!["notes", "admin"] } else { vec!["notes"] };
        let scopes = scopes.iter().map(|scope| Scope::new(scope).unwrap()).collect();
        let selector = Selector::new(Connection::new("notes").unwrap(), scopes);
        let mut arguments = call.resolved();
        if let (Flaw::AddsArguments, Value::Object(object)) = (self.0, arguments.value()) {
            arguments = Value::from(object.with("extra", true)).to_canonical();
        }
        let tool = call.tool().clone();
        let prepared = Prepared::wire(effect, tool, arguments, Some(selector), vec![step])?;
        Ok(Planned::Ready(prepared))
    }

    fn preview(&self, prepared: &Prepared) -> Preview {
        let Some(step) = prepared.steps().first() else { return Preview::new("A local call") };
        let mut url = step.url().to_owned();
        if self.0 == Flaw::HidesAFlag {
            url.truncate(url.find('?').unwrap_or(url.len()));
        }
        let preview = Preview::new("Send a request").line("url", url);
        let preview = match self.0 {
            Flaw::PreviewsWhatItPlannedLast => preview.line("number", self.count().to_string()),
            _ => preview,
        };
        let body = String::from_utf8_lossy(step.body_bytes()).into_owned();
        if self.0 == Flaw::HidesAText { preview } else { preview.line("body", body) }
    }

    fn interpret(&self, prepared: &Prepared, answers: &[Answer]) -> Interpretation {
        let committed = || Interpretation::committed(Value::Null);
        let ours = prepared.steps().first().is_some_and(|s| s.url().starts_with("https://notes."));
        if !ours && self.0 != Flaw::CommitsForOthers {
            return Interpretation::unknown("not_ours");
        }
        let reads = prepared.tool().as_str() == "notes_get";
        let doubt = |code| {
            if reads { Interpretation::failed(code) } else { Interpretation::unknown(code) }
        };
        let Some(answer) = answers.last() else {
            return if self.0 == Flaw::CommitsOnSilence { committed() } else { doubt("no_answer") };
        };
        match answer.status {
            _ if self.0 == Flaw::NeverCommits => doubt("never"),
            200 if note(&answer.body).is_some() => committed(),
            200..=299 if self.0 == Flaw::CommitsOnAnySuccess => committed(),
            200..=299 => doubt("not_understood"),
            400..=499 => Interpretation::failed("refused"),
            500.. if self.0 == Flaw::CommitsOnErrors && note(&answer.body).is_some() => committed(),
            500.. if self.0 == Flaw::CallsErrorsFailures => Interpretation::failed("unavailable"),
            _ => doubt("unavailable"),
        }
    }

    fn reconcile(&self, prepared: &Prepared, seen: &Seen) -> Reconciled {
        if prepared.tool().as_str() == "notes_get" {
            return Reconciled::Absent;
        }
        if self.0 == Flaw::ReconcilesWithWrites {
            return Reconciled::Needs(vec![ToolCall::from_json("notes_create", "{}").unwrap()]);
        }
        let read = Self::read("abc");
        let Some(answer) = seen.answer(&read) else { return Reconciled::Needs(vec![read]) };
        match answer.status {
            200 if note(&answer.body).is_some() => Reconciled::Committed,
            200..=299 if self.0 == Flaw::ReconcilesAnySuccess => Reconciled::Committed,
            500.. if self.0 == Flaw::ReconcilesErrors => Reconciled::Absent,
            _ => Reconciled::InDoubt,
        }
    }
}

fn notes() -> Vec<Sample> {
    let found = || answer(200, r#"{"note":"hello"}"#);
    vec![
        Sample::new(call("notes_get", r#"{"id":"abc"}"#), move |_| vec![found()]),
        Sample::new(call("notes_create", r#"{"text":"hello there","loud":true}"#), move |_| {
            vec![found()]
        })
        .marked(),
        Sample::new(call("notes_delete", r#"{"id":"abc"}"#), move |_| vec![found()])
            .read(call("notes_get", r#"{"id":"abc"}"#), found()),
    ]
}

#[test]
fn a_broken_connector_is_caught() {
    connector::all(&|| Arc::new(Notes::new(Flaw::None)), &notes());
    let needs = "Connector: Needs only reads of its own tools, each once";
    let bytes = "Connector: the same call, effect id and answers give the same bytes";
    let mark = "Connector: what it creates carries a mark of the effect id";
    let unknown = "Connector: what it does not know is refused";
    let garbage = "Connector: interpret never commits on what it does not understand";
    let reconcile = "Connector: reconcile never decides on what it does not understand";
    let flaws = [
        (Flaw::Counts, bytes),
        (Flaw::LeavesNoMark, mark),
        (Flaw::MarksReads, mark),
        (Flaw::NeedsAWrite, needs),
        (Flaw::NeedsForEver, needs),
        (Flaw::PinsAnotherCall, "Connector: Pinned is the same call with what was found"),
        (Flaw::AddsArguments, "Connector: the effect is that of the call"),
        (Flaw::AsksForMoreScopes, "Connector: no credential beyond the tool's connection"),
        (Flaw::SendsInTheClear, "Connector: every request is encrypted"),
        (Flaw::TakesAnyArgument, unknown),
        (Flaw::TakesAnyTool, unknown),
        (Flaw::RepeatsValues, "Connector: an error does not repeat a value"),
        (Flaw::HidesAText, "Connector: the preview shows every argument's value"),
        (Flaw::HidesAFlag, "Connector: requests that differ look different"),
        (Flaw::PreviewsWhatItPlannedLast, "Connector: the preview is made from the prepared bytes"),
        (Flaw::CommitsOnAnySuccess, garbage),
        (Flaw::CommitsOnSilence, garbage),
        (Flaw::CommitsOnErrors, garbage),
        (Flaw::CommitsForOthers, garbage),
        (
            Flaw::CallsErrorsFailures,
            "Connector: what is not clearly a failure that changed nothing",
        ),
        (Flaw::NeverCommits, "Connector: an answer that means success is committed"),
        (Flaw::ReconcilesAnySuccess, reconcile),
        (Flaw::ReconcilesErrors, reconcile),
        (Flaw::ReconcilesWithWrites, needs),
        (Flaw::RenamesTools, "Connector: "),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            connector::all(&|| Arc::new(Notes::new(flaw)), &notes());
        });
    }
    catches("RenamesTools", "Connector: the same tools each time", async || {
        connector::declares_the_same_tools_each_time(&|| Arc::new(Notes::new(Flaw::RenamesTools)));
    });
    catches("no sample", "Connector: the suite has a sample of each tool", async || {
        connector::all(&|| Arc::new(Notes::new(Flaw::None)), &notes()[1..]);
    });
    passes(async || assert_eq!(Ending::Committed.as_str(), "committed"));
}
