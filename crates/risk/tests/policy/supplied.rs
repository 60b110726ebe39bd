//! What a call supplied itself and its answer repeats is no private read; what it adds is one.

use countersign_core::{Effect, Role, Tool, ToolSpec, Trust};
use countersign_risk::signal;

use crate::common::Session;

fn changing(name: &str, effect: Effect) -> Tool {
    let tool = ToolSpec::new(name).effect(effect).severity(3).connection("calendar", []);
    tool.role("attendees", Role::Recipient).returns(Trust::Untrusted, true).register().unwrap()
}

fn create() -> Tool {
    changing("create_event", Effect::Outward)
}

fn send() -> Tool {
    let tool = ToolSpec::new("send_mail").outward().severity(3).connection("mail", []);
    tool.role("to", Role::Recipient).returns(Trust::Own, false).register().unwrap()
}

fn read() -> Tool {
    let tool = ToolSpec::new("get_event").reads().severity(2).connection("calendar", []);
    tool.role("id", Role::Target).returns(Trust::Untrusted, true).register().unwrap()
}

/// The limit is 25.
fn is_bulk(session: &mut Session) -> bool {
    session.finds(&send(), r#"{"to":"kim@example.com"}"#, signal::BULK_READS)
}

fn arguments(n: usize) -> String {
    format!(
        r#"{{"summary":"Review number {}","start":"2030-05-{:02}T10:00:00","attendees":["guest{n}@example.com"]}}"#,
        100 + n,
        n % 28 + 1
    )
}

/// What a calendar says to a new event: the arguments, and what it made itself.
fn echo(n: usize, more: &str) -> String {
    format!(
        r#"{{"id":"ev{n}x81kq","etag":"\"33{n}\"","status":"confirmed","summary":"Review number {}","start":"2030-05-{:02}T10:00:00+02:00","organizer":{{"email":"me@example.com","self":true}},"attendees":[{{"email":"guest{n}@example.com","response_status":"needsAction"}}],"html_link":"https://calendar.example/event?eid=q{n}a7"{more}}}"#,
        100 + n,
        n % 28 + 1
    )
}

fn forty(more: impl Fn(usize) -> String) -> Session {
    let mut session = Session::new();
    for n in 0..40 {
        session.wait(300);
        session.attempt(&create(), &arguments(n));
        session.returned(&create(), &echo(n, &more(n)));
    }
    session
}

#[test]
fn a_session_that_creates_much_has_read_nothing_by_it() {
    assert!(!is_bulk(&mut forty(|_| String::new())));
}

#[test]
fn a_tool_that_repeats_its_arguments_and_adds_private_data_is_a_read() {
    for add in [
        |n: usize| format!(r#","notes":"The door code of flat {n} is 88{n}1""#),
        |n: usize| format!(r#","conflicts_with":"Interview with candidate {}""#, 7000 + n),
        |n: usize| format!(r#","diagnosis":"{}""#, ["asthma", "anaemia"][n % 2].repeat(n + 1)),
        |n: usize| format!(r#","balance":{}.5"#, 10_000 + n),
        |n: usize| format!(r#","id2":{{"id":"words with spaces {}"}}"#, 5000 + n),
    ] {
        assert!(is_bulk(&mut forty(add)), "{}", add(1));
    }
}

#[test]
fn a_list_of_all_that_an_answer_could_hold_hides_nothing() {
    let guesses: Vec<String> = (1000..3000).map(|n| format!("person{n}")).collect();
    let guesses = serde_json::json!({ "summary": guesses.join(" ") }).to_string();
    let mut session = Session::new();
    for n in 1000..1025 {
        session.attempt(&create(), &guesses);
        session.returned(&create(), &format!(r#"{{"summary":"person{} person{n}"}}"#, n + 70));
    }
    assert!(is_bulk(&mut session));
}

#[test]
fn what_another_call_supplied_explains_no_answer() {
    let other = changing("create_task", Effect::Write);
    let mut session = Session::new();
    for n in 100..125 {
        let note = format!(r#"{{"summary":"secret plan {n}"}}"#);
        session.attempt(&other, &note);
        session.returned(&other, &note);
        session.attempt(&create(), r#"{"summary":"x"}"#);
        session.returned(&create(), &note);
    }
    assert!(is_bulk(&mut session));
}

#[test]
fn reads_count_whatever_was_asked() {
    let mut session = Session::new();
    for n in 0..25 {
        let id = format!(r#"{{"id":"event{n}"}}"#);
        session.attempt(&read(), &id);
        session.returned(&read(), &id);
    }
    assert!(is_bulk(&mut session));
}

#[test]
fn an_answer_without_a_call_that_waits_for_it_counts() {
    let mut session = Session::new();
    for n in 0..25 {
        session.returned(&create(), &echo(n, ""));
    }
    assert!(is_bulk(&mut session));
}

#[test]
fn answers_may_come_in_another_order_and_refused_calls_do_not_confuse_them() {
    let mut session = Session::new();
    for round in 0..10 {
        session.wait(300);
        let all = [1, 2, 3, 4, 5].map(|n| n + round * 5);
        for n in all {
            session.attempt(&create(), &arguments(n));
        }
        // The first of them never ran.
        for n in all.into_iter().skip(1).rev() {
            session.returned(&create(), &echo(n, ""));
        }
    }
    assert!(!is_bulk(&mut session));
}

#[test]
fn the_memory_does_not_grow_with_what_was_supplied() {
    let long: Vec<String> = (0..200).map(|n| format!("word{n}abc")).collect();
    let mut session = Session::new();
    let mut sizes = Vec::new();
    for n in 0..60 {
        let call = serde_json::json!({ "summary": long.join(" "), "n": n }).to_string();
        session.attempt(&create(), &call);
        sizes.push(session.memory.len());
    }
    assert!(sizes[59] - sizes[9] < 60 * 64, "{sizes:?}");
}
