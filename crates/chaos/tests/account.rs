//! The harness can fail: what is broken on purpose is counted.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The exit status, and the one JSON object that is printed.
fn chaos(args: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos"));
    let output = command.arg("--json").args(args).output();
    let (code, out, err) = match output {
        Ok(Output { status, stdout, stderr }) => (status.code(), stdout, stderr),
        Err(error) => (None, Vec::new(), error.to_string().into_bytes()),
    };
    let value = serde_json::from_slice(&out).unwrap_or(Value::Null);
    assert!(value.is_object(), "{}", String::from_utf8_lossy(&err));
    (code, value)
}

/// A few kills, with something broken.
fn broken(fault: &str) -> Value {
    let (code, found) = chaos(&["--kills", "6", "--break", fault]);
    assert_eq!(code, Some(1), "{fault}: {found}");
    found
}

fn count(found: &Value, key: &str) -> u64 {
    found.get(key).and_then(Value::as_u64).unwrap_or(u64::MAX)
}

#[test]
fn with_nothing_broken_there_is_nothing_to_report() {
    let (code, found) = chaos(&["--kills", "8", "--seed", "11"]);
    assert_eq!(code, Some(0), "{found}");
    for key in ["doubles", "losses", "asked_twice"] {
        assert_eq!(count(&found, key), 0, "{key}: {found}");
    }
    assert_eq!(count(&found, "kills"), 8);
    assert!(count(&found, "effects") > 0 && count(&found, "asked") > 0, "{found}");
    assert_eq!(found["store"], "embedded");
}

#[test]
fn a_ledger_that_forgets_claims_is_found_by_what_is_done_twice() {
    assert!(count(&broken("forgets-claims"), "doubles") > 0);
}

#[test]
fn a_ledger_that_releases_what_was_sent_is_found_by_what_is_lost() {
    assert!(count(&broken("releases-after-dispatch"), "losses") > 0);
}

#[test]
fn a_log_without_outcomes_is_found_by_what_is_lost() {
    let found = broken("drops-outcomes");
    assert!(count(&found, "losses") > 0);
    assert_eq!(count(&found, "doubles"), 0);
}

#[test]
fn an_approver_that_asks_again_is_found() {
    let found = broken("asks-twice");
    assert!(count(&found, "asked_twice") > 0);
    assert_eq!(count(&found, "losses"), 0);
}

#[test]
fn a_run_that_cannot_be_made_is_not_a_run_without_findings() {
    let command = || Command::new(env!("CARGO_BIN_EXE_chaos"));
    let nobody = command().args(["--kills", "1", "--provider", "http://127.0.0.1:1"]).output();
    assert_eq!(nobody.unwrap().status.code(), Some(2));
    let elsewhere = command().args(["--provider", "http://192.0.2.1:80"]).output();
    assert_eq!(elsewhere.unwrap().status.code(), Some(2));
    assert_eq!(command().arg("--kill").output().unwrap().status.code(), Some(2));
}

#[test]
fn of_a_thousand_attempts_from_four_processes_one_is_admitted() {
    let (code, found) = chaos(&["--race", "--rounds", "2"]);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!((count(&found, "attempts"), count(&found, "admitted")), (2_000, 2));
    assert_eq!(count(&found, "executed"), 2);
}

#[test]
fn another_provider_is_counted_by_its_api_alone() {
    let mut provider = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .arg("provider")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(provider.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let where_it_is: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| where_it_is.get(key).and_then(Value::as_str).unwrap_or_default();
    let url = format!("http://{}", text("calendar"));
    let at = ["--provider", &url, "--token", text("bearer"), "--kills", "6"];
    let runs = [chaos(&at), chaos(&at), chaos(&[&at[..], &["--break", "drops-outcomes"]].concat())];
    provider.kill().unwrap();
    provider.wait().unwrap();
    let [(first, _), (second, found), (broken, lost)] = runs;
    assert_eq!((first, second), (Some(0), Some(0)), "{found}");
    assert!(count(&found, "effects") > 0, "{found}");
    assert_eq!(broken, Some(1), "{lost}");
}
