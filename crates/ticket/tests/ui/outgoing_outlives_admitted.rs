//! A step kept for later than its admission.
use countersign_ticket::{Admitted, Outgoing, Timestamp};

fn main() {}

fn keep(mut admitted: Admitted, now: Timestamp) -> Option<Outgoing<'static>> {
    admitted.next(now).ok().flatten()
}
