//! `countersign ticket`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::KeyDir;
use countersign::connectors::GoogleCalendar;
use countersign::core::{Connector as _, Entropy, EntropyError, Planned, Seen, ToolCall};
use countersign::ticket::{
    AgentId, Assessed, Caller, Ending, Epochs, Evidence, Gate, Issuer, Jti, KeyRing, MemoryGuard,
    PolicyVersion, Prepared, SessionId, Signer, TenantId, Terms, Tier, Timestamp, UserId,
};
use countersign_canon::Digest;
use serde_json::json;
use tempfile::TempDir;

use crate::{Run, command, run, run_as};

const NOW: i64 = 1_772_000_000;

#[derive(Debug)]
struct Fixed(u8);

impl Entropy for Fixed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        buffer.fill(self.0);
        Ok(())
    }
}

/// A ticket for a call, the request that it permits, evidence of both endings, and the keys.
struct Scene {
    dir: TempDir,
    ticket: String,
}

impl Scene {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Verifies a text at a time within the ticket's lifetime.
    fn verify(&self, token: &str, args: &[&str]) -> Run {
        self.verify_at(NOW + 10, token, args)
    }

    fn verify_at(&self, at: i64, token: &str, args: &[&str]) -> Run {
        let mut command = command(["--json", "ticket", "verify", "--at", &at.to_string()]);
        command.arg("--jwks").arg(self.path("jwks.json")).args(args);
        run_as(&mut command, token.as_bytes())
    }

    /// Verifies a text together with a request.
    fn verify_with(&self, token: &str, request: &Path) -> Run {
        self.verify(token, &["--request", request.to_str().unwrap()])
    }
}

fn refused(run: &Run, code: &str) {
    let json = run.json();
    assert_eq!((run.code, json["code"].as_str()), (1, Some(code)), "{}", run.text());
    assert_eq!(json["valid"], false);
    assert!(json.get("claims").is_none(), "what is not valid is not shown as if it were");
}

fn valid(run: &Run) {
    assert_eq!((run.code, run.json()["valid"].as_bool()), (0, Some(true)), "{}", run.text());
}

fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|kim").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-42").unwrap(),
    )
    .with_chain(vec![AgentId::new("chief").unwrap()])
    .unwrap()
}

fn prepared(tool: &str, event: &str, effect: u8) -> Prepared {
    let tool = format!("google_calendar_{tool}");
    let call = ToolCall::from_json(&tool, json!({"event_id": event}).to_string()).unwrap();
    let call = call.pinned(countersign_canon::canonicalize(br#"{"etag":"\"1\""}"#).unwrap());
    let call = if tool.ends_with("get_event") {
        ToolCall::new(call.tool().clone(), call.arguments().clone()).unwrap()
    } else {
        call
    };
    let effect = countersign::ticket::EffectId::from_bytes([effect; 16]);
    match GoogleCalendar::new().plan(&call, effect, &Seen::nothing()).unwrap() {
        Planned::Ready(prepared) => prepared,
        other => panic!("{other:?}"),
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a guard in memory does not wait"),
    }
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyDir::open(dir.path().join("keys")).unwrap();
    keys.rotate(&Fixed(7)).unwrap();
    let signer: Arc<dyn Signer> = Arc::new(keys.active().unwrap().unwrap());
    let ring = KeyRing::of(signer.as_ref());
    let now = Timestamp::from_seconds(NOW);

    let prepared = prepared("get_event", "e1", 1);
    let schema = Digest::of(b"schema");
    let terms = Terms {
        schema,
        tier: Tier::C,
        policy: PolicyVersion::new("p-1").unwrap(),
        epochs: Epochs::default(),
        preview: Digest::of(b"preview"),
    };
    let tool = prepared.tool().clone();
    let approved = Assessed::new(prepared, caller(), terms).silently().unwrap();
    let issuer = Issuer::new("https://issuer.example", "gate-1", Arc::clone(&signer));
    let sealed = issuer.issue(approved, Jti::from_random([3; 16]), now).unwrap();
    let ticket = sealed.ticket().as_compact().to_owned();

    let scene = Scene { dir, ticket };
    scene.write("jwks.json", ring.to_jwks());
    scene.write("sealed.json", sealed.prepared().to_bytes());
    scene.write("ticket.jwt", format!("{}\n", scene.ticket));

    let guard = Arc::new(MemoryGuard::new(8, now));
    let tools = BTreeMap::from([(tool, schema)]);
    let gate = Gate::new("https://issuer.example", "gate-1", ring, tools, guard);
    let admitted = at_once(gate.admit(sealed, &caller(), now)).unwrap();
    let answer = Some((200, Digest::of(b"{}")));
    for (name, elsewhere) in [("executed.jwt", false), ("elsewhere.jwt", true)] {
        let signer = signer.as_ref();
        let executed =
            Evidence::executed(signer, &admitted, Ending::Committed, answer, elsewhere, now);
        scene.write(name, executed.unwrap().as_compact());
    }
    let refused = Evidence::refused(signer.as_ref(), admitted.claims(), "spent", now);
    scene.write("refused.jwt", refused.unwrap().as_compact());
    scene
}

#[test]
fn a_good_ticket_is_valid_and_what_was_not_checked_is_said() {
    let scene = scene();
    let run = scene.verify(&scene.ticket, &[]);
    valid(&run);
    let json = run.json();
    assert_eq!(json["what"], "ticket");
    assert_eq!(json["claims"]["sub"], "auth0|kim");
    assert_eq!(json["claims"]["act"], json!({"sub": "planner", "act": {"sub": "chief"}}));
    for unchecked in ["caller", "replay", "tool definition", "issuer", "audience", "request"] {
        assert!(json["not_checked"].as_array().unwrap().contains(&unchecked.into()), "{unchecked}");
    }
    let args = ["--issuer", "https://issuer.example", "--audience", "gate-1"];
    let json = scene.verify(&scene.ticket, &args).json();
    for checked in ["signature", "times", "issuer", "audience"] {
        assert!(json["checked"].as_array().unwrap().contains(&checked.into()), "{checked}");
        assert!(!json["not_checked"].as_array().unwrap().contains(&checked.into()), "{checked}");
    }

    let at = (NOW + 10).to_string();
    let mut command = command(["ticket", "verify", "--at", &at, "--jwks"]);
    let run = run_as(command.arg(scene.path("jwks.json")).arg(scene.path("ticket.jwt")), b"");
    assert_eq!(run.code, 0);
    assert!(run.text().starts_with("valid: ticket\n"));
    assert!(run.text().contains("NOT checked: caller, "));
    assert!(run.text().contains("2026-02-25T06:14:20Z  in 50 s"), "{}", run.text());
}

#[test]
fn times_issuer_and_audience_are_checked() {
    let scene = scene();
    let ticket = scene.ticket.as_str();
    valid(&scene.verify_at(NOW + 59, ticket, &[]));
    refused(&scene.verify_at(NOW + 60, ticket, &[]), "expired");
    valid(&scene.verify_at(NOW - 30, ticket, &[]));
    refused(&scene.verify_at(NOW - 31, ticket, &[]), "not_yet_valid");
    refused(&scene.verify_at(i64::MIN, ticket, &[]), "not_yet_valid");
    refused(&scene.verify_at(i64::MAX, ticket, &[]), "expired");
    refused(&scene.verify(ticket, &["--issuer", "other"]), "wrong_issuer");
    refused(&scene.verify(ticket, &["--issuer", ""]), "wrong_issuer");
    refused(&scene.verify(ticket, &["--audience", "other"]), "wrong_audience");

    let mut without_time = command(["--json", "ticket", "verify", "--jwks"]);
    let run = run_as(without_time.arg(scene.path("jwks.json")), ticket.as_bytes());
    refused(&run, "expired");
}

#[test]
fn no_changed_ticket_is_valid() {
    let scene = scene();
    let whole = scene.ticket.as_bytes();
    for at in (0..whole.len()).step_by(11).chain([whole.len() - 1]) {
        let mut changed = whole.to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let run = scene.verify(std::str::from_utf8(&changed).unwrap(), &[]);
        assert_eq!((run.code, &run.json()["valid"]), (1, &false.into()), "byte {at}");
        let run = scene.verify(std::str::from_utf8(&whole[..at]).unwrap(), &[]);
        assert_eq!(run.code, 1, "cut at {at}");
    }
}

#[test]
fn claims_and_signature_of_another_hand_are_refused() {
    let scene = scene();
    let parts: Vec<&str> = scene.ticket.split('.').collect();
    let decode = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let claims = decode(parts[1]).replace("auth0|kim", "auth0|eve");
    let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2]);
    refused(&scene.verify(&forged, &[]), "bad_signature");
    for alg in ["none", "HS256"] {
        let header = URL_SAFE_NO_PAD.encode(decode(parts[0]).replace("EdDSA", alg));
        refused(
            &scene.verify(&format!("{header}.{}.{}", parts[1], parts[2]), &[]),
            "ticket_malformed",
        );
    }
    // Another key under the same name, and no key.
    let other = KeyDir::open(scene.path("other")).unwrap();
    other.rotate(&Fixed(8)).unwrap();
    let jwks = other.ring().unwrap().to_jwks();
    scene.write("jwks.json", &jwks);
    refused(&scene.verify(&scene.ticket, &[]), "unknown_key");
    let kid = |jwks: &str| -> String {
        let jwks: serde_json::Value = serde_json::from_str(jwks).unwrap();
        jwks["keys"][0]["kid"].as_str().unwrap().to_owned()
    };
    let own: serde_json::Value = serde_json::from_str(&decode(parts[0])).unwrap();
    scene.write("jwks.json", jwks.replace(&kid(&jwks), own["kid"].as_str().unwrap()));
    refused(&scene.verify(&scene.ticket, &[]), "bad_signature");
    scene.write("jwks.json", r#"{"keys":[]}"#);
    refused(&scene.verify(&scene.ticket, &[]), "unknown_key");
}

#[test]
fn only_the_sealed_request_belongs_to_it() {
    let scene = scene();
    let run = scene.verify_with(&scene.ticket, &scene.path("sealed.json"));
    valid(&run);
    assert!(run.json()["checked"].as_array().unwrap().contains(&"request".into()));

    let other = |prepared: &Prepared| scene.write("other.json", prepared.to_bytes());
    let path = other(&prepared("get_event", "e1", 2));
    refused(&scene.verify_with(&scene.ticket, &path), "effect_mismatch");
    let path = other(&prepared("get_event", "e2", 1));
    refused(&scene.verify_with(&scene.ticket, &path), "arguments_mismatch");
    let path = other(&prepared("delete_event", "e1", 1));
    refused(&scene.verify_with(&scene.ticket, &path), "tool_mismatch");
    let changed = scene.read("sealed.json").replace("/events/e1", "/events/e2");
    refused(&scene.verify_with(&scene.ticket, &scene.write("c", changed)), "effect_mismatch");
    for odd in
        [scene.read("sealed.json") + "\n", String::new(), "{}".to_owned(), "[".repeat(1 << 20)]
    {
        let path = scene.write("odd.json", odd);
        refused(&scene.verify_with(&scene.ticket, &path), "sealed_malformed");
    }
}

#[test]
fn what_is_no_ticket_is_refused_with_a_code() {
    let scene = scene();
    for garbage in ["", " \n", "a", "..", "a.b.c", "....", "ü.ü.ü", "\u{0}", "{\"a\":1}"] {
        refused(&scene.verify(garbage, &[]), "ticket_malformed");
    }
    let long = "[".repeat(1_000_000);
    refused(&scene.verify(&long, &[]), "ticket_too_large");
    let mut command = command(["--json", "ticket", "verify", "--jwks"]);
    refused(
        &run_as(command.arg(scene.path("jwks.json")), b"\xff\xfe.\xff.\xff"),
        "ticket_malformed",
    );
    valid(&scene.verify(&format!(" \n{}\r\n", scene.ticket), &[]));
    refused(&scene.verify(&format!("{0}\n{0}", scene.ticket), &[]), "bad_signature");
}

#[test]
fn what_cannot_be_used_is_exit_code_2() {
    let scene = scene();
    let unusable = |run: Run, kind: &str| {
        assert_eq!((run.code, run.text()), (2, ""), "{kind}");
        assert_eq!(run.error()["kind"], kind);
    };
    let verify = |jwks: &Path| {
        let mut command = command(["--json", "ticket", "verify", "--jwks"]);
        run_as(command.arg(jwks), scene.ticket.as_bytes())
    };
    unusable(verify(&scene.path("none")), "unreadable");
    let private = scene.read("jwks.json").replace("\"x\":", "\"d\":\"AAAA\",\"x\":");
    for jwks in [private, String::new(), "[".repeat(1 << 21), "{\"keys\":{}}".to_owned()] {
        unusable(verify(&scene.write("bad.json", jwks)), "jwks_unusable");
    }
    unusable(scene.verify(&scene.ticket, &["--request", "/no/such"]), "unreadable");
    unusable(scene.verify(&scene.ticket, &["/no/such"]), "unreadable");
    unusable(scene.verify(&scene.ticket, &["--request", "-"]), "usage");
    unusable(scene.verify(&scene.read("executed.jwt"), &["--issuer", "x"]), "usage");
    unusable(scene.verify(&scene.read("executed.jwt"), &["--audience", "x"]), "usage");
}

#[test]
fn evidence_is_recognised_and_verified() {
    let scene = scene();
    for (name, kind) in [("executed.jwt", "executed"), ("refused.jwt", "refused")] {
        let evidence = scene.read(name);
        let run = scene.verify_at(NOW + 1_000_000, &evidence, &[]);
        valid(&run);
        assert_eq!(run.json()["what"], "evidence");
        assert_eq!(run.json()["claims"]["kind"], kind);
        let run = scene.verify_with(&evidence, &scene.path("sealed.json"));
        valid(&run);
        assert!(run.json()["checked"].as_array().unwrap().contains(&"request".into()));
        let other = scene.write("other.json", prepared("get_event", "e1", 2).to_bytes());
        refused(&scene.verify_with(&evidence, &other), "effect_mismatch");

        let (signed, signature) = evidence.rsplit_once('.').unwrap();
        let last = if signature.starts_with('A') { "B" } else { "A" };
        let changed = format!("{signed}.{last}{}", signature.get(1..).unwrap());
        refused(&scene.verify(&changed, &[]), "bad_signature");
        refused(&scene.verify(&format!("{signed}.AAAA"), &[]), "evidence_malformed");
    }
    scene.write("jwks.json", r#"{"keys":[]}"#);
    refused(&scene.verify(&scene.read("executed.jwt"), &[]), "unknown_key");
}

#[test]
fn evidence_of_a_call_that_went_elsewhere_is_marked() {
    let scene = scene();
    for (name, marked) in [("executed.jwt", false), ("elsewhere.jwt", true)] {
        let mut command = command(["ticket", "verify", "--jwks"]);
        let run = run_as(command.arg(scene.path("jwks.json")).arg(scene.path(name)), b"");
        assert_eq!(run.code, 0);
        assert!(run.text().starts_with("valid: evidence\n"));
        assert_eq!(run.text().contains("\nWARNING: dialled elsewhere"), marked);
    }
}

#[test]
fn keys_made_listed_and_revoked_here_decide_here() {
    let scene = scene();
    let keys =
        |args: &[&str]| run_as(command(["keys", "--dir"]).arg(scene.path("keys")).args(args), b"");
    scene.write("jwks.json", keys(&["jwks"]).stdout);
    valid(&scene.verify(&scene.ticket, &[]));
    assert_eq!(keys(&["new"]).code, 0);
    scene.write("jwks.json", keys(&["jwks"]).stdout);
    valid(&scene.verify(&scene.ticket, &[]));
    let ticket = run(["--json", "ticket", "inspect"], &scene.ticket).json();
    assert_eq!(keys(&["revoke", ticket["header"]["kid"].as_str().unwrap()]).code, 0);
    scene.write("jwks.json", keys(&["jwks"]).stdout);
    refused(&scene.verify(&scene.ticket, &[]), "unknown_key");
}

#[test]
fn inspecting_shows_everything_and_believes_nothing() {
    let scene = scene();
    let (signed, _) = scene.ticket.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.AAAA\n");
    let run =
        run_as(&mut command(["ticket", "inspect", "--at", "1772000010"]), unsigned.as_bytes());
    assert_eq!(run.code, 0);
    assert!(run.text().starts_with("NOT VERIFIED"));
    for part in [
        "countersign-ticket+jwt",
        "auth0|kim",
        "2026-02-25T06:13:20Z  10 s ago",
        "2026-02-25T06:14:20Z  in 50 s",
    ] {
        assert!(run.text().contains(part), "{part}\n{}", run.text());
    }
    let json = run_as(
        &mut command(["--json", "ticket", "inspect", "--at", "1772000090"]),
        unsigned.as_bytes(),
    );
    let json = json.json();
    assert_eq!(json["verified"], false);
    assert_eq!(json["claims"]["aud"], "gate-1");
    assert_eq!(
        json["times"]["exp"],
        json!({"utc": "2026-02-25T06:14:20Z", "relative": "30 s ago"})
    );

    let evidence = crate::run(["ticket", "inspect"], scene.read("executed.jwt"));
    assert_eq!(evidence.code, 0);
    assert!(
        evidence.text().contains("committed") && evidence.text().contains("2026-02-25T06:13:20Z")
    );
}

#[test]
fn hostile_claims_do_not_act_on_the_terminal() {
    let part = |json: &str| {
        URL_SAFE_NO_PAD.encode(countersign_canon::canonicalize(json.as_bytes()).unwrap().as_bytes())
    };
    let claims = r#"{"sub":"\u001b[2J\u009b31m\u202e","\u001b]0;x\u0007":1,"exp":9007199254740991,
                     "iat":-9007199254740991,"nbf":1.5,"at_ms":"x","tool":"a\nvalid: ticket"}"#;
    let token = format!("{}.{}.x", part(r#"{"typ":"\u001b[1m"}"#), part(claims));
    for args in [&["ticket", "inspect"][..], &["--json", "ticket", "inspect"]] {
        let run = run_as(&mut command(args), token.as_bytes());
        assert_eq!(run.code, 0);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.text().contains(bad), "{}", run.text());
        assert!(!run.text().contains("\nvalid: ticket"));
    }
}

#[test]
fn what_has_not_the_form_is_not_shown() {
    for garbage in ["", "a.b", "a.b.c.d", "e30.e30", "e30.e30.x.y", "W10.eyJhIjoxLCJhIjoyfQ.x"] {
        let run = run(["--json", "ticket", "inspect"], garbage);
        assert_eq!((run.code, run.text()), (2, ""), "{garbage}");
        assert_eq!(run.error()["kind"], "token_malformed");
    }
    assert_eq!(run(["ticket", "inspect"], "[".repeat(1_000_000)).code, 2);
    assert_eq!(run(["ticket", "inspect"], b"\xff.\xff.\xff").code, 2);
}
