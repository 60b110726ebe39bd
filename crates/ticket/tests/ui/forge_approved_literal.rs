//! An `Approved` written down.
use countersign_canon::Digest;
use countersign_ticket::{Approved, Assessed};

fn main() {}

fn by_literal(assessed: Assessed, digest: Digest) -> Approved {
    Approved { assessed, digest, approval: None }
}
