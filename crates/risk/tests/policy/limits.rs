//! Hostile sizes: a judgement takes bounded time, and says what it could not look at.

use std::time::{Duration, Instant};

use countersign_core::{Role, Source, Tier, Tool, ToolSpec, Trust};
use countersign_risk::signal;

use crate::common::Session;

/// Generous, for a slow machine and an unoptimised build; a quadratic detector takes minutes.
const LONG: Duration = Duration::from_secs(60);

fn sender() -> Tool {
    let tool = ToolSpec::new("send").outward().severity(3).role("to", Role::Recipient);
    tool.connection("mail", []).register().unwrap()
}

/// A session with a full memory.
fn full() -> Session {
    let mut session = Session::new();
    let words = |seed: usize, n: usize| {
        (0..n).map(|i| format!("w{:x}", (i + seed) * 7919)).collect::<Vec<_>>().join(" ")
    };
    session.observe(Source::User, &words(0, 4000));
    for (i, trust) in [Trust::Own, Trust::Directory, Trust::Untrusted].into_iter().enumerate() {
        let tool = ToolSpec::new("read").reads().connection(&format!("c{i}"), []);
        let tool = tool.returns(trust, i != 1).register().unwrap();
        session.returned(&tool, &words(100_000 * (i + 1), 40_000));
    }
    session
}

#[test]
fn a_judgement_of_a_hostile_call_takes_bounded_time() {
    let mut session = full();
    let rows = |row: &str| vec![row; 1_000_000 / (row.len() + 3)].join("\",\"");
    for call in [
        format!(r#"{{"to":["{}"]}}"#, rows("w0")),
        format!(r#"{{"to":["{}"]}}"#, rows("w0 w1eef w3dde")),
        format!(r#"{{"to":"{}"}}"#, "w0,".repeat(300_000)),
        format!(r#"{{"to":"{}"}}"#, "a@b ".repeat(250_000)),
        format!(r#"{{"body":["{}"]}}"#, rows(&"4 1".repeat(20_000))),
        format!(r#"{{"body":["{}"]}}"#, rows(&"DE89 ".repeat(12_000))),
        format!(r#"{{"body":["{}"]}}"#, rows("x")),
        format!(r#"{{"body":[{}1]}}"#, "1,".repeat(500_000)),
        format!(r#"{{"body":{}1{}}}"#, "[".repeat(120), "]".repeat(120)),
    ] {
        let start = Instant::now();
        let assessed = session.assess(&sender(), &call);
        assert!(start.elapsed() < LONG, "{:?} for {:.40}", start.elapsed(), call);
        let scanned = !assessed.findings.iter().any(|f| f.signal == signal::NOT_SCANNED);
        assert!(scanned || assessed.tier >= Tier::A);
    }
}

#[test]
fn remembering_a_hostile_text_takes_bounded_time_and_room() {
    let mut session = full();
    for text in [
        "a/b/c/d/e/f ".repeat(100_000),
        "a ".repeat(600_000),
        "\u{fdfa}".repeat(400_000),
        format!("[{}1]", "1,".repeat(500_000)),
        format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000)),
    ] {
        for trust in [Trust::Directory, Trust::Untrusted] {
            let tool = ToolSpec::new("read").reads().returns(trust, true).register().unwrap();
            let start = Instant::now();
            session.returned(&tool, &text);
            assert!(start.elapsed() < LONG, "{:?} for {:.40}", start.elapsed(), text);
            assert!(session.memory.len() < 400_000, "{}", session.memory.len());
        }
        session.observe(Source::User, &text);
    }
    let sampled = session.finds(&sender(), "{}", signal::MEMORY_SAMPLED);
    assert!(sampled, "what is compared with a sample is said to be");
}
