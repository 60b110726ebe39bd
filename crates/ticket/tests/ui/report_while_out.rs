//! A step reported as done before it was handed over.
use countersign_ticket::{Admitted, Outgoing, PlanError, Report, Timestamp};

fn main() {}

fn send(_: Outgoing<'_>) {}

fn early(admitted: &mut Admitted, now: Timestamp) -> Result<(), PlanError> {
    let outgoing = admitted.next(now)?;
    admitted.report(Report::NotSent);
    outgoing.map(send);
    Ok(())
}
