//! Invariant 7: secrets do not travel. A marked token goes through everything that can happen, and is
//! then looked for in everything that can be seen.

use std::io;
use std::sync::{Arc, Mutex};

use countersign::core::ApprovalRequest;
use countersign::prelude::*;
use countersign_testkit::servers::{Fault, When, auth0};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::harness::{SECRET, World, create, create_with, list, sealed};

/// Everything that was printed, by whatever means.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn note(&self, what: &impl std::fmt::Debug) {
        self.0.lock().unwrap().extend_from_slice(format!("{what:?}\n{what:#?}\n").as_bytes());
    }
    fn text(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }
}

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Seen {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn inv_07_no_token_is_in_any_log_line_error_span_file_or_answer() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(seen.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = World::start().await;
    world.auth0.tokens().set_prefix("ya29.CANARY-");
    let previews = seen.clone();
    let person = Callback::new(move |request: ApprovalRequest| {
        previews.note(&request);
        previews.text(&request.preview.text);
        async { Decision::Approve }
    });
    let builder = world.bare().approver(person);
    seen.note(&builder);
    let cs = builder.open().await.unwrap();
    seen.note(&cs);
    let me = world.me(&cs).await;
    seen.note(&me);

    // What goes well.
    let permitted = sealed(&cs, &me, &create()).await;
    seen.note(&permitted);
    seen.text(permitted.ticket().as_compact());
    seen.text(&String::from_utf8_lossy(&permitted.prepared().to_bytes()));
    let done = cs.execute(&me, permitted).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    seen.note(&done);
    seen.text(done.evidence.as_compact());

    // What goes wrong on every side.
    let calendar = world.calendar.faults();
    for fault in [
        Fault::status(500),
        Fault::status(401),
        Fault::html_502(),
        Fault::answer_lost(),
        Fault::dropped(),
        Fault::truncated(5),
        Fault::redirect("http://127.0.0.1:9/?token=x"),
    ] {
        calendar.when(When::method("POST"), 1, fault);
        let result = cs.run(&me, &create()).await;
        seen.note(&result);
        if let Ok(done) = result {
            if done.ending == Ending::Unknown {
                seen.note(&cs.reconcile(&me, done.effect_id).await);
            }
            seen.text(done.evidence.as_compact());
        }
    }
    calendar.clear();
    let live = world.auth0.tokens().minted().pop().unwrap();
    let leak = cs.authorize(&me, &create_with(&format!("token {live}"))).await;
    assert!(matches!(&leak, Ok(Authorization::Refused(no)) if no.code() == "secret_in_arguments"));
    if let Ok(Authorization::Refused(no)) = &leak {
        seen.note(no);
        seen.text(&no.for_agent());
        seen.text(no.detail().unwrap_or_default());
    }
    // A token that stands in the calendar already does not come back to the agent.
    let event = serde_json::json!({
        "summary": "leaked", "description": live.clone(),
        "start": { "dateTime": "2027-03-01T08:00:00Z" }, "end": { "dateTime": "2027-03-01T08:30:00Z" },
    });
    let id = world.calendar.seed("ada@acme.example", &event).unwrap();
    let listed = cs.run(&me, &list()).await.unwrap();
    assert_eq!(listed.code, Some("token_in_result"));
    seen.note(&listed);
    seen.text(listed.result.to_canonical().as_str());
    world.calendar.remove("ada@acme.example", &id).unwrap();

    world.auth0.faults().push(auth0::error(403, "access_denied", "no"));
    seen.note(&cs.caller("not-a-token-MARKED").verify().await);
    seen.note(&cs.caller(world.access_token()));
    drop(cs);
    for entry in walk(world.dir.path()) {
        seen.text(&String::from_utf8_lossy(&std::fs::read(entry).unwrap()));
    }

    let seen = String::from_utf8_lossy(&seen.0.lock().unwrap()).into_owned();
    assert!(seen.contains("google_calendar_create_event"), "the search looks at something");
    let minted = world.auth0.tokens().minted();
    assert!(!minted.is_empty() && minted.iter().all(|t| t.contains("CANARY")));
    for secret in minted.iter().map(String::as_str).chain(["CANARY", SECRET, "not-a-token-MARKED"])
    {
        assert!(!seen.contains(secret), "a secret was seen: …{}", context(&seen, secret));
    }
    for secret in world.auth0.secrets() {
        assert!(!seen.contains(&secret), "a secret was seen: …{}", context(&seen, &secret));
    }
    // And the provider, who must have it, did get it.
    let authorised =
        world.calendar.requests().iter().filter(|r| r.request.bearer().is_some()).count();
    assert!(authorised > 0);
}

fn context(text: &str, secret: &str) -> String {
    let at = text.find(secret).unwrap_or(0);
    text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect()
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
