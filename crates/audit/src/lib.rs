//! The audit log: an append-only file of hash-chained JSON lines that anybody can verify.
//!
//! [`JsonlLog`] is an [`AuditSink`](countersign_core::AuditSink) on one file. [`verify`] checks such a
//! file offline.
//!
//! # Format
//! One record is one line: canonical JSON (RFC 8785, `countersign-canon`), at most 65,535 bytes, then
//! a line feed. Wrapped here for reading:
//!
//! ```json
//! {"at_ms":1760000000000,"fields":{"code":"expired","tool":"crm_note"},
//!  "id":"0199c9a1-0000-7000-8000-000000000001","kind":"decision",
//!  "prev":"0000000000000000000000000000000000000000000000000000000000000000",
//!  "seq":0,"type":"countersign-audit","v":1}
//! ```
//!
//! | member | meaning |
//! |---|---|
//! | `at_ms` | milliseconds since 1970-01-01T00:00:00Z |
//! | `fields` | what the record says: names, codes, digests |
//! | `id` | a UUID, version 7 |
//! | `kind` | `intent`, `decision` or `outcome` |
//! | `prev` | SHA-256 of the line before, without its line feed; of the first line 64 zeros |
//! | `seq` | 0, 1, 2, … |
//! | `type`, `v` | `countersign-audit`, 1 |
//!
//! The whole line is hashed, so every field of it is. The digest of the last line is the **head**.
//! Python 3 verifies a log in five lines:
//!
//! ```python
//! import hashlib, json, sys
//! prev = "0" * 64
//! for n, line in enumerate(open(sys.argv[1], "rb")):
//!     r = json.loads(line); assert line[-1:] == b"\n" and (r["seq"], r["prev"]) == (n, prev), n + 1
//!     prev = hashlib.sha256(line[:-1]).hexdigest()
//! ```
//!
//! afterwards `prev` is the head.
//!
//! # What it proves
//! That no line was edited, deleted, inserted, moved or repeated **before the last line**. The chain
//! has no key: what stands at the end is vouched for by nothing behind it. Cutting whole lines off the
//! end, editing the last line, and writing a new chain from any line on, all leave a log that
//! verifies. They are seen only by comparing with a head that was kept elsewhere:
//! [`JsonlLog::head`] gives it, [`verify_known`], [`Summary::expect_head`] and
//! [`JsonlLog::open_known`] compare. Hand heads to somebody who cannot write the log.
//!
//! # Writing
//! One process has a file at a time (an advisory lock). File I/O is synchronous and blocks the calling
//! thread, for a durable append until the disk has it; appenders that wait at the same time share
//! one `fdatasync`. No lock is held across an `.await`. After a failed write or sync every append
//! fails until the file is opened again, which verifies all of it and cuts off a torn last line.
//!
//! A record whose append returned before another's began stands before it. A full file is not
//! rotated: move it while no process has it open, and keep its head.

mod disk;
mod log;
mod record;
mod verify;

pub use crate::log::{JsonlLog, OpenError};
pub use crate::record::{MAX_DEPTH, MAX_LINE, MAX_TEXT};
pub use crate::verify::{Summary, VerifyError, VerifyErrorKind, verify, verify_known};
