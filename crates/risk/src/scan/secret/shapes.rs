//! Secrets that are known by their build: web tokens, keys in PEM, credentials in addresses.

use super::super::bytes::{self, ALNUM, BASE, DIGIT, SPACE, TOKEN, UPPER, at, part, run};
use super::super::kinds::Span;
use super::{random, span, tails};

/// Looks at a place where a literal stands.
pub(super) type Verify = fn(&[u8], usize) -> Option<Span>;

/// Finds what has no beginning of its own: tokens of bots, secrets with an odd character.
pub(super) fn beside(text: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    match bytes::before(text, start) {
        b':' => {
            let colon = start.saturating_sub(1);
            let other = || tails::asana(text, colon).or_else(|| tails::twitch(text, start));
            out.extend(telegram(text, colon).or_else(other));
        }
        b'~' => {
            // A run ends at every tilde, and there may be more than the one behind `Q`.
            let head = part(text, start.saturating_sub(AZURE), start);
            let first = head.windows(2).position(|two| two == b"Q~").unwrap_or(head.len());
            let mark = start.saturating_sub(head.len()).saturating_add(first);
            let secret = azure_secret(text, mark);
            out.extend(secret.or_else(|| tails::openshift(text, start)));
        }
        _ => {}
    }
    // None is shorter.
    if end.saturating_sub(start) < 58 {
        return;
    }
    for dot in memchr::memchr_iter(b'.', part(text, start, end)) {
        out.extend(discord(text, start.saturating_add(dot)));
    }
}

/// JSON Web Tokens: three parts, or five, of which the first is a JSON object.
pub(super) fn web_token(text: &[u8], start: usize) -> Option<Span> {
    if !bytes::begins(text, start) {
        return None;
    }
    let mut end = run(text, start, TOKEN, 8192);
    let mut parts = 1usize;
    let long = |from: usize, to: usize| to.saturating_sub(from) >= 10;
    if !long(start, end) {
        return None;
    }
    while parts < 5 && at(text, end) == b'.' {
        let next = run(text, end.saturating_add(1), TOKEN, 8192);
        if !long(end, next) {
            break;
        }
        (end, parts) = (next, parts.saturating_add(1));
    }
    (parts >= 3).then(|| span("json_web_token", start, end))
}

/// A private key in PEM: its label, and some of its content.
pub(super) fn pem(text: &[u8], start: usize) -> Option<Span> {
    let head = part(text, start, start.saturating_add(80));
    let label = head.windows(11).position(|w| w == b"PRIVATE KEY")?;
    let after = start.saturating_add(label).saturating_add(11);
    // The rest of the line, escaped line breaks, and headers of old formats.
    let body = part(text, after, after.saturating_add(400));
    let content =
        body.split(|b| !bytes::is(*b, ALNUM | BASE)).filter(|piece| piece.len() >= 16).any(random);
    if !content {
        return None;
    }
    let rest = part(text, after, after.saturating_add(16 * 1024));
    let close = rest.windows(8).position(|w| w == b"-----END");
    let end = if let Some(close) = close {
        let from = after.saturating_add(close).saturating_add(8);
        let line = part(text, from, from.saturating_add(60));
        let dashes = line.windows(5).position(|w| w == b"-----");
        from.saturating_add(dashes.map_or(0, |at| at.saturating_add(5)))
    } else {
        let of =
            |b: u8| bytes::is(b, ALNUM | BASE | SPACE) || matches!(b, b'-' | b'\\' | b':' | b',');
        after.saturating_add(rest.iter().position(|b| !of(*b)).unwrap_or(rest.len()))
    };
    Some(span("private_key", start, end))
}

/// `scheme://user:password@host`.
pub(super) fn credentials(text: &[u8], at_scheme: usize) -> Option<Span> {
    let user = at_scheme.saturating_add(3);
    let authority = part(text, user, user.saturating_add(320));
    let stop = authority
        .iter()
        .position(|b| {
            bytes::is(*b, SPACE) || matches!(b, b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'`')
        })
        .unwrap_or(authority.len());
    let authority = authority.get(..stop)?;
    let sign = authority.iter().rposition(|b| *b == b'@')?;
    let colon = authority.iter().position(|b| *b == b':').filter(|colon| *colon < sign)?;
    let password = authority.get(colon.saturating_add(1)..sign)?;
    let known = [&b"pass"[..], b"password", b"passwd", b"changeme"];
    let placeholder = password.len() < 4
        || known.iter().any(|word| password.eq_ignore_ascii_case(word))
        || matches!(password.first(), Some(b'$' | b'{' | b'<' | b'*' | b'['))
        || password.iter().all(|b| matches!(b, b'x' | b'X' | b'*' | b'.'));
    if placeholder {
        return None;
    }
    let start = bytes::run_back(text, at_scheme, ALNUM | BASE, 24);
    Some(span("address_with_password", start, user.saturating_add(sign)))
}

pub(super) fn slack_webhook(text: &[u8], start: usize) -> Option<Span> {
    let path = start.saturating_add("hooks.slack.com/".len());
    let end = run(text, path, TOKEN | BASE, 200);
    let key = part(text, path, end);
    (key.len() >= 30 && key.split(|b| *b == b'/').count() >= 4 && random(key))
        .then(|| span("slack_webhook", start, end))
}

pub(super) fn discord_webhook(text: &[u8], start: usize) -> Option<Span> {
    let id = start.saturating_add("/api/webhooks/".len());
    let slash = run(text, id, DIGIT, 24);
    let end = run(text, slash.saturating_add(1), TOKEN, 120);
    let long = slash.saturating_sub(id) >= 15 && end.saturating_sub(slash) > 50;
    (long && at(text, slash) == b'/').then(|| span("discord_webhook", start, end))
}

/// Bytes before the last tilde of a client secret in which `Q~` stands.
const AZURE: usize = 22;

/// A client secret of Entra: three characters, a digit, `Q~`, 31 or more.
fn azure_secret(text: &[u8], mark: usize) -> Option<Span> {
    let of = |b: u8| bytes::is(b, TOKEN) || matches!(b, b'.' | b'~');
    if at(text, mark) != b'Q' {
        return None;
    }
    let start = mark.checked_sub(4)?;
    let head = part(text, start, mark);
    let rest = part(text, mark.saturating_add(2), mark.saturating_add(44));
    let length = rest.iter().position(|b| !of(*b)).unwrap_or(rest.len());
    let fits = head.iter().all(|b| of(*b)) && bytes::before(text, mark).is_ascii_digit();
    (fits && (30..=40).contains(&length))
        .then(|| span("azure_client_secret", start, mark.saturating_add(2).saturating_add(length)))
}

/// A bot of Telegram: eight to ten digits, a colon, 35 characters.
fn telegram(text: &[u8], colon: usize) -> Option<Span> {
    if !bytes::before(text, colon).is_ascii_digit() {
        return None;
    }
    let start = bytes::run_back(text, colon, DIGIT, 12);
    let key = colon.saturating_add(1);
    let end = run(text, key, TOKEN, 48);
    let (id, length) = (colon.saturating_sub(start), end.saturating_sub(key));
    let own = bytes::begins(text, start) || part(text, start.saturating_sub(3), start) == b"bot";
    ((8..=10).contains(&id) && (34..=36).contains(&length) && own && random(part(text, key, end)))
        .then(|| span("telegram_bot_token", start, end))
}

/// A bot of Discord: an id in base64, six characters, 27 or more, between dots.
fn discord(text: &[u8], dot: usize) -> Option<Span> {
    let second = dot.saturating_add(7);
    if at(text, second) != b'.' || !bytes::is(bytes::before(text, dot), TOKEN) {
        return None;
    }
    let start = bytes::run_back(text, dot, TOKEN, 30);
    let middle = run(text, dot.saturating_add(1), TOKEN, 7);
    let end = run(text, second.saturating_add(1), TOKEN, 44);
    let (id, key) = (dot.saturating_sub(start), end.saturating_sub(second).saturating_sub(1));
    let first = bytes::is(at(text, start), UPPER);
    (middle == second
        && first
        && (23..=28).contains(&id)
        && (27..=40).contains(&key)
        && random(part(text, start, end)))
    .then(|| span("discord_token", start, end))
}
