//! URLs in the one spelling that every parser reads alike.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::macros::ensure;
use crate::request::InvalidRequest;

/// Longest URL.
pub const MAX_URL: usize = 8 * 1024;

/// Checks a URL and returns the length of its origin (`https://host:port`).
pub(crate) fn origin_len(url: &str) -> Result<usize, InvalidRequest> {
    ensure(url.len() <= MAX_URL, InvalidRequest("the URL is too long"))?;
    let (scheme, default) = if url.starts_with("https://") { (8, "443") } else { (7, "80") };
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or(InvalidRequest("the URL is not absolute https or http"))?;
    let slash = rest.find('/').ok_or(InvalidRequest("the URL has no path"))?;
    let (authority, path_query) = rest.split_at(slash);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    ensure(host_ok(host), InvalidRequest("the URL's host is malformed"))?;
    let own = |p: &str| p != default && p.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == p);
    ensure(port.is_none_or(own), InvalidRequest("the URL's port is malformed, or the default"))?;

    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&()*+,;=:@/?".contains(&b);
    let encoded = InvalidRequest("the URL has a character that must be percent-encoded");
    ensure(path_query.bytes().all(allowed), encoded)?;
    let upper_hex = |b: &u8| matches!(b, b'0'..=b'9' | b'A'..=b'F');
    let escape =
        |after: &str| matches!(after.as_bytes(), [a, b, ..] if upper_hex(a) && upper_hex(b));
    let escapes = path_query.split('%').skip(1).all(escape);
    ensure(escapes, InvalidRequest("a percent escape is not upper-case hex"))?;

    let path = path_query.split_once('?').map_or(path_query, |(path, _)| path);
    let dots = InvalidRequest("the URL has a dot segment or an empty segment");
    ensure(!path.contains("//") && !has_dot_segment(path), dots)?;
    Ok(authority.len().saturating_add(scheme))
}

/// A lower-case name, or an IP address as it is printed: some parsers read `127.1`, `0x7f.0.0.1` and
/// `2130706433` as addresses too, and print IPv6 addresses that hold an IPv4 one in two ways.
fn host_ok(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let printed = v6.parse().map(|ip: Ipv6Addr| ip.to_string());
        return !v6.contains('.') && printed.as_deref() == Ok(v6);
    }
    let letters = |l: &str| l.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let names = host.split('.').all(|label| !label.is_empty() && letters(label));
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
    names && (!number || host.parse().is_ok_and(|ip: Ipv4Addr| ip.to_string() == host))
}

/// Also the spellings that some server decodes before it resolves: escaped dots and slashes, and
/// parameters behind the dots.
fn has_dot_segment(path: &str) -> bool {
    let decoded = [("%2E", "."), ("%2F", "/"), ("%5C", "/"), ("%3B", ";")]
        .into_iter()
        .fold(path.to_owned(), |path, (escape, plain)| path.replace(escape, plain));
    decoded.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}
