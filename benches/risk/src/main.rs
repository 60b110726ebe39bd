//! `risk`: the judgement of a call of 400 bytes in a session of 50 steps, beside parsing that call
//! with `serde_json`; what remembering costs; how large the memory is, and how much of it a step
//! changes.
//!
//! `cargo run --release -p risk [-- --quick]` in `benches`. Loading the memory is part of a judgement:
//! it is looked at where it lies.

use bench_work::report;
use bench_work::sample::{Effort, Group};
use countersign_core::{
    AgentId, Caller, Canary, Effect, EffectId, Event, Prepared, RiskInput, RiskPolicy, Role,
    SessionId, Source, TenantId, Timestamp, Tool, ToolName, ToolSpec, Trust, UserId,
};
use countersign_risk::{DefaultPolicy, scan};

#[derive(Debug)]
struct Nothing;

impl Canary for Nothing {
    fn recognises(&self, _: &str) -> bool {
        false
    }
}

fn tool(name: &str, connection: &str, effect: Effect, trust: Trust) -> Tool {
    let tool = ToolSpec::new(name).effect(effect).severity(3).connection(connection, []);
    let tool = tool.role("to", Role::Recipient).role("query", Role::Plain).role("id", Role::Target);
    let tool = tool.role("subject", Role::FreeText).role("body", Role::FreeText);
    tool.returns(trust, true).register().expect("a tool")
}

const BODY: &str = "Hello Kim, thank you for the notes about the offsite. We would like to go on the \
14th, take the early train and come back on Sunday evening. Could you check whether the cabin by the \
lake is still free, and tell Omar and Ines? I will bring the maps and the big tent. If it rains we \
can stay at my place. Best wishes";

/// An answer of some 500 bytes with two records.
fn answer(step: usize) -> String {
    format!(
        "- id: '{step}'\n  sender: person{step}@northwind.example\n  subject: Subject number {step}\n  \
         body: This is the text of message {step}, which speaks of plans, numbers like {}, and of \
         what was said the week before by several people in the team.\n- id: '{}'\n  sender: \
         office@northwind.example\n  subject: Again about {step}\n  body: Another text, a little \
         shorter than the first one, about rooms, trains and the weather of day {step}.",
        step * 7919,
        step + 1000
    )
}

fn remembered(policy: &DefaultPolicy, memory: &[u8], event: Event<'_>, now: Timestamp) -> Vec<u8> {
    policy.remember(memory, event, now).expect("remembered")
}

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let policy = DefaultPolicy::default();
    let now = Timestamp::from_seconds(1_900_000_000);
    let (read, file, send) = (
        tool("search_mails", "mail", Effect::Read, Trust::Untrusted),
        tool("read_file", "files", Effect::Read, Trust::Untrusted),
        tool("send_mail", "mail", Effect::Outward, Trust::Own),
    );
    let request = "Answer the mail of kim@northwind.example about the offsite";
    let remember = |memory: &[u8], event: Event<'_>| remembered(&policy, memory, event, now);
    let mut memory = remember(&[], Event::Observed(Source::User, request));
    for step in 0..50 {
        let arguments = serde_json::json!({"query": format!("plan {step}")}).to_string();
        let arguments = countersign_canon::canonicalize(arguments.as_bytes()).expect("canonical");
        let tool = if step % 2 == 0 { &read } else { &file };
        memory = remember(&memory, Event::Attempted(tool, &arguments));
        memory = remember(&memory, Event::Returned(tool, &answer(step)));
    }
    let call = serde_json::json!({
        "to": ["kim@northwind.example"], "subject": "Re: offsite", "body": BODY,
    });
    let call = call.to_string();
    let canonical = countersign_canon::canonicalize(call.as_bytes()).expect("canonical");
    let name = ToolName::new("send_mail").expect("a name");
    let prepared = Prepared::local(EffectId::from_bytes([7; 16]), name, canonical.clone());
    let caller = Caller::dangerous_assert(
        TenantId::new("t").expect("an id"),
        UserId::new("u").expect("an id"),
        AgentId::new("a").expect("an id"),
        SessionId::new("s").expect("an id"),
    );
    let input = |memory| RiskInput {
        tool: &send,
        prepared: &prepared,
        caller: &caller,
        handles: &[],
        memory,
        counted: false,
        agent_calls: 0,
        canary: &Nothing,
        now,
    };
    let judged = policy.assess(&input(&memory)).expect("judged");
    let text = answer(51);
    let long = (52..64).map(answer).collect::<Vec<_>>().join("\n");
    let long = long.get(..4096).expect("ASCII").to_owned();
    let attempted = policy.attempt(&input(&memory)).expect("judged").1;
    let returned = remember(&memory, Event::Returned(&read, &text));
    let (attempt, answer) = (changed(&memory, &attempted), changed(&memory, &returned));
    eprintln!(
        "call: {} bytes; memory after 50 steps: {} bytes; tier {}, {} findings; bytes changed (in so \
         many places): by an attempt {attempt:?}, by an answer of {} bytes {answer:?}",
        call.len(),
        memory.len(),
        judged.tier,
        judged.findings.len(),
        text.len(),
    );
    let mut group = Group::new("judgement", "a call of 400 bytes in a session of 50 steps");
    group.repeat("serde_json parse of the call", "", || {
        serde_json::from_str::<serde_json::Value>(&call).expect("JSON")
    });
    group.repeat("judgement, memory included", "", || {
        policy.assess(&input(&memory)).expect("judged")
    });
    group.repeat("judgement in a new session", "", || policy.assess(&input(&[])).expect("judged"));
    group.repeat("judgement and count of the attempt in one", "", || {
        policy.attempt(&input(&memory)).expect("judged")
    });
    group.repeat("scanning the call for secrets and personal data alone", "", || {
        let value = canonical.value();
        (scan::arguments(&value), scan::scan(BODY))
    });
    group.repeat("remembering an attempt", "", || {
        remember(&memory, Event::Attempted(&send, &canonical))
    });
    group.repeat("remembering an answer of 500 bytes", "scanned for instructions", || {
        remember(&memory, Event::Returned(&read, &text))
    });
    group.repeat("remembering an answer of 4 KiB", "scanned for instructions", || {
        remember(&memory, Event::Returned(&read, &long))
    });
    group.repeat("scanning a text of 4 KiB alone", "", || scan::scan(&long));
    let results = group.run(effort);
    report::show(&results);
    println!("{}", report::json(&[results], &[("memory bytes".to_owned(), memory.len() as f64)]));
}

/// How many bytes differ between two versions of a memory, and in how many places: what lies closer
/// together than 16 bytes is one.
fn changed(before: &[u8], after: &[u8]) -> (usize, usize) {
    let differs = |at: &usize| before.get(*at) != after.get(*at);
    let (mut bytes, mut places, mut last) = (0, 0, None);
    for at in (0..before.len().max(after.len())).filter(differs) {
        bytes += 1;
        places += usize::from(last.is_none_or(|last: usize| at - last > 16));
        last = Some(at);
    }
    (bytes, places)
}
