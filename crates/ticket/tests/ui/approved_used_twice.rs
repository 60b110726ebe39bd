//! Two tickets from one approval.
use countersign_ticket::{Approved, Issuer, Jti, Timestamp};

fn main() {}

fn issue(issuer: &Issuer, approved: Approved, jti: [Jti; 2], now: Timestamp) {
    let _first = issuer.issue(approved, jti[0], now);
    let _second = issuer.issue(approved, jti[1], now);
}
