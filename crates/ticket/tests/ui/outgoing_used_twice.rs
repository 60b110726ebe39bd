//! One step, sent twice by a transport that takes it as transports do.
use countersign_ticket::Outgoing;

fn main() {}

fn send(_: Outgoing<'_>) {}

fn twice(outgoing: Outgoing<'_>) {
    send(outgoing);
    send(outgoing);
}
