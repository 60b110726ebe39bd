//! One approval, two tickets.
use countersign_ticket::Approved;

fn main() {}

fn twice(approved: &Approved) -> Approved {
    approved.clone()
}
