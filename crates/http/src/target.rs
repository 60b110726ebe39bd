//! A URL, taken apart in a way that can only be put together again to the same bytes.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::PathAndQuery;

/// Where a request goes and what stands in its request line.
pub(crate) struct Target {
    tls: bool,
    /// Host and port as they stand in the URL: the `host` header.
    authority: String,
    /// Without brackets.
    host: String,
    ip: Option<IpAddr>,
    port: u16,
    /// Origin form (RFC 9112 section 3.2.1).
    path: Uri,
}

impl Target {
    /// Takes an absolute URL apart, or says that writing it would change it.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (tls, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let (authority, path_query) = rest.split_at_checked(rest.find('/')?)?;
        let path = Uri::from(PathAndQuery::try_from(path_query).ok()?);
        let (host, ip, port) = split(authority)?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        let target =
            Self { tls, authority: authority.to_owned(), host: host.to_owned(), ip, port, path };
        (target.url() == url).then_some(target)
    }

    /// The URL as it will be written: the `host` header and the request line.
    pub(crate) fn url(&self) -> String {
        url(self.tls, &self.authority, &self.path)
    }

    pub(crate) fn tls(&self) -> bool {
        self.tls
    }
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.ip
    }
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
    pub(crate) fn path(&self) -> &Uri {
        &self.path
    }

    /// Whether it may be spoken to in the clear: a loopback address as a literal, not a name.
    pub(crate) fn loopback(&self) -> bool {
        self.ip.is_some_and(|ip| ip.is_loopback())
    }

    /// Scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.tls == other.tls && self.host == other.host && self.port == other.port
    }
}

/// The URL of a request: what the request line and the `host` header say together.
pub(crate) fn url(tls: bool, authority: &str, path: &Uri) -> String {
    format!("{}://{authority}{path}", if tls { "https" } else { "http" })
}

/// Whether a host is spelt as sealed URLs spell names: lower-case labels.
pub(crate) fn is_name(host: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    host.len() <= 253 && host.split('.').all(label) && !ends_in_number(host)
}

/// Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses; no name ends like that.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || last.bytes().all(|b| b.is_ascii_digit())
}

/// Host, address if it is one, port if it is given. An address has to be in its one spelling.
fn split(authority: &str) -> Option<(&str, Option<IpAddr>, Option<u16>)> {
    let (host, ip, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let ip: Ipv6Addr = host.parse().ok()?;
        if ip.to_string() != host {
            return None;
        }
        (host, Some(IpAddr::V6(ip)), port)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        let (host, port) = authority.split_at_checked(end)?;
        // The parser of the standard library takes four decimal numbers without leading zeros.
        let ip = host.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
        if ip.is_none() && !is_name(host) {
            return None;
        }
        (host, ip, port)
    };
    let port = match port.strip_prefix(':') {
        Some(text) => Some(text.parse::<u16>().ok().filter(|n| *n != 0 && n.to_string() == text)?),
        None if port.is_empty() => None,
        None => return None,
    };
    Some((host, ip, port))
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_url_is_written_as_it_was_read_or_refused() {
        for url in [
            "https://www.googleapis.com/calendar/v3/calendars/primary/events?sendUpdates=all",
            "https://api.github.com/",
            "https://api.github.com:8443/a%2Fb/c?x=%20&y=?z",
            "http://127.0.0.1:8080/",
            "https://[::1]:1/a",
            "https://192.0.2.7/a",
        ] {
            assert_eq!(Target::parse(url).map(|t| t.url()).as_deref(), Some(url));
        }
        for url in [
            "",
            "https://api.github.com",
            "HTTPS://api.github.com/",
            "ftp://api.github.com/",
            "https://API.github.com/",
            "https://user@api.github.com/",
            "https://api.github.com/#fragment",
            "https://api.github.com/a b",
            "https://api.github.com:0443/",
            "https://api.github.com:/",
            "https://api.github.com:0/",
            "https://api.github.com:65536/",
            "https://api..github.com/",
            "https://api.github.com./",
            "https://[0:0::1]/",
            "https://[::1/",
            "https://[::1]x/",
            "https:///",
        ] {
            assert!(Target::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn other_spellings_of_addresses_are_no_hosts() {
        for host in ["127.1", "0x7f.1", "2130706433", "0x7f000001", "127.0.0.01", "1.2.3.4.5"] {
            assert!(Target::parse(&format!("https://{host}/")).is_none(), "{host}");
        }
    }

    #[test]
    fn only_literals_are_loopback() {
        for url in ["http://127.0.0.1/", "http://127.255.0.9:1/", "http://[::1]/"] {
            assert!(Target::parse(url).unwrap().loopback(), "{url}");
        }
        for url in [
            "http://localhost/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(!Target::parse(url).unwrap().loopback(), "{url}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let t = |url| Target::parse(url).unwrap();
        assert!(t("https://a.example/x").same_origin(&t("https://a.example:443/y?z")));
        for other in [
            "http://a.example/",
            "https://b.example/",
            "https://a.example:444/",
            "https://x.a.example/",
        ] {
            assert!(!t("https://a.example/").same_origin(&t(other)), "{other}");
        }
    }
}
