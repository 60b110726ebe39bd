//! A live token never passes, wherever and in whatever pieces it stands.

use crate::common::{Session, caller, canon};
use countersign_core::{
    Assessment, EffectId, Method, Prepared, Role, Selector, Step, Tier, Tool, ToolName, ToolSpec,
};
use countersign_risk::signal;

const LIVE: &str = "tok_live_0123456789abcdef";

fn session() -> Session {
    let mut session = Session::new();
    session.live = LIVE;
    session
}

fn tool() -> Tool {
    let tool = ToolSpec::new("note").reads().severity(1).role("to", Role::Recipient);
    tool.connection("notes", []).register().unwrap()
}

fn denied(assessed: &Assessment) -> Option<&str> {
    let json = assessed.to_value().to_canonical();
    let shown = format!("{assessed:?} {}", json.as_str());
    assert!(!shown.contains(LIVE), "{shown}");
    assessed.denied().map(|finding| {
        assert_eq!((finding.signal, finding.owasp), (signal::SECRET_IN_ARGUMENTS, "LLM02"));
        assert_eq!(assessed.tier, Tier::S);
        finding.path.as_str()
    })
}

#[test]
fn inv_07_a_live_token_in_the_arguments_is_denied_whatever_the_score() {
    for (arguments, path) in [
        (format!(r#"{{"text":"see {LIVE}."}}"#), "/text"),
        (format!(r#"{{"to":["a",{{"name":"{LIVE}"}}]}}"#), "/to/1/name"),
        (format!(r#"{{"{LIVE}":1}}"#), ""),
        (format!(r#"{{"a":{{"{LIVE}":{{"b":"x"}}}}}}"#), "/a"),
        (r#"{"a":"tok_live_0123","b":"456789abcdef"}"#.to_owned(), ""),
        (r#"{"a":{"x":"tok_live_0123"},"b":{"y":"456789abcdef"}}"#.to_owned(), ""),
        (r#"{"a":[{"t":"tok_live_0123"},7,{"t":"456789abcdef"}]}"#.to_owned(), ""),
        (r#"{"tok_live_0123":"456789abcdef"}"#.to_owned(), ""),
        (r#"{"a":"tok_live_0123 4567\n89ab\u200bcdef"}"#.to_owned(), ""),
        (r#"{"a":"tok\u005flive_0123456789abcdef"}"#.to_owned(), "/a"),
    ] {
        let assessed = session().assess(&tool(), &arguments);
        assert_eq!(denied(&assessed), Some(path), "{arguments}");
    }
    assert_eq!(denied(&session().assess(&tool(), r#"{"text":"tok_live_"}"#)), None);
}

#[test]
fn inv_07_an_escape_begun_in_one_string_hides_no_token_in_the_next() {
    let mut session = Session::new();
    session.live = "beef_live_0123456789";
    for before in ["x%", "x%2", "%", "ok"] {
        let arguments = format!(r#"{{"a":"{before}","b":"beef%5Flive_0123456789"}}"#);
        assert_eq!(denied(&session.assess(&tool(), &arguments)), Some("/b"), "{before}");
    }
}

#[test]
fn inv_07_a_live_token_behind_what_the_detectors_scan_is_still_denied() {
    let long = format!(r#"{{"text":"{}{LIVE}"}}"#, "x ".repeat(40_000));
    assert!(denied(&session().assess(&tool(), &long)).is_some());
    let many = vec!["1"; 70_000].join(",");
    let behind = format!(r#"{{"a":[{many}],"b":"{LIVE}"}}"#);
    assert!(denied(&session().assess(&tool(), &behind)).is_some());
}

fn request(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Assessment {
    let mut step = Step::new(Method::Post, url).unwrap().body(body.to_vec()).unwrap();
    for (name, value) in headers {
        step = step.header(name, value).unwrap();
    }
    let credential = Selector::new(countersign_core::Connection::new("notes").unwrap(), Vec::new());
    let prepared = Prepared::wire(
        EffectId::from_bytes([1; 16]),
        ToolName::new("note").unwrap(),
        canon("{}"),
        Some(credential),
        vec![Step::new(Method::Get, "https://x.example/").unwrap(), step],
    );
    assert_eq!(caller().user().as_str(), "u");
    session().judge(&tool(), &prepared.unwrap()).unwrap()
}

#[test]
fn inv_07_a_live_token_in_the_request_is_denied() {
    let plain = "https://x.example/a";
    assert_eq!(denied(&request(plain, &[("x-note", "ok")], b"fine")), None);
    let url = format!("https://x.example/a?q={LIVE}");
    let escaped = url.replace("tok_live", "tok%5Flive");
    let mut binary = vec![0xff, 0x00];
    binary.extend_from_slice(LIVE.as_bytes());
    for assessed in [
        request(&url, &[], b""),
        request(&escaped, &[], b""),
        request(plain, &[("x-note", LIVE)], b""),
        request(plain, &[], format!(r#"{{"description":"{LIVE}"}}"#).as_bytes()),
        request(plain, &[], &binary),
    ] {
        assert_eq!(denied(&assessed), Some(""));
    }
}

#[test]
fn a_request_too_long_to_be_searched_is_at_least_tier_a() {
    let body = vec![b'x'; 5 * 1024 * 1024];
    let assessed = request("https://x.example/a", &[], &body);
    assert_eq!(assessed.tier, Tier::A);
    assert!(assessed.findings.iter().any(|f| f.signal == signal::NOT_SCANNED));
}

#[test]
fn the_place_of_a_secret_is_exact_and_a_key_has_none() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let place = |call: &str| {
        let assessed = Session::new().assess(&tool(), call);
        let found = assessed.denied().unwrap();
        (found.path.clone(), found.span.clone())
    };
    let text = serde_json::json!({"a": {"b": ["x", format!("\u{20ac} {token}!")]}}).to_string();
    assert_eq!(place(&text), ("/a/b/1".to_owned(), Some(4..44)));
    let key = serde_json::json!({"a": {token: "x"}}).to_string();
    assert_eq!(place(&key), ("/a".to_owned(), None));
}
