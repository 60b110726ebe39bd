//! A session's memory as a judgement reads it: where it lies, without decoding.

use countersign_core::RiskError;

use super::format::{
    ATTEMPT, CONNECTION, ENTRY, Entries, Head, ID, MAILS, PARTY, RECORD, SEEN, STEMS, TEXT, TOOL,
    admit, array, u64_at,
};
use super::record::Held;
use super::wanted::Wanted;
use super::{
    CUT, MAX_CONNECTIONS, MAX_LEVEL, MAX_RECORDS, READ_FLAGGED, READ_PRIVATE, READ_UNTRUSTED,
    Record, USER_SPOKE, Writer,
};
use crate::hash::{Key, Mark, WORDS_FROM};
use crate::intent::Asked;
use crate::text::regrouped;
use crate::words::{Words, marks};

/// A memory's bytes.
#[derive(Debug, Default)]
pub(crate) struct View<'a> {
    head: Head,
    bytes: &'a [u8],
    names: Vec<&'a str>,
    records: Vec<Held<'a>>,
    /// Entries of the other kinds.
    others: Vec<&'a [u8]>,
}

/// Where a value stood in what was said and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(crate) struct Origin {
    /// The user said it.
    pub(crate) user: bool,
    /// A trusted record holds it.
    pub(crate) trusted: bool,
    /// A field that the provider fills holds it, in a record by outsiders without instructions.
    pub(crate) field: bool,
    /// The same for a field with an identifier.
    pub(crate) id: bool,
    /// A record that the user pointed at holds it, without instructions in it.
    pub(crate) pointed: bool,
    /// The same, but it may be one record of a listing, by somebody whom the user did not name.
    pub(crate) listed: bool,
    /// A record with instructions in it holds it: the step.
    pub(crate) flagged: Option<u32>,
    /// The first step at which outsiders' text held it.
    pub(crate) outsiders: Option<u32>,
}

impl Origin {
    /// Whether the user or a trusted record named it.
    pub(crate) fn is_named(&self) -> bool {
        self.user || self.trusted
    }
}

/// Most words of a value that are looked for one by one in what the user said.
const MAX_SAID: usize = 8;
/// How far back from a word the kind of its field is looked for. Longer values are texts.
const NEAR: usize = 8;

impl<'a> View<'a> {
    /// Looks at what [`super::Memory::into_bytes`] gave; nothing is a session never seen.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, RiskError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let head = admit(bytes)?;
        let mut view = View { head, bytes, ..View::default() };
        // A record of a few lines takes some three hundred bytes.
        view.records.reserve((bytes.len() / 256).min(MAX_RECORDS));
        view.names.reserve(8);
        view.others.reserve(16);
        for entry in Entries::of(bytes) {
            let (_, entry) = entry?;
            match entry.first() {
                Some(&RECORD) => match Held::read(entry) {
                    Some(held) => view.records.push(held),
                    None => return Err(RiskError::Memory),
                },
                Some(&CONNECTION) => {
                    let name = entry.get(ENTRY..).unwrap_or_default();
                    let name = core::str::from_utf8(name).map_err(|_| RiskError::Memory)?;
                    view.names.push(name.trim_end_matches('\0'));
                }
                _ => view.others.push(entry),
            }
        }
        let fits = view.names.len() <= MAX_CONNECTIONS && head.level <= MAX_LEVEL;
        if fits { Ok(view) } else { Err(RiskError::Memory) }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    fn has(&self, flag: u32) -> bool {
        self.head.flags & flag != 0
    }

    pub(crate) fn key(&self) -> Key {
        self.head.key
    }

    pub(crate) fn asked(&self) -> Asked {
        self.head.asked
    }

    pub(crate) fn private_reads(&self) -> u32 {
        self.head.private_reads
    }

    pub(crate) fn user_spoke(&self) -> bool {
        self.has(USER_SPOKE)
    }

    pub(crate) fn read_untrusted(&self) -> bool {
        self.has(READ_UNTRUSTED)
    }

    pub(crate) fn read_private(&self) -> bool {
        self.has(READ_PRIVATE)
    }

    /// Whether something that looks like instructions to an agent was read.
    pub(crate) fn read_flagged(&self) -> bool {
        self.has(READ_FLAGGED)
    }

    /// Whether content is compared with a part of what was read only.
    pub(crate) fn is_sample(&self) -> bool {
        self.has(CUT) || self.head.level > 0
    }

    /// The name of a record's connection.
    pub(crate) fn connection(&self, record: &Record) -> &'a str {
        self.names.get(usize::from(record.connection)).copied().unwrap_or_default()
    }

    /// Whether a record was read on another connection than this one.
    pub(crate) fn elsewhere(&self, here: &str) -> impl Fn(&Record) -> bool + use<> {
        // A bit for each connection; those without a name have an empty one.
        let others =
            self.names.iter().rev().fold(0u64, |all, name| all << 1 | u64::from(*name != here));
        let (count, unnamed) = (self.names.len(), !here.is_empty());
        move |record| match usize::from(record.connection) {
            known if known < count => others >> known & 1 != 0,
            _ => unnamed,
        }
    }

    #[cfg(test)]
    pub(super) fn records(&self) -> &[Held<'a>] {
        &self.records
    }

    /// The entries of a kind without what every entry begins with.
    fn held(&self, kind: u8) -> impl Iterator<Item = &'a [u8]> + '_ {
        let others = self.others.iter().filter(move |entry| entry.first() == Some(&kind));
        others.map(|entry| entry.get(ENTRY..).unwrap_or_default())
    }

    pub(super) fn attempts(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.held(ATTEMPT)
    }

    fn lists(&self, kind: u8, hash: u64) -> bool {
        let mut hashes = self.held(kind).flat_map(|list| list.as_chunks::<8>().0);
        hashes.any(|h| u64::from_le_bytes(*h) == hash)
    }

    /// Whether the user's request holds a word with this stem.
    pub(crate) fn said_stem(&self, stem: &str) -> bool {
        self.user_spoke() && self.lists(STEMS, self.key().hash(stem.as_bytes()))
    }

    /// Whether the session sent to this recipient or domain before.
    pub(crate) fn has_seen(&self, recipient: &str) -> bool {
        self.lists(SEEN, self.key().hash(recipient.as_bytes()))
    }

    /// Whether this is the only mail address that text by outsiders held.
    pub(crate) fn is_the_only_mail(&self, value: &str) -> bool {
        let mails = self.held(MAILS).flat_map(|list| list.as_chunks::<8>().0);
        let hash = mail(self.key(), value);
        let mut mails = mails.map(|mail| Some(u64::from_le_bytes(*mail)));
        hash.is_some() && mails.next() == Some(hash) && mails.next().is_none()
    }

    /// The first half of the digest under which a tool of this name was called before.
    pub(crate) fn pinned(&self, name: &str) -> Option<[u8; 16]> {
        let name = self.key().hash(name.as_bytes());
        let pin = self.held(TOOL).find(|pin| u64_at(pin, 0) == name)?;
        Some(array(pin, 8))
    }

    /// Where the words of a value stand one after the other. A value without a word stands nowhere. An
    /// IBAN is also looked for as it is printed, in groups of four.
    pub(crate) fn origin(&self, value: &str) -> Origin {
        if self.records.is_empty() {
            return Origin::default();
        }
        let origin = self.origin_of(&marks(self.key(), value, usize::MAX));
        if origin != Origin::default() {
            return origin;
        }
        let other = regrouped(value);
        other.map_or(origin, |other| self.origin_of(&marks(self.key(), &other, usize::MAX)))
    }

    /// The same for words that are marked already.
    pub(crate) fn origin_of(&self, marks: &[Mark]) -> Origin {
        self.origin_in(marks, |_| true)
    }

    /// The step at which a record with instructions in it held these words, one after the other, if
    /// the user did not say them.
    pub(crate) fn flagged(&self, marks: &[Mark]) -> Option<u32> {
        let flagged = self.origin_in(marks, |record| record.flagged).flagged?;
        (!self.origin_in(marks, |record| record.writer == Writer::User).user).then_some(flagged)
    }

    /// Whether every word of a value stands somewhere in what the user said, and one of them is no
    /// little word: a search for what the user spoke of.
    pub(crate) fn said_all(&self, value: &str) -> bool {
        let user = |record: &Record| record.writer == Writer::User;
        let (mut words, mut count, mut long) = (Words::of(value), 0usize, false);
        while let Some(word) = words.advance() {
            count = count.saturating_add(1);
            long |= word.len() >= 4;
            let mark = self.key().mark(word);
            if count > MAX_SAID || !self.origin_in(&[mark], user).user {
                return false;
            }
        }
        long
    }

    fn origin_in(&self, marks: &[Mark], of: impl Fn(&Record) -> bool) -> Origin {
        let mut origin = Origin::default();
        let Some((first, rest)) = marks.split_first() else { return origin };
        for held in self.records.iter().filter(|held| of(&held.record)) {
            let mut from = 0;
            while let Some(at) = find(held.prints, first.print, from) {
                from = at.saturating_add(1);
                let mut words = (at..).zip(core::iter::once(first).chain(rest));
                let whole = || is_whole(held, at, marks.len());
                if words.all(|(at, mark)| is_at(held, at, *mark)) && whole() {
                    add(&mut origin, held, at);
                }
            }
        }
        origin
    }

    /// The wanted windows that a record which fits holds, in their order, each with the first such
    /// record.
    pub(crate) fn hits(
        &self,
        wanted: &Wanted,
        fits: impl Fn(&Record) -> bool,
    ) -> Vec<(usize, Record)> {
        let mut hits = Vec::new();
        let may_hold = |low: &[u8; 4]| wanted.may_hold(*low);
        for held in self.records.iter().filter(|held| fits(&held.record)) {
            let mut closer = |lows: &[[u8; 4]], highs: &[u8]| {
                for (low, high) in lows.iter().zip(highs) {
                    let low = u64::from(u32::from_le_bytes(*low));
                    let window = low | u64::from(*high) << 32;
                    hits.extend(wanted.find(window).map(|at| (at, held.record)));
                }
            };
            let (lows, rest) = held.low.as_chunks::<8>();
            let (highs, last) = held.high.as_chunks::<8>();
            for (lows, highs) in lows.iter().zip(highs) {
                if lows.iter().fold(false, |any, low| any | may_hold(low)) {
                    closer(lows, highs);
                }
            }
            if rest.iter().any(may_hold) {
                closer(rest, last);
            }
        }
        // Stable: of one window the earliest record stays first.
        hits.sort_by_key(|(at, _)| *at);
        hits.dedup_by_key(|(at, _)| *at);
        hits
    }

    /// Whether a record that fits has text to be compared with.
    pub(crate) fn has_read(&self, fits: impl Fn(&Record) -> bool) -> bool {
        self.records.iter().any(|held| !held.low.is_empty() && fits(&held.record))
    }
}

/// The hash of a value that is one mail address.
pub(super) fn mail(key: Key, value: &str) -> Option<u64> {
    let mut words = Words::of(value);
    let mail =
        words.advance().filter(|word| word.contains('@')).map(|word| key.hash(word.as_bytes()));
    mail.filter(|_| words.advance().is_none())
}

/// Where a print stands, from a place on. Sixteen at a time, which machines compare at once.
fn find(prints: &[[u8; 4]], print: u32, from: usize) -> Option<usize> {
    const BLOCK: usize = 16;
    let is = |p: &[u8; 4]| u32::from_le_bytes(*p) == print;
    let any = |block: &[[u8; 4]; BLOCK]| block.iter().fold(false, |any, p| any | is(p));
    let rest = prints.get(from..)?;
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    let mut at = from;
    for block in blocks {
        if any(block) {
            break;
        }
        at = at.saturating_add(BLOCK);
    }
    // What is left together with some of what was looked at.
    let last = rest.last_chunk().filter(|_| at.saturating_add(tail.len()) == prints.len());
    if last.is_some_and(|last| !any(last)) {
        return None;
    }
    let found = prints.get(at..)?.iter().position(is)?;
    Some(at.saturating_add(found))
}

/// Whether a word stands at a place of a record.
fn is_at(held: &Held<'_>, at: usize, mark: Mark) -> bool {
    let print = held.prints.get(at).is_some_and(|p| u32::from_le_bytes(*p) == mark.print);
    let check = || held.checks.get(at).is_some_and(|c| u64::from_le_bytes(*c) == mark.check);
    print && (held.record.writer == Writer::Outsiders || check())
}

/// Whether so many words are what may be named alone: anything, but for entries that are known only as
/// a whole.
fn is_whole(held: &Held<'_>, at: usize, count: usize) -> bool {
    let print = |at: usize| held.prints.get(at).map_or(TEXT, |p| u32::from_le_bytes(*p));
    if held.record.writer != Writer::Directory || kind(held, at) == TEXT {
        return true;
    }
    let begins = at.checked_sub(1).is_some_and(|before| print(before) < WORDS_FROM);
    begins && print(at.saturating_add(count)) < WORDS_FROM
}

/// What kind of field the word at a place stands in.
fn kind(held: &Held<'_>, at: usize) -> u32 {
    let before = held.prints.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
    let mut before = before.iter().rev().map(|p| u32::from_le_bytes(*p));
    before.find(|print| *print < WORDS_FROM).unwrap_or_default()
}

fn add(origin: &mut Origin, held: &Held<'_>, at: usize) {
    let record = &held.record;
    if record.flagged {
        origin.flagged.get_or_insert(record.step);
    }
    match record.writer {
        Writer::User => origin.user = true,
        Writer::Own | Writer::Directory => origin.trusted |= record.names(),
        Writer::Outsiders => {
            let least = origin.outsiders.map_or(record.step, |step| step.min(record.step));
            origin.outsiders = Some(least);
            if record.flagged {
                return;
            }
            let kind = kind(held, at);
            origin.field |= kind == PARTY;
            origin.id |= kind == ID;
            // Of many records in one listing anybody can have written one.
            let meant = !record.listed || record.by_named || kind == PARTY || kind == ID;
            origin.pointed |= record.pointed && meant;
            origin.listed |= record.pointed;
        }
    }
}
