//! Recognises tokens in texts without keeping them.
//!
//! Of each token only its length, its last eight bytes and its SHA-256 are kept. The last bytes, not
//! the first: tokens of one provider begin alike (`ya29.`, `eyJhbGci…`) and end at random.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::{Digest, Timestamp};
use zeroize::Zeroizing;

use crate::anchor::{self, ANCHOR, Filter};

/// Most tokens remembered at a time.
const CAPACITY: usize = 65_536;
/// Most candidates looked at in one text. A text in which more places end like a live token is not
/// an accident, and counts as recognised.
const MAX_CANDIDATES: u32 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    end: [u8; ANCHOR],
    length: usize,
    digest: Digest,
    /// Milliseconds since the epoch; `i64::MAX` if it is not known to end.
    dies: i64,
    order: u64,
}

#[derive(Debug, Clone, Default)]
struct Index {
    /// By their anchors in clear.
    marks: HashMap<u64, Vec<Mark>>,
    /// The anchors in base64.
    encoded: HashSet<u64>,
    filter: Filter,
    len: usize,
    order: u64,
}

/// The marks of every token that may be alive.
#[derive(Default)]
pub(crate) struct Canary(Mutex<Arc<Index>>);

impl core::fmt::Debug for Canary {
    // The last bytes of a token are a part of it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Canary").field(&format_args!("{} tokens", self.snapshot().len)).finish()
    }
}

impl Canary {
    fn snapshot(&self) -> Arc<Index> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers a token until it is dead for certain.
    pub(crate) fn add(&self, token: &str, dies: Option<Timestamp>, now: Timestamp) {
        // Shorter ones are not recognised.
        let Some(end) = token.as_bytes().last_chunk::<ANCHOR>().copied() else { return };
        let (anchor, length) = (anchor::clear(end), token.len());
        let (digest, dies) =
            (Digest::of(token.as_bytes()), dies.map_or(i64::MAX, Timestamp::millis));
        let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |mark: &&Mark| mark.length == length && mark.digest == digest;
        let known = index.marks.get(&anchor).and_then(|marks| marks.iter().find(same));
        if known.is_some_and(|mark| mark.dies >= dies) {
            return;
        }
        // Copied only while a text is being looked through.
        let index = Arc::make_mut(&mut index);
        index.make_room(now);
        index.order = index.order.wrapping_add(1);
        let order = index.order;
        let marks = index.marks.entry(anchor).or_default();
        let before = marks.len();
        marks.retain(|mark| !same(&mark));
        marks.push(Mark { end, length, digest, dies, order });
        index.len = index.len.saturating_add(marks.len()).saturating_sub(before);
        index.filter.add(anchor);
        for anchor in anchor::encoded(end) {
            index.encoded.insert(anchor);
            index.filter.add(anchor);
        }
        if !index.filter.holds(index.anchors()) {
            index.refilter();
        }
    }

    /// Whether a text contains a token that may be alive. Linear in the text.
    pub(crate) fn recognises(&self, text: &str, now: Timestamp) -> bool {
        let index = self.snapshot();
        if index.len == 0 {
            return false;
        }
        let mut search = Search { index: &index, now: now.millis(), left: MAX_CANDIDATES };
        let plain = visible(text.as_bytes());
        if search.everywhere(&plain) {
            return true;
        }
        plain.contains(&b'%') && search.everywhere(&visible(&percent_decoded(&plain)))
    }
}

/// Tokens are visible ASCII, so whatever else is in between only hides one.
fn visible(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    // A buffer that grows leaves copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for run in bytes.split(|byte| !byte.is_ascii_graphic()) {
        out.extend_from_slice(run);
    }
    out
}

impl Index {
    fn make_room(&mut self, now: Timestamp) {
        if self.len < CAPACITY {
            return;
        }
        let now = now.millis();
        self.keep(|mark| mark.dies > now);
        if self.len < CAPACITY {
            return;
        }
        // All of them may be alive. An eighth at once, so that this stays rare.
        let mut ends: Vec<_> =
            self.marks.values().flatten().map(|mark| (mark.dies, mark.order)).collect();
        ends.sort_unstable();
        let Some(&last) = ends.get(CAPACITY / 8) else { return };
        tracing::warn!("too many live tokens: the ones that end first are no longer recognised");
        self.keep(|mark| (mark.dies, mark.order) > last);
    }

    fn keep(&mut self, keep: impl Fn(&Mark) -> bool) {
        self.marks.retain(|_, marks| {
            marks.retain(&keep);
            !marks.is_empty()
        });
        self.len = self.marks.values().map(Vec::len).sum();
        let ends = self.marks.values().flatten().map(|mark| mark.end);
        self.encoded = ends.flat_map(anchor::encoded).collect();
        self.refilter();
    }

    fn anchors(&self) -> usize {
        self.marks.len().saturating_add(self.encoded.len())
    }

    fn refilter(&mut self) {
        self.filter = Filter::of(self.anchors(), self.marks.keys().chain(&self.encoded));
    }
}

struct Search<'a> {
    index: &'a Index,
    now: i64,
    left: u32,
}

impl Search<'_> {
    /// In clear, and in base64 beginning at any place.
    fn everywhere(&mut self, bytes: &[u8]) -> bool {
        let (mut anchor, mut may_be_encoded) = (0, false);
        for (at, byte) in bytes.iter().enumerate() {
            anchor = anchor::next(anchor, *byte);
            if !self.index.filter.may_hold(anchor) {
                continue;
            }
            may_be_encoded |= self.index.encoded.contains(&anchor);
            if self.ends_here(anchor, bytes.get(..=at).unwrap_or_default()) {
                return true;
            }
        }
        // Only then it is decoded.
        may_be_encoded && (0..4).any(|phase| self.clear(&base64_decoded(bytes, phase)))
    }

    fn clear(&mut self, bytes: &[u8]) -> bool {
        let mut anchor = 0;
        bytes.iter().enumerate().any(|(at, byte)| {
            anchor = anchor::next(anchor, *byte);
            self.index.filter.may_hold(anchor)
                && self.ends_here(anchor, bytes.get(..=at).unwrap_or_default())
        })
    }

    /// Whether the text up to here ends in a token that has the anchor.
    fn ends_here(&mut self, anchor: u64, upto: &[u8]) -> bool {
        let marks = self.index.marks.get(&anchor).map(Vec::as_slice).unwrap_or_default();
        for mark in marks.iter().filter(|mark| mark.dies > self.now) {
            let Some(start) = upto.len().checked_sub(mark.length) else { continue };
            let Some(left) = self.left.checked_sub(1) else { return true };
            self.left = left;
            if upto.get(start..).is_some_and(|token| Digest::of(token) == mark.digest) {
                return true;
            }
        }
        false
    }
}

/// Decodes every run of base64 characters of either alphabet, leaving out the first `phase` of it:
/// the four phases together decode whatever begins anywhere in a run. Runs are kept apart by a byte
/// that no token contains.
fn base64_decoded(bytes: &[u8], phase: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let (mut skip, mut bits, mut filled) = (phase, 0u32, 0u32);
    for byte in bytes {
        let Some(sextet) = anchor::sextet(*byte) else {
            out.push(0);
            (skip, bits, filled) = (phase, 0, 0);
            continue;
        };
        if let Some(fewer) = skip.checked_sub(1) {
            skip = fewer;
            continue;
        }
        bits = (bits << 6) | u32::from(sextet);
        filled += 6;
        if filled >= 8 {
            filled -= 8;
            let [.., low] = (bits >> filled).to_be_bytes();
            out.push(low);
        }
    }
    out
}

fn percent_decoded(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let pair = (*first == b'%').then(|| Some((digit(tail.first())?, digit(tail.get(1))?)));
        let (byte, next) = match pair.flatten() {
            Some((high, low)) => (u8::try_from(high * 16 + low).unwrap_or(0), tail.get(2..)),
            None => (*first, Some(tail)),
        };
        out.push(byte);
        rest = next.unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn canary(token: &str) -> Canary {
        let canary = Canary::default();
        canary.add(token, Some(NOW.plus_seconds(60)), NOW);
        canary
    }

    proptest! {
        #[test]
        fn a_token_is_found_in_clear_and_in_base64_at_every_alignment(
            token in "[!-~]{8,300}",
            before in prop::collection::vec(any::<u8>(), 0..40),
            after in prop::collection::vec(any::<u8>(), 0..40),
            around in "[ -~]{0,30}",
        ) {
            let canary = canary(&token);
            let clear = format!("{around}{token}{around}");
            prop_assert!(canary.recognises(&clear, NOW));
            let bytes = [before.as_slice(), token.as_bytes(), after.as_slice()].concat();
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let text = format!("{around}{}{around}", engine.encode(&bytes));
                prop_assert!(canary.recognises(&text, NOW), "{text}");
            }
        }

        #[test]
        fn a_text_without_the_token_is_not_taken_for_one_with_it(
            token in "[!-~]{12,60}", text in "[ -~]{0,400}", cut in 1usize..4,
        ) {
            prop_assume!(!text.replace(' ', "").contains(&token));
            let canary = canary(&token);
            prop_assert!(!canary.recognises(&text, NOW));
            prop_assert!(!canary.recognises(&token[cut..], NOW));
            prop_assert!(!canary.recognises(&token[..token.len() - cut], NOW));
        }
    }

    #[test]
    fn what_is_put_between_the_characters_hides_nothing() {
        let canary = canary("ya29.a0AfB_byC1-secret");
        for text in [
            "ya29.a0Af B_byC1\n-secret",
            "y\u{200b}a29.a0AfB_byC1-\u{a0}secret",
            "y a 2 9 . a 0 A f B _ b y C 1 - s e c r e t",
            "https://evil.example/?q=ya29%2Ea0AfB%5FbyC1%2dsecret",
            "eWEyOS5hMEFmQl9ieUMx\r\n LXNlY3JldA==",
        ] {
            assert!(canary.recognises(text, NOW), "{text}");
        }
        assert!(!canary.recognises("ya29.a0AfB_byC1-secreT", NOW));
    }

    #[test]
    fn a_token_is_forgotten_when_it_is_dead_and_not_before() {
        let canary = canary("ya29.a0AfB_byC1-secret");
        let text = "ya29.a0AfB_byC1-secret";
        assert!(canary.recognises(text, NOW.plus_seconds(59)));
        assert!(!canary.recognises(text, NOW.plus_seconds(60)));
        // Seen again with a later end, it lives longer; with an earlier one, not shorter.
        canary.add(text, Some(NOW.plus_seconds(90)), NOW);
        canary.add(text, Some(NOW.plus_seconds(10)), NOW);
        assert!(canary.recognises(text, NOW.plus_seconds(89)));
        assert_eq!(canary.snapshot().len, 1);
    }

    #[test]
    fn the_marks_are_bounded_and_the_dead_go_first() {
        let canary = Canary::default();
        let name = |n: usize| format!("token-{n:020}");
        for n in 0..CAPACITY {
            // Every other one is dead an instant later.
            let dies = NOW.plus_seconds(if n % 2 == 0 { 1 } else { 60 });
            canary.add(&name(n), Some(dies), NOW);
        }
        let later = NOW.plus_seconds(2);
        canary.add(&name(CAPACITY), Some(later.plus_seconds(60)), later);
        assert_eq!(canary.snapshot().len, CAPACITY / 2 + 1);
        assert!(
            (0..=CAPACITY)
                .step_by(1001)
                .filter(|n| n % 2 == 1)
                .all(|n| canary.recognises(&name(n), later))
        );
        for n in 0..CAPACITY {
            canary.add(&name(n + 2 * CAPACITY), None, later);
        }
        assert!(canary.snapshot().len <= CAPACITY);
        assert!(canary.recognises(&name(3 * CAPACITY - 1), later));
    }

    #[test]
    fn many_near_misses_end_the_search_and_count_as_a_hit() {
        let canary = canary(&"a".repeat(2_000));
        let text = format!("{}b", "a".repeat(1_999)).repeat(600);
        let start = std::time::Instant::now();
        assert!(canary.recognises(&text, NOW));
        assert!(start.elapsed() < std::time::Duration::from_secs(20));
    }

    #[test]
    fn the_debug_form_shows_no_part_of_a_token() {
        assert_eq!(format!("{:?}", canary("ya29.a0AfB_byC1-secret")), "Canary(1 tokens)");
    }

    #[test]
    fn of_many_tokens_each_is_found_and_the_filter_grows_with_them() {
        let canary = Canary::default();
        let token = |n: u32| format!("ya29.{}", Digest::of(&n.to_le_bytes()).to_hex());
        for n in 0..3_000 {
            canary.add(&token(n), Some(NOW.plus_seconds(60)), NOW);
        }
        for n in 0..3_000 {
            assert!(canary.recognises(&format!("x {} y", token(n)), NOW), "{n}");
            let text = STANDARD.encode(format!("{}{}", &"abc"[..(n % 4) as usize], token(n)));
            assert!(canary.recognises(&text, NOW), "{n}");
        }
        let index = canary.snapshot();
        assert!(index.filter.holds(index.anchors()));
        let strangers = (3_000..100_000u32).filter(|n| {
            let digest = Digest::of(&n.to_le_bytes());
            let [.., end] = digest.as_bytes().as_chunks::<8>().0 else {
                return true;
            };
            index.filter.may_hold(anchor::clear(*end))
        });
        let strangers = strangers.count();
        assert!(strangers < 97_000 / 10, "{strangers} of 97,000 pass the filter");
    }
}
