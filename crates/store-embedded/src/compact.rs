//! Space, and what is to be gone: what is still needed of the oldest segment is moved to the end of the log,
//! a few records at every change; then the segment is deleted.
//!
//! A record tells all that is known under its name, together with what changed since, so a copy at the
//! end of the log replaces it. Only
//! when the copies, and after them the note that the segment is needed no more, are on the disk is the
//! file deleted: at every moment before that, nothing has changed. What says that a name is gone is
//! moved by nobody: when it is in the oldest segment, there is nothing older that it hides.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::codec::write_call;
use crate::disk::{DiskFile, read_exact};
use crate::engine::Tables;
use crate::error::Failure;
use crate::frame::{Frame, HEADER, MAX_PAYLOAD, Place, framed};
use crate::ledger::INTERRUPTED;
use crate::log::Log;
use crate::record::{CALL, OLDEST, PUT, STATE, StateRecord, VERSION, Value};
use crate::shelves::Parts;
use crate::state::{State, call_name};

/// A segment is written to for at most so long, in seconds, and is looked through when twice as much has
/// passed since it was begun. With what the looking takes where changes come evenly, what is needed no
/// more is gone within a day.
const AGE: i64 = 28_800;
/// How many records are looked at, at every change, and after how many copied bytes that ends.
const FRAMES: usize = 8;
const BYTES: usize = 64 << 10;
/// How much is read at a time.
const READ: u32 = 64 << 10;

/// How far it has come.
#[derive(Debug, Default)]
pub(crate) struct Compaction {
    at: At,
    /// The oldest segments, of which nothing is needed any more once a frame is on the disk, each with it.
    gone: VecDeque<(u32, u64)>,
}

#[derive(Debug, Default)]
enum At {
    /// Nothing to do.
    #[default]
    Nowhere,
    /// In a segment.
    Some(Cursor),
    /// A segment could not be read. It stays, whole, until the store is opened anew and says so.
    Stopped,
}

/// A place in the oldest segment.
#[derive(Debug)]
pub(crate) struct Cursor {
    segment: u32,
    file: Arc<dyn DiskFile>,
    seed: crate::crc::Crc,
    offset: u32,
    end: u32,
    /// What was read of it, and how much of that is before `offset`.
    read: Vec<u8>,
    used: usize,
}

impl Cursor {
    /// The next frame, or none at the end.
    fn next(&mut self) -> Result<Option<(Place, Vec<u8>, u8)>, Failure> {
        let left = self.end.saturating_sub(self.offset);
        if left == 0 {
            return Ok(None);
        }
        let begun = |ahead: &[u8]| {
            let length = ahead.first_chunk::<4>().map(|length| u32::from_le_bytes(*length));
            length.map(|length| framed(length as usize))
        };
        let ahead = self.read.get(self.used..).unwrap_or_default();
        let length = begun(ahead).unwrap_or(usize::MAX);
        if length > ahead.len() {
            let most = u32::try_from(framed(MAX_PAYLOAD)).unwrap_or(u32::MAX);
            let want = if length == usize::MAX { READ } else { READ.max(most.min(left)) };
            let read =
                read_exact(self.file.as_ref(), u64::from(self.offset), want.min(left) as usize);
            self.read = read.map_err(|_| Failure::Damaged)?;
            self.used = 0;
        }
        let ahead = self.read.get(self.used..).unwrap_or_default();
        let Some((frame, length)) = Frame::read(ahead, self.seed) else {
            // A frame that was longer than what was read is read whole the next time.
            let longer = begun(ahead).is_some_and(|length| length > ahead.len());
            return if longer && ahead.len() < left as usize {
                self.next()
            } else {
                Err(Failure::Damaged)
            };
        };
        let place = Place { segment: self.segment, offset: self.offset };
        let next = (place, frame.payload.to_vec(), frame.kind);
        self.used = self.used.saturating_add(length);
        self.offset = self.offset.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        Ok(Some(next))
    }
}

impl Tables for State {
    fn tend(&mut self, log: &mut Log) -> Result<Option<u32>, Failure> {
        self.sweep(log.newest());
        match core::mem::take(&mut self.compaction.at) {
            At::Nowhere => {
                log.end_aged(AGE)?;
                self.compaction.at = self.begin(log);
            }
            At::Stopped => self.compaction.at = At::Stopped,
            At::Some(mut cursor) => match self.move_some(log, &mut cursor) {
                Ok(End::Not) => self.compaction.at = At::Some(cursor),
                // With the next, if there is still more than is needed.
                Ok(End::Reached) => {
                    self.compaction.gone.push_back((cursor.segment, log.last()));
                    self.compaction.at = self.begin(log);
                }
                Err(failure) => {
                    // Without room it begins anew: what was copied is not needed there any more.
                    if failure == Failure::Damaged {
                        self.compaction.at = At::Stopped;
                    }
                    return Err(failure);
                }
            },
        }
        Ok(self.compaction.let_go(log))
    }
}

impl Compaction {
    /// Takes the oldest segment off the log, if it is needed no more.
    fn let_go(&mut self, log: &mut Log) -> Option<u32> {
        let (segment, until) = self.gone.front().copied()?;
        // Where nobody waits for the disk, it is when the next segment is begun.
        if log.durable() < until {
            return None;
        }
        self.gone.pop_front();
        log.drop_oldest(segment).then_some(segment)
    }
}

/// Whether the end of a segment was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Not,
    Reached,
}

impl State {
    /// Copies what is needed of the next few records.
    fn move_some(&mut self, log: &mut Log, cursor: &mut Cursor) -> Result<End, Failure> {
        let mut copied = 0usize;
        for _ in 0..FRAMES {
            let Some((place, payload, kind)) = cursor.next()? else {
                let next = cursor.segment.saturating_add(1);
                log.append(OLDEST, VERSION, &[&next.to_le_bytes()])?;
                return Ok(End::Reached);
            };
            copied = copied.saturating_add(self.copy(log, place, &payload, kind)?);
            if copied > BYTES {
                break;
            }
        }
        Ok(End::Not)
    }

    /// Begins with the oldest segment that is left, if less than half of the log is needed, or if it is
    /// that old.
    fn begin(&self, log: &Log) -> At {
        let gone = self.compaction.gone.len();
        let segments = log.segments().len().saturating_sub(gone);
        let Some(oldest) = log.segments().get(gone) else { return At::Nowhere };
        let size = u64::from(oldest.header.size);
        let all = size.saturating_mul(segments as u64);
        let most = self.live().saturating_mul(2).saturating_add(size.saturating_mul(2));
        let old = segments > 1 && log.aged(oldest, 2 * AGE);
        if !old && (segments <= 2 || all <= most) {
            return At::Nowhere;
        }
        At::Some(Cursor {
            segment: oldest.header.number,
            file: Arc::clone(&oldest.file),
            seed: oldest.header.seed(),
            offset: HEADER,
            end: oldest.end,
            read: Vec::new(),
            used: 0,
        })
    }

    /// Copies a record to the end of the log if it is the one that is needed; a value as it is now. Says
    /// how many bytes were copied.
    fn copy(
        &mut self,
        log: &mut Log,
        place: Place,
        payload: &[u8],
        kind: u8,
    ) -> Result<usize, Failure> {
        match kind {
            STATE => {
                let mut record = StateRecord::decode(payload).ok_or(Failure::Damaged)?;
                let slot = self.effects.get(record.effect).filter(|slot| slot.state == place);
                let Some(slot) = slot.copied() else { return Ok(0) };
                if record.state != slot.status {
                    record.state = slot.status;
                    record.code = Some(INTERRUPTED.to_owned());
                }
                self.append_state(log, &record)?;
            }
            CALL => {
                let (name, sealed) = payload.split_first_chunk::<17>().ok_or(Failure::Damaged)?;
                let (effect, flag) = name.split_first_chunk::<16>().ok_or(Failure::Damaged)?;
                let effect = countersign_core::EffectId::from_bytes(*effect);
                let slot = self.effects.get(effect).filter(|slot| slot.call() == Some(place));
                let Some(slot) = slot.copied() else { return Ok(0) };
                let has_call = *flag == [1];
                let ended = !slot.status.is_open() && !slot.status.can_be_claimed();
                if has_call && ended {
                    // What was to be done is needed for nothing any more; who asked for it is.
                    let short = self.without_request(effect, sealed)?;
                    self.append_call(log, effect, has_call, &short)?;
                } else {
                    self.append_call(log, effect, has_call, sealed)?;
                }
            }
            // What changed of a value is behind the whole of it, and is moved with that.
            PUT => {
                let plain = self.sealer.open(PUT, b"", payload).ok_or(Failure::Damaged)?;
                let value = Value::decode(&plain).ok_or(Failure::Damaged)?;
                let name = (value.table, value.name.to_vec());
                let Some(shelved) = self.values.get(&name).filter(|one| one.place == place) else {
                    return Ok(0);
                };
                if Self::outlived(value.table, shelved.time, log.newest()) {
                    self.set_gone(value.table, value.name);
                    return Ok(0);
                }
                if shelved.patches.is_empty() {
                    self.put_sealed(log, &value, payload)?;
                } else {
                    let kept = Parts::of(log, shelved).ok_or(Failure::Damaged)?;
                    let kept = kept.read(&self.sealer)?;
                    self.put(log, &kept.value()?)?;
                    return Ok(kept.len());
                }
            }
            _ => return Ok(0),
        }
        Ok(payload.len())
    }

    fn without_request(
        &self,
        effect: countersign_core::EffectId,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let name = call_name(effect, true);
        let plain = self.sealer.open(CALL, &name, sealed).ok_or(Failure::Damaged)?;
        let (caller, call) = crate::codec::read_call(&plain).ok_or(Failure::Damaged)?;
        let call = call.map(|call| countersign_core::LedgerCall { prepared: Vec::new(), ..call });
        self.sealer.seal(CALL, &name, write_call(&caller, call.as_ref()))
    }
}
