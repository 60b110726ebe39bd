//! The guard in memory under shuttle, which decides at every lock and every atomic which thread goes
//! on: all schedules where there are few of them, and many random ones where there are not.
//!
//! The source of the guard is compiled a second time here, with shuttle's locks and atomics for its
//! own: it takes them from `crate::sync`, which here is another module than there. So nothing in the
//! product knows of this. Shuttle's atomics are sequentially consistent, whatever ordering is asked
//! for; the guard asks for no other.
//!
//! This has its own `main`, because the unit tests in that source need real threads and locks.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[macro_use]
#[path = "../../src/macros.rs"]
#[expect(unused_macros, reason = "the rest of the product uses them")]
mod macros;

#[path = "../../src/effects.rs"]
#[expect(unused_imports, dead_code, reason = "those of its unit tests")]
mod effects;

#[path = "../../src/guard.rs"]
pub mod guard;

#[path = "../../src/memory.rs"]
#[expect(unused_imports, reason = "those of its unit tests")]
pub mod memory;

mod caller {
    pub(crate) use countersign_ticket::Caller;
}

mod id {
    pub(crate) use countersign_ticket::{
        AgentId, EffectId, Jti, SessionId, TenantId, Timestamp, UserId,
    };
}

/// What the product takes from the standard library, and smaller shards, or a guard had only one.
mod sync {
    pub(crate) const SHARD: usize = 4;

    pub(crate) use shuttle::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, RwLock};
}

mod properties;

/// Runs the properties, or those whose names contain an argument.
fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, property) in properties::ALL {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            property();
            println!("test {name} ... ok");
        }
    }
}
