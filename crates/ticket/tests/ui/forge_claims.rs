//! Claims that nobody signed.
use countersign_ticket::Claims;

fn main() {}

fn changed(claims: Claims) -> Claims {
    Claims { issuer: String::new(), ..claims }
}
