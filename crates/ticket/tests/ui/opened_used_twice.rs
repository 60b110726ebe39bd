//! One check, claimed twice.
use countersign_ticket::{Opened, Timestamp};

fn main() {}

async fn twice(opened: Opened<'_>, now: Timestamp) {
    let _first = opened.admit(now).await;
    let _second = opened.admit(now).await;
}
