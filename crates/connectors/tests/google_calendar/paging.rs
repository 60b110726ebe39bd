//! The pages of a listing, driven by the kernel as a pipeline drives it.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Admitted, AgentId, Caller, Connector, Digest, Ending, Jti, PolicyVersion, SessionId, TenantId,
    Tier, Timestamp, UserId, Value,
};
use countersign_ticket::{
    Assessed, Epochs, Gate, Issuer, KeyRing, MemoryGuard, Report, SigningKey, Terms,
};
use zeroize::Zeroizing;

use crate::support::{LIST, answer, ready};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const FIRST: &str = "https://www.googleapis.com/calendar/v3/calendars/primary/events?maxResults=50&orderBy=startTime&singleEvents=true";

/// Passes a listing through issuer and gate.
fn admitted(arguments: &str) -> Admitted {
    let prepared = ready(LIST, arguments);
    let caller = Caller::dangerous_assert(
        TenantId::new("t").unwrap(),
        UserId::new("u").unwrap(),
        AgentId::new("a").unwrap(),
        SessionId::new("s").unwrap(),
    );
    let signer = Arc::new(SigningKey::from_seed(&Zeroizing::new([1; 32])));
    let keys = KeyRing::of(signer.as_ref());
    let schema = Digest::of(b"schema");
    let tools = BTreeMap::from([(prepared.tool().clone(), schema)]);
    let gate = Gate::new("iss", "aud", keys, tools, Arc::new(MemoryGuard::new(8, NOW)));
    let terms = Terms {
        schema,
        tier: Tier::C,
        policy: PolicyVersion::new("p").unwrap(),
        epochs: Epochs::default(),
        preview: Digest::of(b"preview"),
    };
    let approved = Assessed::new(prepared, caller.clone(), terms).silently().unwrap();
    let jti = Jti::from_random([2; 16]);
    let sealed = Issuer::new("iss", "aud", signer).issue(approved, jti, NOW).unwrap();
    pollster::block_on(gate.admit(sealed, &caller, NOW)).unwrap()
}

/// Answers one page after the other, and gives the URLs that were asked and what it all means.
fn drive(arguments: &str, pages: &[&str]) -> (Vec<String>, Result<(Ending, Value), String>) {
    let mut admitted = admitted(arguments);
    let (mut urls, mut answers, mut pages) = (Vec::new(), Vec::new(), pages.iter());
    loop {
        match admitted.next(NOW) {
            Ok(Some(step)) => urls.push(step.request().unwrap().url.to_owned()),
            Ok(None) => break,
            Err(error) => return (urls, Err(error.to_string())),
        }
        let page = answer(200, pages.next().unwrap());
        admitted.report(Report::Answered(page.status, &page.body));
        answers.push(page);
    }
    let meaning = GoogleCalendar::new().interpret(admitted.prepared(), &answers);
    (urls, Ok((meaning.ending, meaning.result)))
}

fn page(id: &str, next: Option<&str>) -> String {
    let next = next.map(|token| format!(r#","nextPageToken":"{token}""#)).unwrap_or_default();
    format!(r#"{{"items":[{{"id":"{id}"}}]{next}}}"#)
}

#[test]
fn one_page_is_one_request_and_says_that_there_are_more() {
    let (urls, end) = drive("{}", &[&page("a", Some("t1"))]);
    assert_eq!(urls, [FIRST]);
    let (ending, result) = end.unwrap();
    assert_eq!(ending, Ending::Committed);
    assert_eq!(result.get("more"), Some(&Value::Bool(true)));
}

#[test]
fn further_pages_have_the_same_parameters_and_the_token() {
    let pages = [page("a", Some("t1-_=")), page("b", Some("T2")), page("c", None)];
    let pages: Vec<_> = pages.iter().map(String::as_str).collect();
    let (urls, end) = drive(r#"{"max_pages":10}"#, &pages);
    let expected =
        [FIRST.to_owned(), format!("{FIRST}&pageToken=t1-_="), format!("{FIRST}&pageToken=T2")];
    assert_eq!(urls, expected);
    let (_, result) = end.unwrap();
    assert_eq!(
        result.to_canonical().as_str(),
        r#"{"items":[{"id":"a"},{"id":"b"},{"id":"c"}],"more":false}"#
    );
}

#[test]
fn a_listing_stops_where_the_pages_stop() {
    let ends =
        [page("a", None), page("a", Some("")), r#"{"items":[],"nextPageToken":null}"#.into()];
    for (max_pages, end) in [1, 3, 10].into_iter().flat_map(|n| ends.iter().map(move |e| (n, e))) {
        let (urls, end) = drive(&format!(r#"{{"max_pages":{max_pages}}}"#), &[end]);
        assert_eq!(urls, [FIRST], "{max_pages}");
        let (ending, result) = end.unwrap();
        assert_eq!(ending, Ending::Committed);
        assert_eq!(result.get("more"), Some(&Value::Bool(false)));
    }
}

#[test]
fn no_more_pages_are_read_than_were_sealed() {
    let pages: Vec<_> = (0..9).map(|n| page("a", Some(&format!("t{n}")))).collect();
    let pages: Vec<_> = pages.iter().map(String::as_str).collect();
    for max_pages in [3, 4] {
        let (urls, end) = drive(&format!(r#"{{"max_pages":{max_pages}}}"#), &pages);
        assert_eq!(urls.len(), max_pages);
        assert_eq!(end.unwrap().1.get("more"), Some(&Value::Bool(true)));
    }
}

#[test]
fn a_token_cannot_add_a_parameter() {
    for token in ["x&calendarId=other", "x#", "x/../../acl", "x%26", "x y"] {
        let (urls, end) = drive(r#"{"max_pages":3}"#, &[&page("a", Some(token))]);
        assert_eq!(urls, [FIRST], "{token}");
        assert!(end.is_err(), "{token}");
    }
}
