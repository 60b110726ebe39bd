//! A ticket and a sealed request that the library itself copies.
use countersign_ticket::{Sealed, Ticket};

fn main() {}

fn ticket(ticket: &Ticket) -> Ticket {
    ticket.clone()
}

fn sealed(sealed: &Sealed) -> Sealed {
    sealed.clone()
}
