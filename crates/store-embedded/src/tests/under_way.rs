//! Effects that are taken further while more are under way than are kept at hand.

use std::sync::Arc;

use countersign_core::{
    Digest, EffectId, Jti, Ledger, LedgerCall, LedgerEntry, LedgerError, LedgerState, Tier,
    Timestamp, ToolName,
};
use countersign_ticket::{Claim, ClaimError, Epochs, ReplayGuard};
use pollster::block_on;

use super::SetClock;
use super::sim::SimDisk;
use super::world::{caller, open, prepared};
use crate::EmbeddedStore;
use crate::state::UNDER_WAY;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn effect(n: usize) -> EffectId {
    EffectId::from_bytes((n as u128 + 1).to_be_bytes())
}

/// The first ticket of an effect, or another.
fn ticket(n: usize, other: u8) -> Jti {
    let mut bytes = *effect(n).as_bytes();
    bytes[0] = other;
    Jti::from_random(bytes)
}

fn enter(store: &EmbeddedStore, n: usize, jti: Jti) {
    let entry = LedgerEntry {
        effect_id: effect(n),
        jti,
        generation: 0,
        state: LedgerState::Entered,
        code: None,
        caller: caller(),
        expires: NOW.plus_seconds(60),
        at: NOW,
        call: Some(LedgerCall {
            tool: ToolName::new("a_tool").unwrap(),
            effect: Digest::of(b"1"),
            approval: Digest::of(b"2"),
            tier: Tier::B,
            prepared: prepared(effect(n)),
        }),
    };
    block_on(store.enter(&entry)).unwrap();
}

fn claim(store: &EmbeddedStore, n: usize, jti: Jti) -> Result<(), ClaimError> {
    let (caller, times) = (caller(), [NOW, NOW.plus_seconds(60), NOW]);
    block_on(store.claim(&Claim::for_test(effect(n), jti, &caller, Epochs::default(), times)))
}

fn advance(store: &EmbeddedStore, n: usize, jti: Jti, to: LedgerState) -> Result<(), LedgerError> {
    block_on(store.advance(effect(n), jti, to, Some("why"), NOW))
}

#[test]
fn inv_03_only_the_ticket_that_claimed_takes_an_effect_further_however_many_are_under_way() {
    let clock = Arc::new(SetClock::default());
    clock.set(NOW.seconds());
    let store = open(&Arc::new(SimDisk::default()), &clock).unwrap();
    // The first are forgotten for the last, and read back.
    let effects = UNDER_WAY + 300;
    for n in 0..effects {
        enter(&store, n, ticket(n, 1));
        claim(&store, n, ticket(n, 1)).unwrap();
        advance(&store, n, ticket(n, 1), LedgerState::Dispatched).unwrap();
    }
    for n in 0..effects {
        let other = advance(&store, n, ticket(n, 2), LedgerState::Released);
        assert_eq!(other, Err(LedgerError::Fenced));
        advance(&store, n, ticket(n, 1), LedgerState::Released).unwrap();
        enter(&store, n, ticket(n, 2));
    }
    for n in 0..effects {
        assert_eq!(claim(&store, n, ticket(n, 1)), Err(ClaimError::Spent), "an old ticket");
        claim(&store, n, ticket(n, 2)).unwrap();
        assert_eq!(claim(&store, n, ticket(n, 2)), Err(ClaimError::Spent));
        let old = advance(&store, n, ticket(n, 1), LedgerState::Committed);
        assert_eq!(old, Err(LedgerError::Fenced));
    }
    for n in 0..effects {
        advance(&store, n, ticket(n, 2), LedgerState::Dispatched).unwrap();
        advance(&store, n, ticket(n, 2), LedgerState::Committed).unwrap();
        let entry = block_on(store.get(effect(n))).unwrap().unwrap();
        assert_eq!((entry.state, entry.generation), (LedgerState::Committed, 2));
    }
}
