//! Canonical form and SHA-256 from bytes.

use bench_work::inputs::{self, Input};
use bench_work::sample::Group;
use sha2::{Digest as _, Sha256};

use crate::Run;

pub(crate) fn run(run: &mut Run) {
    for input in inputs::all() {
        let digests = agreed(&input.bytes);
        assert_eq!(agreed(&input.canonical()), digests, "{}", input.name);
        group(run, &input, "", &input.bytes);
        group(run, &input, " canonical", &input.canonical());
    }
}

/// All of them must come to the same digest, or their times mean nothing.
fn agreed(bytes: &[u8]) -> [u8; 32] {
    let own = ours(bytes);
    for (name, peer) in PEERS {
        assert_eq!(peer(bytes), own, "{name} disagrees");
    }
    own
}

type Peer = (&'static str, fn(&[u8]) -> [u8; 32]);

const PEERS: [Peer; 3] =
    [("serde_json_canonicalizer", canonicalizer), ("serde_jcs", jcs), ("json-canon", json_canon)];

fn ours(bytes: &[u8]) -> [u8; 32] {
    *countersign_canon::digest(bytes).expect("an acceptable input").as_bytes()
}

fn parsed(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn canonicalizer(bytes: &[u8]) -> [u8; 32] {
    hash(&serde_json_canonicalizer::to_vec(&parsed(bytes)).expect("a value"))
}

fn jcs(bytes: &[u8]) -> [u8; 32] {
    hash(&serde_jcs::to_vec(&parsed(bytes)).expect("a value"))
}

fn json_canon(bytes: &[u8]) -> [u8; 32] {
    hash(json_canon::to_string(&parsed(bytes)).expect("a value").as_bytes())
}

fn group(run: &mut Run, input: &Input, suffix: &str, bytes: &[u8]) {
    let about = format!("canonical form and SHA-256 of {} bytes: {}", bytes.len(), input.about);
    let mut group = Group::new(format!("canon {}{suffix}", input.name), about);
    let lax = "keeps the last of duplicate keys, rounds large integers";
    group.repeat("countersign-canon", "strict", || ours(bytes));
    group.repeat("serde_json + serde_json_canonicalizer + sha2", lax, || canonicalizer(bytes));
    group.repeat("serde_json + serde_jcs + sha2", lax, || jcs(bytes));
    group.repeat("serde_json + json-canon + sha2", lax, || json_canon(bytes));
    group.repeat("serde_json parse", "no canonical form, no hash", || parsed(bytes));
    group.repeat("sha2", "of these very bytes, no canonical form", || hash(bytes));
    run.group(group);
}
