//! Builds the tables of a store from its frames, in order.

use countersign_core::{EffectId, LedgerState};
use countersign_ticket::Freeze;

use crate::error::OpenError;
use crate::frame::{Frame, Place};
use crate::record::{
    CALL, CLOSED, DELETE, OLDEST, OPENED, PATCH, PUT, STATE, StateRecord, Table, VERSION, Value,
    freeze_name,
};
use crate::replay::{Bad, Visitor};
use crate::state::{Orphan, State, forgotten_before};

/// Builds the tables from the frames.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) state: State,
    oldest: u32,
    opened: Place,
    pub(crate) newest: i64,
    /// The last call, until it is seen whether its state follows, as it does.
    call: Option<(EffectId, Place, bool, usize)>,
    /// Whether the last frame closed the store.
    pub(crate) closed: bool,
}

impl Replay {
    pub(crate) fn new(state: State) -> Self {
        let opened = Place { segment: 0, offset: 0 };
        Self { state, oldest: 0, opened, newest: i64::MIN, call: None, closed: false }
    }

    fn settle_call(&mut self) {
        if let Some((effect, place, has_call, length)) = self.call.take() {
            self.state.set_call(effect, place, has_call, length);
        }
    }

    /// Says what time is in it; the least, if none.
    fn record(&mut self, place: Place, frame: &Frame<'_>) -> Option<i64> {
        self.closed = frame.kind == CLOSED;
        match frame.kind {
            STATE => {
                let record = StateRecord::decode(frame.payload)?;
                if record.state == LedgerState::Claimed {
                    self.newest = self.newest.max(record.at.seconds());
                }
                let call = self.call.take_if(|(effect, ..)| *effect == record.effect);
                self.settle_call();
                self.state.set_slot(record.effect, |slot| {
                    if let Some((_, place, has_call, length)) = call {
                        slot.has(place, has_call, length);
                    }
                    slot.stands(place, &record);
                });
                return Some(record.at.seconds());
            }
            CALL => {
                let (name, _) = frame.payload.split_first_chunk::<17>()?;
                let (effect, flag) = name.split_first_chunk::<16>()?;
                let has_call = match flag {
                    [0] => false,
                    [1] => true,
                    _ => return None,
                };
                let effect = EffectId::from_bytes(*effect);
                self.settle_call();
                self.call = Some((effect, place, has_call, frame.payload.len()));
            }
            PUT => {
                let plain = self.state.sealer.open(PUT, b"", frame.payload)?;
                let value = Value::decode(&plain)?;
                self.state.set_value(place, frame.payload.len(), &value);
                if value.table == Table::Epochs {
                    let (whose, epoch) = read_epoch(value.name, value.bytes)?;
                    self.state.epochs.insert(whose, epoch);
                }
            }
            PATCH => {
                let plain = self.state.sealer.open(PATCH, b"", frame.payload)?;
                let changes = Value::decode(&plain)?;
                match self.state.set_patch(place, frame.payload.len(), &changes) {
                    // What it changed was moved, behind it, and is gone from here; or is forgotten.
                    Ok(()) | Err(Orphan::Alone) => {}
                    Err(Orphan::OfAnother) => return None,
                }
            }
            DELETE => {
                let plain = self.state.sealer.open(DELETE, b"", frame.payload)?;
                let value = Value::decode(&plain)?;
                self.state.set_gone(value.table, value.name);
            }
            OPENED => self.opened = place,
            OLDEST => self.oldest = u32::from_le_bytes(frame.payload.try_into().ok()?),
            CLOSED => {}
            _ => return None,
        }
        Some(i64::MIN)
    }

    /// The tables, once all frames were seen, of which the first is in this segment. With a process
    /// that lives, only what is from before it is in doubt.
    pub(crate) fn end(mut self, first: u32, newest: i64, alive: bool) -> Result<State, OpenError> {
        self.settle_call();
        let oldest = self.oldest;
        if first > oldest.max(1) {
            return Err(OpenError::Damaged { segment: oldest.max(1), offset: 0 });
        }
        let opened = self.opened;
        let (state, newest) = (&mut self.state, self.newest.max(newest));
        // A segment that should be gone may be back, and what was moved out of it is there twice, or
        // was forgotten; a call whose state never came was not entered.
        let (before, first) = (forgotten_before(newest), oldest.max(1));
        let State { effects, live, .. } = state;
        effects.retain(
            |slot| {
                let old = slot.settled().is_some_and(|at| at < before);
                let keep = slot.state.segment >= first && !old;
                slot.no_call_before(oldest);
                if !alive || slot.state < opened {
                    slot.status = slot.status.after_a_crash();
                }
                keep
            },
            |slot| *live = live.saturating_sub(slot.bytes()),
        );
        let stale = state.values.iter().filter(|(_, value)| value.place.segment < oldest);
        let stale: Vec<_> = stale.map(|(name, _)| name.clone()).collect();
        for (table, name) in stale {
            state.set_gone(table, &name);
        }
        Ok(self.state)
    }
}

impl Visitor for Replay {
    fn visit(&mut self, place: Place, frame: &Frame<'_>) -> Result<i64, Bad> {
        if frame.version != VERSION || !(STATE..=PATCH).contains(&frame.kind) {
            return Err(Bad::Unknown);
        }
        self.record(place, frame).ok_or(Bad::Contents)
    }

    fn soon(&self, frame: &Frame<'_>) {
        if let (STATE, Some((effect, _))) = (frame.kind, frame.payload.split_first_chunk()) {
            self.state.effects.touch(EffectId::from_bytes(*effect));
        }
    }
}

/// Reads a counter that was frozen.
fn read_epoch(name: &[u8], value: &[u8]) -> Option<(Freeze, u32)> {
    use countersign_core::{AgentId, TenantId, UserId};
    let mut from = crate::codec::Reader::new(name);
    let kind = from.text()?;
    let whose = match kind {
        "all" => Freeze::All,
        "tenant" => Freeze::Tenant(TenantId::new(from.text()?).ok()?),
        "user" => Freeze::User(TenantId::new(from.text()?).ok()?, UserId::new(from.text()?).ok()?),
        "agent" => {
            Freeze::Agent(TenantId::new(from.text()?).ok()?, AgentId::new(from.text()?).ok()?)
        }
        _ => return None,
    };
    from.end()?;
    (freeze_name(&whose) == name).then_some(())?;
    Some((whose, u32::from_le_bytes(value.try_into().ok()?)))
}
