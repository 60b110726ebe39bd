//! A gate's checks left out: its stages made by hand.
use countersign_ticket::{Checked, Claims, Gate, Opened, Prepared};

fn main() {}

fn checked(gate: &Gate, claims: Claims) -> Checked<'_> {
    Checked { gate, claims }
}

fn opened(gate: &Gate, claims: Claims, prepared: Prepared) -> Opened<'_> {
    Opened { gate, claims, prepared }
}
