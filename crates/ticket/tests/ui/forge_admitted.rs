//! An `Admitted` that no gate made.
use countersign_ticket::{Admitted, Claims, Prepared};

fn main() {}

fn by_literal(claims: Claims, prepared: Prepared) -> Admitted {
    Admitted { claims, prepared }
}

fn by_constructor(claims: Claims, prepared: Prepared) -> Admitted {
    Admitted::new(claims, prepared)
}

fn by_default() -> Admitted {
    Admitted::default()
}
