//! An `Outgoing` written down.
use countersign_ticket::{Jti, Outgoing, Prepared};

fn main() {}

fn by_literal<'a>(prepared: &'a Prepared, jti: Jti) -> Outgoing<'a> {
    Outgoing { prepared, filled: None, jti }
}
