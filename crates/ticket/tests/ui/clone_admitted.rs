//! One admission, two effects.
use countersign_ticket::Admitted;

fn main() {}

fn twice(admitted: &Admitted) -> Admitted {
    admitted.clone()
}

fn copied(admitted: Admitted) -> (Admitted, Admitted) {
    (admitted, admitted)
}
