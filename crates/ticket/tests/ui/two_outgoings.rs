//! Two steps on their way at once.
use countersign_ticket::{Admitted, Outgoing, PlanError, Timestamp};

fn main() {}

fn send(_: Outgoing<'_>) {}

fn both(admitted: &mut Admitted, now: Timestamp) -> Result<(), PlanError> {
    let first = admitted.next(now)?;
    let second = admitted.next(now)?;
    first.map(send);
    second.map(send);
    Ok(())
}
