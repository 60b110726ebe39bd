//! One step, sent twice.
use countersign_ticket::Outgoing;

fn main() {}

fn twice<'a>(outgoing: &Outgoing<'a>) -> Outgoing<'a> {
    outgoing.clone()
}
