//! The durable ports of countersign for one machine, in one directory.
//!
//! [`EmbeddedStore`] is the effect ledger and its replay guard, and keeps pending approvals, grants and
//! their epochs, the memory of sessions, and the users' own tokens. It is an append log of its own, of
//! which an index is kept in memory: so that every write can be intercepted by a test that cuts the
//! power there, and because nothing that it was measured against commits faster where many wait.
//!
//! # Why a log of its own
//!
//! Durable claims per second by ours, in one run of `cargo xtask bench --store` (`docs/store.md` has the
//! whole of it, and what each contender does):
//!
//! | | 1 caller | 8 | 32 | 128 |
//! |---|---:|---:|---:|---:|
//! | this store | 1.00 | 1.00 | 1.00 | 1.00 |
//! | append + fdatasync, remembering nothing | 1.10 | 1.06 | 1.10 | 1.76 |
//! | fjall 3, `SyncData` | 1.02 | 0.84 | 0.44 | 0.39 |
//! | redb 4, `Immediate` | 0.36 | 0.23 | 0.11 | 0.08 |
//!
//! # What is guaranteed
//!
//! | | when the call returns |
//! |---|---|
//! | `claim`, `freeze` | on the disk |
//! | `put`, `swap` and `take` of approvals; `put`, `seed` and `remove` of grants | on the disk |
//! | `enter` | in memory: it is written with what comes next, at the latest with the claim that it is for |
//! | `advance`, `swap` of a session, `remember` | with the operating system: survives the death of the process, and is on the disk before any later claim is |
//!
//! *Once.* An effect is claimed at most once until it is released, and every ticket that claimed it
//! stays dead. The epochs are compared in the same step. What a process left claimed or dispatched is
//! in doubt when the store is opened again, with the reason `interrupted`.
//!
//! *After a power cut* the store holds what it held after some write: all that was acknowledged as
//! being on the disk, and nothing that was not asked for. A disk must write a sector of 512 bytes whole
//! or not at all, and must not say that it has what it has not.
//!
//! *Damage* is refused and reported, never repaired in silence. What was being written when the power
//! went is told from it: no later write says that it had reached the disk. Such a tail is cut off, and
//! tickets issued before that are refused from then on (`BeforeStart`). Only the very last write before
//! a process was killed can be damaged and be taken for such a tail; one that closed the store has
//! vouched for all. The next segment lies ready as a file of zeros. After a process that was killed, a
//! newest segment that became zeros as a whole cannot be told from it: what it held is missed by nobody,
//! as if the file had been deleted, but tickets from before are refused as with such a tail.
//!
//! *A disk that fails* to write or sync is not asked again: what it then holds nobody knows. The store
//! refuses everything until it is opened anew. *A full disk* is found out when the next segment is made,
//! before anything is promised, and the store goes on when there is room. (On file systems that copy on
//! write, such as btrfs and ZFS, writing in place needs room too; there, a full disk is one that fails.)
//!
//! *Time.* A claim is refused while the clock stands more than 30 s behind the newest claim, so that
//! what was forgotten does not come back; a clock that once stood an hour ahead stops claims for an
//! hour, over restarts too.
//!
//! # Limits
//!
//! Nothing is evicted to make room: what does not fit is refused ([`Settings`]). An effect that ended is
//! kept for two hours after it did, a doubt for ever; what was claimed without being entered cannot be
//! found out about, and is kept for two hours too. A session is forgotten thirty days after it was
//! touched, an approval two hours after it expired. Grants and tokens stay until they are replaced. A
//! record has at most 4 MiB, and has to fit into a segment.
//!
//! A commit blocks the thread that polls it for as long as the disk takes: whoever waits syncs, for all
//! that wait. One process opens a store at a time; [`LedgerReader`] reads its ledger meanwhile.
//!
//! # The files
//!
//! The directory is 0700 and the files are 0600, or the store is refused. `lock` is locked by the
//! process that has the store. `00000001.log` and so on are segments of one length, made of zeros
//! beforehand; the last may still be that, having its name and nothing else. The first 512 bytes are a
//! header:
//!
//! | offset | length | what |
//! |---:|---:|---|
//! | 0 | 8 | `cs-store` |
//! | 8 | 2 | format: 1, the first; there is none to migrate from, and another is refused |
//! | 12 | 4 | number of the segment |
//! | 16 | 16 | id of the store, random |
//! | 32 | 8 | sequence number of the first frame |
//! | 40 | 4 | number of the oldest segment that was needed then |
//! | 44 | 4 | length of the file |
//! | 48 | 16 | derived from the key, to tell a wrong one |
//! | 64 | 8 | when a tail was last cut off, in milliseconds since 1970 |
//! | 72 | 8 | the newest claim in the segments before, in seconds since 1970 |
//! | 508 | 4 | CRC-32C of the bytes before |
//!
//! Frames follow, each at a multiple of eight bytes; all numbers are little-endian:
//!
//! | offset | length | what |
//! |---:|---:|---|
//! | 0 | 4 | length of the payload |
//! | 4 | 4 | CRC-32C of the store's id, the segment's number, and all of the frame but this |
//! | 8 | 8 | sequence number, one more than the frame's before |
//! | 16 | 4 | how many frames, up to this one, were not yet known to be on the disk |
//! | 20 | 1 | kind |
//! | 21 | 1 | version of the kind |
//! | 24 | | payload |
//!
//! | kind | what | |
//! |---:|---|---|
//! | 1 | where an effect stands | in the clear: ids, times, a code |
//! | 2 | who asked for what | sealed, behind the effect's id |
//! | 3, 4 | a value of a table, or that it is gone | sealed, its name too |
//! | 5, 7 | the store was opened, closed | |
//! | 6 | segments before a number are needed no more | |
//! | 8 | what changed of a session's memory since the version before | sealed, its name too |
//!
//! Sealed is: 24 random bytes, and ChaCha20-Poly1305 (RFC 8439) under a nonce of zeros and a key that
//! HKDF-SHA-256 (RFC 5869) derives from the key file and these bytes; authenticated with it are the
//! store's id, the kind, and what stands before it. So a key never seals twice, however many records
//! there are. Sealing protects a copy of the files. Whoever can write them can put older ones back.
//!
//! A value is, sealed: a byte for its table; its name, behind its length; its version (8 bytes) and when it
//! expires or was touched (8 bytes, milliseconds); and its bytes. Of a memory that changed in few places
//! only these are written: in place of the bytes, how many there are now, and for each place its offset,
//! its length (4 bytes each) and what stands there now. When that comes to as much as the whole, or after
//! 64 of them, or when they are moved, the whole is written again. One whose memory is not there any more
//! tells nothing.
//!
//! A record, with such changes behind it, tells all that is known under its name. When less than half of the log is needed, or the
//! oldest segment was begun sixteen hours ago, the records of it that are needed are copied to the end, a
//! few at every write, and the file is deleted once the copies are on the disk. So the sealed request of
//! an effect that ended, and a value that was replaced, leave the files within a day of use; in a store
//! that nobody writes to, nothing is deleted. (What a disk keeps of deleted files is another matter.)

mod blank;
mod codec;
mod compact;
mod crc;
mod directory;
mod disk;
mod engine;
mod error;
mod frame;
mod hot;
mod index;
mod ledger;
mod log;
mod patch;
mod reader;
mod rebuild;
mod record;
mod replay;
mod seal;
mod shelves;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use crate::error::{Failure, OpenError};
pub use crate::reader::LedgerReader;
pub use crate::seal::StoreKey;
pub use crate::store::{EmbeddedStore, Settings, Usage};
