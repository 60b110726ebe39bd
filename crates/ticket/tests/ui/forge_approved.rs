//! An `Approved` without evidence.
use countersign_ticket::{Approved, Assessed};

fn main() {}

fn by_constructor(assessed: Assessed) -> Approved {
    Approved::new(assessed)
}

fn by_conversion(assessed: Assessed) -> Approved {
    assessed.into()
}
