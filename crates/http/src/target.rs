//! A URL, taken apart in a way that can only be put together again to the same bytes.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::PathAndQuery;
use url::Url;

/// Where a request goes and what stands in its request line.
pub(crate) struct Target {
    tls: bool,
    /// Host and port as they stand in the URL: the `host` header.
    authority: String,
    /// Without brackets.
    host: String,
    ip: Option<IpAddr>,
    port: u16,
    /// Only a default port that was spelt out is missing here.
    url: Url,
    /// What stands in the request line.
    line: PathAndQuery,
}

impl Target {
    /// Takes an absolute URL apart, or says that writing it would change it.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (tls, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let (authority, path_query) = rest.split_at_checked(rest.find('/')?)?;
        let (host, ip, port) = split(authority)?;
        let default = if tls { 443 } else { 80 };
        let parsed = Url::parse(url).ok()?;
        let written = match port {
            Some(port) if port == default => authority.rsplit_once(':')?.0,
            _ => authority,
        };
        let scheme = if tls { "https" } else { "http" };
        // As browsers and servers read it, and as it is written.
        let line = Uri::try_from(parsed.as_str()).ok()?.into_parts().path_and_query?;
        let exact = parsed.as_str() == format!("{scheme}://{written}{path_query}")
            && line.as_str() == path_query;
        exact.then(|| Self {
            tls,
            authority: authority.to_owned(),
            host: host.to_owned(),
            ip,
            port: port.unwrap_or(default),
            url: parsed,
            line,
        })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
    /// Path and query, as the request line names what is asked for (RFC 9112 section 3.2.1).
    pub(crate) fn line(&self) -> Uri {
        self.line.clone().into()
    }

    pub(crate) fn tls(&self) -> bool {
        self.tls
    }
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
    /// A name, or an address without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether it may be spoken to in the clear: a loopback address as a literal, not a name.
    pub(crate) fn loopback(&self) -> bool {
        self.ip.is_some_and(|ip| ip.is_loopback())
    }

    /// Whether nothing stands behind the authority.
    pub(crate) fn bare(&self) -> bool {
        self.url.path() == "/" && self.url.query().is_none()
    }

    /// Scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.tls == other.tls && self.host == other.host && self.port == other.port
    }
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
            assert_eq!(Target::parse(url).unwrap().url().as_str(), url);
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
            "https://api.github.com/a/../b",
            "https://api.github.com/a/%2e%2E/b",
            "https://api.github.com/a\\b",
            "https://api.github.com/a\tb",
            "https://api.github.com/a?'",
            "https://api.github.com/a?<",
            "https://api.github.com/\u{e9}",
            "https://xn--a/",
        ] {
            assert!(Target::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_default_port_that_is_spelt_out_stays_in_the_authority() {
        let target = Target::parse("https://a.example:443/b?c").unwrap();
        assert_eq!(target.authority(), "a.example:443");
        assert_eq!(target.url().as_str(), "https://a.example/b?c");
    }

    #[test]
    fn a_url_that_is_too_long_for_a_request_line_is_refused() {
        let long = |n: usize| format!("https://a.example/{}", "x".repeat(n));
        assert!(Target::parse(&long(60_000)).is_some());
        assert!(Target::parse(&long(65_530)).is_none());
    }

    #[test]
    fn other_spellings_of_addresses_are_no_hosts() {
        for host in ["127.1", "0x7f.1", "2130706433", "0x7f000001", "127.0.0.01", "1.2.3.4.5"] {
            assert!(Target::parse(&format!("https://{host}/")).is_none(), "{host}");
        }
        // An IPv4 address within an IPv6 one is printed in two ways.
        for host in ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::7f00:1]"] {
            assert!(
                Target::parse(&format!("http://{host}/")).is_none_or(|t| !t.loopback()),
                "{host}"
            );
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
