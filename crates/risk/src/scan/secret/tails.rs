//! Tokens that are known by how they end, or by the lengths of their parts.

use super::super::bytes::{
    self, ALNUM, BASE, DIGIT, HEX, LOWER, SPACE, TOKEN, at, is, part, run, run_back,
};
use super::super::kinds::Span;
use super::{random, rules, span};

/// A token at the end of a run: Mailchimp's, Mailgun's, New Relic's, `MaxMind`'s.
pub(super) fn before(text: &[u8], start: usize, end: usize) -> Option<Span> {
    // None of them is shorter.
    if end.saturating_sub(start) < 36 {
        return None;
    }
    let run = part(text, start, end);
    let bare = run.iter().rposition(|b| is(*b, ALNUM)).map_or(0, |i| i.saturating_add(1));
    let end = start.saturating_add(bare);
    ending(text, end, |text, start| !is(bytes::before(text, start), ALNUM))
}

/// The same for what ends at a place; `begins` says whether a token can begin at another.
pub(super) fn ending(
    text: &[u8],
    end: usize,
    begins: impl Fn(&[u8], usize) -> bool,
) -> Option<Span> {
    let back = |n: usize| end.checked_sub(n);
    let drawn = |from: usize, to: usize, of: u8, length: usize| {
        let body = part(text, from, to);
        body.len() == length && body.iter().all(|b| is(*b, of)) && random(body)
    };
    let (rule, start) = match part(text, back(4)?, end) {
        b"_mmk" => {
            let middle = back(33)?;
            let whole = drawn(middle, end.saturating_sub(4), ALNUM, 29)
                && at(text, middle.saturating_sub(1)) == b'_';
            ("maxmind_key", middle.checked_sub(7).filter(|_| whole)?)
        }
        b"NRAL" => {
            let start = back(40)?;
            ("new_relic_key", Some(start).filter(|_| drawn(start, end.saturating_sub(4), HEX, 36))?)
        }
        [_, b'u', b's', digit] | [b'u', b's', b'1'..=b'9', digit] if digit.is_ascii_digit() => {
            let digits = run_back(text, end, DIGIT, 2);
            let dash = digits.checked_sub(3).filter(|at| bytes::goes_on(text, *at, b"-us"))?;
            let start = dash.checked_sub(32)?;
            ("mailchimp_key", Some(start).filter(|_| drawn(start, dash, HEX, 32))?)
        }
        _ => {
            // Two groups of eight behind the key: `-xxxxxxxx-xxxxxxxx`.
            let dash = back(18).filter(|i| at(text, *i) == b'-')?;
            let groups = part(text, dash, end);
            let of = |(i, b): (usize, &u8)| if i % 9 == 0 { *b == b'-' } else { is(*b, HEX) };
            let start = dash.checked_sub(32)?;
            let whole = groups.iter().enumerate().all(of) && drawn(start, dash, HEX, 32);
            ("mailgun_key", Some(start).filter(|_| whole)?)
        }
    };
    begins(text, start).then(|| span(rule, start, end))
}

/// A personal token of Asana: a version, one or two numbers, a colon, 32 hexadecimal digits.
pub(super) fn asana(text: &[u8], colon: usize) -> Option<Span> {
    let key = colon.saturating_add(1);
    let end = run(text, key, ALNUM, 33);
    let body = part(text, key, end);
    let of = |b: &u8| b.is_ascii_digit() || *b == b'/';
    let head = part(text, colon.saturating_sub(40), colon);
    let length = head.iter().rev().take_while(|b| of(b)).count();
    let head = head.get(head.len().saturating_sub(length)..)?;
    let mut numbers = head.split(|b| *b == b'/');
    let version = matches!(numbers.next(), Some([b'0'..=b'9']));
    let long = numbers.clone().all(|n| (12..=20).contains(&n.len()));
    let whole = version && long && matches!(numbers.count(), 1 | 2);
    let drawn = body.len() == 32 && body.iter().all(|b| is(*b, HEX)) && random(body);
    (whole && drawn).then(|| span("asana_token", colon.saturating_sub(length), end))
}

/// A token of Twitch: `oauth:` and 30 small letters and digits.
pub(super) fn twitch(text: &[u8], key: usize) -> Option<Span> {
    let start = key.checked_sub(6).filter(|at| bytes::goes_on(text, *at, b"oauth:"))?;
    let end = run(text, key, DIGIT | LOWER, 31);
    let body = part(text, key, end);
    let whole = body.len() == 30 && !is(at(text, end), TOKEN) && rules::drawn(body);
    whole.then(|| span("twitch_token", start, end))
}

/// A token of `OpenShift`: `sha256~` and 43 characters.
pub(super) fn openshift(text: &[u8], key: usize) -> Option<Span> {
    let start = key.checked_sub(7).filter(|at| bytes::goes_on(text, *at, b"sha256~"))?;
    let end = run(text, key, TOKEN, 48);
    let body = part(text, key, end);
    (body.len() == 43 && random(body)).then(|| span("openshift_token", start, end))
}

/// A bearer of X: 21 times `A` or more, and some eighty characters with two escapes.
pub(super) fn twitter(text: &[u8], start: usize) -> Option<Span> {
    let all = part(text, start, start.saturating_add(200));
    let of = |b: &u8| is(*b, ALNUM) || *b == b'%';
    let length = all.iter().position(|b| !of(b)).unwrap_or(all.len());
    let (body, next) = (part(text, start, start.saturating_add(length)), all.get(length).copied());
    let zeros = body.iter().take_while(|b| **b == b'A').count();
    let whole = (90..=160).contains(&length) && !next.is_some_and(|b| is(b, TOKEN | BASE));
    let own = !is(bytes::before(text, start), TOKEN | BASE) || bytes::begins(text, start);
    let odd = random(body.get(zeros..)?);
    (whole && own && zeros < 32 && odd)
        .then(|| span("twitter_token", start, start.saturating_add(length)))
}

/// `pat.` or `sat.`, 22 characters, 24 hexadecimal digits, 20 characters, with dots between.
pub(super) fn harness(text: &[u8], start: usize) -> Option<Span> {
    if !bytes::begins(text, start) {
        return None;
    }
    let mut end = start.saturating_add(4);
    let mut parts = [(22, TOKEN), (24, HEX), (20, ALNUM)].into_iter().peekable();
    while let Some((length, of)) = parts.next() {
        let next = end.saturating_add(length);
        let body = part(text, end, next);
        let whole = body.len() == length && body.iter().all(|b| is(*b, of)) && random(body);
        let closed = parts.peek().is_none() || at(text, next) == b'.';
        if !whole || !closed {
            return None;
        }
        end = next.saturating_add(usize::from(parts.peek().is_some()));
    }
    Some(span("harness_token", start, end))
}

/// The signature of an Azure address that is open to its holder: `sig=` and 43 characters of base64.
pub(super) fn azure_sas(text: &[u8], start: usize) -> Option<Span> {
    let key = start.saturating_add(4);
    if is(bytes::before(text, start), TOKEN) {
        return None;
    }
    let (mut end, mut count) = (key, 0usize);
    while count < 48 {
        let b = at(text, end);
        if b == b'%' {
            end = end.saturating_add(3);
        } else if is(b, ALNUM) || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_') {
            end = end.saturating_add(1);
        } else {
            break;
        }
        count = count.saturating_add(1);
    }
    let value = part(text, key, end);
    let closes = value.ends_with(b"=") || value.to_ascii_lowercase().ends_with(b"%3d");
    (count == 44 && closes && random(value)).then(|| span("azure_signature", start, end))
}

/// A token of `PayPal`: `access_token$production$`, an id, `$`, 32 hexadecimal digits.
pub(super) fn paypal(text: &[u8], start: usize) -> Option<Span> {
    let parts = part(text, start, start.saturating_add(100));
    let mut ends = memchr::memchr_iter(b'$', parts).skip(1);
    let (second, third) = (ends.next()?, ends.next()?);
    let id = parts.get(second.saturating_add(1)..third)?;
    let key = start.saturating_add(third).saturating_add(1);
    let end = run(text, key, HEX, 33);
    let whole = (12..=24).contains(&id.len()) && id.iter().all(|b| is(*b, ALNUM));
    (whole && end.saturating_sub(key) == 32).then(|| span("paypal_token", start, end))
}

/// A key file of `PuTTY`: what stands behind `Private-Lines`.
pub(super) fn putty(text: &[u8], start: usize) -> Option<Span> {
    let line = part(text, start, start.saturating_add(40));
    let (length, skip) = match memchr::memchr(b'\n', line) {
        Some(at) => (at, 1usize),
        None => (line.windows(2).position(|two| two == b"\\n")?, 2),
    };
    let from = start.saturating_add(length).saturating_add(skip);
    let end = run(text, from, ALNUM | BASE, 80);
    let body = part(text, from, end);
    (body.len() >= 40 && random(body)).then(|| span("private_key", start, end))
}

/// The header `Authorization: Basic …`, also as a field of JSON.
pub(super) fn basic_header(text: &[u8], after: usize) -> Option<Span> {
    let head = part(text, after, after.saturating_add(24)).to_ascii_lowercase();
    let scheme = head.windows(6).position(|w| w == b"basic ")?;
    let of = |b: &u8| is(*b, SPACE) || b"\"':=\\".contains(b);
    let between = head.get(..scheme)?;
    let named = !between.is_empty() && between.iter().all(of);
    let start = after.saturating_add(scheme).saturating_add(6);
    named.then(|| basic(text, start)).flatten()
}

/// A user and a password in base64, behind `basic`, `"auth"` or `_auth`.
pub(super) fn basic(text: &[u8], after: usize) -> Option<Span> {
    let head = part(text, after, after.saturating_add(8));
    let skipped = head.iter().take_while(|b| is(**b, SPACE) || b"\"':=\\".contains(b)).count();
    let start = after.saturating_add(skipped);
    let end = run(text, start, ALNUM | BASE, 400);
    let value = part(text, start, end);
    let apart = skipped > 0 || is(bytes::before(text, after), SPACE);
    if !apart || value.len() < 12 || !value.len().is_multiple_of(4) {
        return None;
    }
    let decoded = super::super::decode::whole(value);
    let colon = decoded.iter().position(|b| *b == b':')?;
    let (user, password) = decoded.split_at_checked(colon)?;
    let printed = decoded.iter().all(|b| matches!(b, b' '..=b'~'));
    (printed && !user.is_empty() && password.len() > 4).then(|| span("basic_auth", start, end))
}

/// A line of `.pgpass`: `host:5432:database:user:password`, from the port on.
pub(super) fn pgpass(text: &[u8], port: usize) -> Option<Span> {
    let rest = part(text, port.saturating_add(6), port.saturating_add(200));
    let line = rest.iter().position(|b| is(*b, SPACE) || matches!(b, b'"' | b'\'' | b',' | b')'));
    let rest = rest.get(..line.unwrap_or(rest.len()))?;
    let mut fields = rest.split(|b| *b == b':');
    let (database, user) = (fields.next()?, fields.next()?);
    let password = fields.next().filter(|_| fields.next().is_none())?;
    let names = [database, user].iter().all(|name| {
        !name.is_empty() && name.iter().all(|b| is(*b, TOKEN) || matches!(b, b'*' | b'.'))
    });
    let end = port.saturating_add(6).saturating_add(rest.len());
    (names && password.len() >= 6 && password_like(password))
        .then(|| span("password", end.saturating_sub(password.len()), end))
}

/// `user:password` behind `-u` of curl.
pub(super) fn of_curl(text: &[u8], from: usize) -> Option<Span> {
    let head = part(text, from, from.saturating_add(160));
    let quoted = head.iter().take_while(|b| matches!(b, b'"' | b'\'')).count();
    let value = head.get(quoted..)?;
    let stop = value.iter().position(|b| is(*b, SPACE) || matches!(b, b'"' | b'\''));
    let value = value.get(..stop.unwrap_or(value.len()))?;
    let colon = value.iter().position(|b| *b == b':').filter(|at| *at > 0)?;
    let password = value.get(colon.saturating_add(1)..)?;
    let end = from.saturating_add(quoted).saturating_add(value.len());
    let before = part(text, from.saturating_sub(200), from);
    let command = [&b"curl"[..], b"http", b"wget"];
    let known = command.iter().any(|name| memchr::memmem::find(before, name).is_some());
    (known && password.len() >= 6 && !password.starts_with(b"$") && password_like(password))
        .then(|| span("password", end.saturating_sub(password.len()), end))
}

/// Whether a field is a password rather than a word: letters with digits or signs, or capitals inside.
pub(super) fn password_like(value: &[u8]) -> bool {
    let (digits, letters) = (bytes::count(value, DIGIT), bytes::count(value, bytes::ALPHA));
    let signs = value.iter().filter(|b| b"!#%^&*@?=+~".contains(b)).count();
    letters >= 2 && digits.saturating_add(signs) >= 1 || rules::turns(value) >= 3
}
