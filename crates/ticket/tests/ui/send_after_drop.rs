//! A step sent when its admission is gone.
use countersign_ticket::{Admitted, Outgoing, PlanError, Timestamp};

fn main() {}

fn send(_: Outgoing<'_>) {}

fn late(mut admitted: Admitted, now: Timestamp) -> Result<(), PlanError> {
    let outgoing = admitted.next(now)?;
    drop(admitted);
    outgoing.map(send);
    Ok(())
}
