//! The contract of a risk policy, for any call and any history: total, deterministic, monotone.

use crate::common::Session;
use countersign_core::{Effect, Event, Role, Source, Tier, Tool, ToolSpec, Trust, Weight};
use proptest::prelude::*;

const EFFECTS: [Effect; 6] = [
    Effect::Read,
    Effect::Write,
    Effect::Outward,
    Effect::Destructive,
    Effect::Financial,
    Effect::Credential,
];

prop_compose! {
    fn any_tool()(
        name in "[a-z_]{1,12}",
        severity in 1..=5u8,
        effect in proptest::sample::select(&EFFECTS[..]),
        floor in proptest::option::of(proptest::sample::select(&Tier::ALL[..])),
        connection in proptest::option::of("[ab]"),
        trust in proptest::sample::select(&[Trust::Own, Trust::Directory, Trust::Untrusted][..]),
        private: bool,
    ) -> Tool {
        let mut spec = ToolSpec::new(&name).severity(severity).effect(effect).returns(trust, private);
        spec = spec.role("to", Role::Recipient).role("id", Role::Target).role("url", Role::Url);
        if let Some(floor) = floor {
            spec = spec.floor(floor);
        }
        if let Some(connection) = connection {
            spec = spec.connection(&connection, []);
        }
        spec.register().unwrap()
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        Just("4111 1111 1111 1111".into()),
        Just("all".into()),
        "\\PC{0,40}".prop_map(Into::into),
        "[a-z@. ]{0,40}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::btree_map("[a-z]{1,3}|\\PC{0,8}", inner, 0..6)
                .prop_map(|m| m.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn any_call() -> impl Strategy<Value = String> {
    let key = prop_oneof!["to", "id", "url", "text", "[a-z]{1,4}"];
    proptest::collection::btree_map(key, any_json(), 0..6)
        .prop_map(|m| serde_json::to_string(&m).unwrap())
}

#[derive(Debug, Clone)]
enum Happened {
    Attempted(Tool, String),
    Returned(Tool, String),
    Said(bool, String),
}

fn any_event() -> impl Strategy<Value = Happened> {
    let text = || "[a-z@. ]{0,60}|\\PC{0,60}";
    prop_oneof![
        (any_tool(), any_call()).prop_map(|(t, a)| Happened::Attempted(t, a)),
        (any_tool(), text()).prop_map(|(t, a)| Happened::Returned(t, a)),
        (any_tool(), any_call()).prop_map(|(t, a)| Happened::Returned(t, a)),
        (any::<bool>(), text()).prop_map(|(u, a)| Happened::Said(u, a)),
    ]
}

fn happen(session: &mut Session, happened: &Happened) {
    match happened {
        Happened::Attempted(tool, arguments) => session.attempt(tool, arguments),
        Happened::Returned(tool, text) => session.event(Event::Returned(tool, text)),
        Happened::Said(true, text) => session.observe(Source::User, text),
        Happened::Said(false, text) => session.observe(Source::Untrusted, text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn inv_10_every_call_gets_a_tier_and_the_same_one_again(
        tool in any_tool(),
        call in any_call(),
        history in proptest::collection::vec(any_event(), 0..8),
    ) {
        let mut session = Session::new();
        for event in &history {
            happen(&mut session, event);
        }
        let assessed = session.assess(&tool, &call);
        prop_assert_eq!(&assessed, &session.assess(&tool, &call));
        prop_assert!(assessed.tier >= assessed.own_tier);
        prop_assert!(tool.floor().is_none_or(|floor| assessed.own_tier >= floor));
        prop_assert!(tool.effect() == Effect::Read || assessed.own_tier >= Tier::B);
        prop_assert!(assessed.score2 >= u16::from(tool.severity()) * 2);
        for finding in &assessed.findings {
            if let Weight::Floor(floor) = finding.weight {
                prop_assert!(assessed.tier >= floor);
            }
            prop_assert!(finding.path.chars().all(|c| c.is_ascii_graphic()), "{}", finding.path);
            prop_assert!(finding.path.is_empty() || finding.path.starts_with('/'));
            prop_assert!(!finding.owasp.is_empty() && finding.evidence.is_ascii());
        }
    }

    #[test]
    fn inv_10_what_the_session_reads_or_attempts_never_lowers_a_tier(
        tool in any_tool(),
        call in any_call(),
        words in "[a-z@. ]{1,60}",
        history in proptest::collection::vec(any_event(), 0..8),
    ) {
        let mut session = Session::new();
        session.observe(Source::User, &words);
        let mut before = session.assess(&tool, &call);
        for event in &history {
            // More of the user's own words, and trusted records, may explain a sink.
            let explains = match event {
                Happened::Said(user, _) => *user,
                Happened::Returned(tool, _) => {
                    tool.returns().trust != Trust::Untrusted
                }
                Happened::Attempted(..) => false,
            };
            if explains {
                continue;
            }
            // An answer that listed the very id makes it a named target.
            if matches!(event, Happened::Returned(_, text) if text.contains("\"id\"")) {
                continue;
            }
            happen(&mut session, event);
            let after = session.assess(&tool, &call);
            prop_assert!(after.tier >= before.tier, "{:?} then {:?}", before, after);
            before = after;
        }
    }

    #[test]
    fn inv_10_one_more_recipient_or_sentence_never_lowers_a_tier(
        tool in any_tool(),
        to in proptest::collection::vec("[a-z]{1,8}@[a-z]{1,8}", 0..14),
        more in "[a-z]{1,8}@[a-z]{1,8}",
        body in "\\PC{0,60}",
        tail in "\\PC{0,60}",
        history in proptest::collection::vec(any_event(), 0..8),
    ) {
        let mut session = Session::new();
        for event in &history {
            happen(&mut session, event);
        }
        let call = |to: &[String], body: &str| serde_json::json!({"to": to, "text": body}).to_string();
        let less = session.assess(&tool, &call(&to, &body)).tier;
        let mut longer = to.clone();
        longer.push(more);
        prop_assert!(session.assess(&tool, &call(&longer, &body)).tier >= less);
        // A space keeps a number at the end of the body the number that it is.
        let with_tail = format!("{body} , {tail}");
        prop_assert!(session.assess(&tool, &call(&to, &with_tail)).tier >= less);
    }
}
