//! An `Outgoing` that no `Admitted` lent.
use countersign_ticket::{Jti, Outgoing, Prepared};

fn main() {}

fn by_constructor<'a>(prepared: &'a Prepared, jti: Jti) -> Outgoing<'a> {
    Outgoing::new(prepared, jti)
}

fn by_conversion<'a>(prepared: &'a Prepared) -> Outgoing<'a> {
    prepared.into()
}
