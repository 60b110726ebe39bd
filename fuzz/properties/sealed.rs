//! Sealed requests: one spelling each, and what is sent is what was sealed.

use countersign_canon::canonicalize;
use countersign_ticket::{Prepared, Report, request_digest};

use crate::world::{caller, edit, gate, local, now, seal, wire};

pub(crate) fn check(data: &[u8]) {
    read(data);
    // Behind the canonical form, which few changed bytes keep.
    if let Ok(canonical) = canonicalize(data) {
        read(canonical.as_bytes());
    }
    let mut bytes = wire().to_bytes();
    edit(&mut bytes, data);
    read(&bytes);
}

fn read(data: &[u8]) {
    let Ok(prepared) = Prepared::from_bytes(data) else { return };
    assert_eq!(prepared.to_bytes(), data, "another spelling");
    let digest = prepared.digest();
    let sealed = seal(prepared.clone());
    let gate = gate(prepared.tool());
    let checked = gate.check(sealed.ticket(), &caller(), now()).unwrap();
    let opened = checked.open(data).unwrap();
    assert_eq!(opened.claims().effect, digest);
    let mut admitted = pollster::block_on(opened.admit(now())).unwrap();
    let mut lent = 0;
    while let Ok(Some(outgoing)) = admitted.next(now()) {
        if let Some(request) = outgoing.request() {
            let headers = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let sent = request_digest(request.method, request.url, headers, request.body);
            assert_eq!(outgoing.digest(), sent);
            let literal = prepared.steps().iter().map(|step| origin(step.url()));
            assert!(literal.clone().any(|origin| origin == self::origin(request.url)));
            assert!(!request.credential || prepared.credential().is_some());
        }
        lent += 1;
        assert!(lent <= 16 * 100, "a plan without an end");
        admitted.report(Report::Answered(200, br#"{"id":"42","parts":["7"]}"#));
    }
    assert_eq!(admitted.lent().len(), lent);
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let host = url.find("://").unwrap() + 3;
    let end = url[host..].find('/').unwrap();
    &url[..host + end]
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![wire().to_bytes(), local().to_bytes(), vec![0, 9, 1, 1, 40, 3]]
}
