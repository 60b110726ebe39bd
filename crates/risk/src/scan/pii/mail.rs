//! Where a mail address that is not of ASCII alone begins and ends.

use super::super::bytes::part;
use crate::text::is_hidden;

/// Where the local part begins: behind quotes, other signs and emoji, and behind letters of scripts
/// without spaces if ASCII stands before the `@`.
pub(super) fn begins(text: &[u8], start: usize, sign: usize) -> usize {
    let Ok(local) = core::str::from_utf8(part(text, start, sign)) else { return start };
    let plain = local.ends_with(|c: char| c.is_ascii());
    let mut own = local.len();
    for (i, c) in local.char_indices().rev() {
        if separates(c) || plain && is_spaceless(c) {
            break;
        }
        own = i;
    }
    // What nobody sees belongs to an address only inside.
    let rest = local.get(own..).unwrap_or_default();
    let seen = rest.trim_start_matches(|c: char| is_hidden(c) || c == '.');
    sign.saturating_sub(seen.len())
}

/// Where the domain ends, by the same signs.
pub(super) fn ends(text: &[u8], start: usize, end: usize) -> usize {
    let Ok(domain) = core::str::from_utf8(part(text, start, end)) else { return end };
    let plain = domain.starts_with(|c: char| c.is_ascii());
    // A label of such letters alone belongs to it: `kim@example.\u{4e2d}\u{56fd}`.
    let (mut stop, mut before) = (domain.len(), '.');
    for (i, c) in domain.char_indices() {
        if separates(c) || plain && is_spaceless(c) && before != '.' && !is_spaceless(before) {
            stop = i;
            break;
        }
        before = c;
    }
    let own = domain.get(..stop).unwrap_or(domain);
    let own = own.trim_end_matches(|c: char| is_hidden(c) || matches!(c, '-' | '_' | '.'));
    start.saturating_add(own.len())
}

/// Whether a character that is not ASCII parts words: spaces, quotes, dashes, punctuation, emoji.
fn separates(c: char) -> bool {
    matches!(c,
        '\u{a0}'..='\u{a9}' | '\u{ab}' | '\u{ac}' | '\u{ae}'..='\u{b4}' | '\u{b6}'..='\u{b9}'
        | '\u{bb}'..='\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{60c}' | '\u{61b}' | '\u{61f}'
        | '\u{6d4}' | '\u{964}' | '\u{965}' | '\u{2000}'..='\u{200a}' | '\u{2010}'..='\u{2029}'
        | '\u{202f}'..='\u{205f}' | '\u{2070}'..='\u{2bff}' | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{3020}' | '\u{30fb}' | '\u{fe10}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}'
        | '\u{1f000}'..='\u{1faff}')
}

/// Letters of scripts that put no spaces between words: an address of ASCII ends where they begin.
fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
