//! Texts without what must not be shown.

use core::fmt::Write as _;
use core::net::IpAddr;
use std::collections::HashMap;

use super::kinds::{Evidence, Kind, PiiType, Span};
use super::whole;
use crate::text::{fold, is_hidden};

/// A text in which a placeholder stands for every secret and every piece of personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted {
    /// The text with placeholders, for example `<EMAIL:1>`: the kind, and a number that is the same
    /// for the same value within this text and another for every other. A number that the text itself
    /// has in such a placeholder is not given out.
    pub text: String,
    /// What was replaced, with places in the original text.
    pub spans: Vec<Span>,
    /// Whether more was encoded in it than is decoded. Texts of any length are scanned.
    pub truncated: bool,
}

/// Replaces every secret and all personal data by typed placeholders.
pub fn redact(text: &str) -> Redacted {
    let scan = whole(text);
    let mut numbers: HashMap<(&'static str, String), usize> = HashMap::new();
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    let mut out = String::with_capacity(text.len());
    let mut spans = Vec::new();
    let mut done = 0usize;
    for span in scan.spans {
        let label = match span.kind {
            Kind::Secret => "SECRET",
            Kind::Pii(what) => what.label(),
            Kind::Injection(_) | Kind::Hidden => continue,
        };
        let Some(value) = text.get(span.start..span.end) else { continue };
        let end = if span.kind == Kind::Secret { glued(text, span.end) } else { span.end };
        // What the placeholder before covers in part is covered whole.
        let Some(between) = text.get(done..span.start) else {
            if let Some(before) = spans.last_mut().filter(|before: &&mut Span| before.end < end) {
                before.end = end;
                done = end;
            }
            continue;
        };
        let number = *numbers.entry((label, same(&span, value))).or_insert_with(|| {
            let count = counts.entry(label).or_insert_with(|| greatest(text, label));
            *count = count.saturating_add(1);
            *count
        });
        out.push_str(between);
        let _ = write!(out, "<{label}:{number}>");
        done = end;
        spans.push(Span { end, ..span });
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Redacted { text: out, spans, truncated: scan.truncated }
}

/// Where the word ends that a secret is the beginning of: what is glued to a token may be another one.
fn glued(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default().bytes();
    let more = rest.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    end.saturating_add(more)
}

/// The greatest number that a text has in a placeholder of this label; 0 if it has none.
fn greatest(text: &str, label: &str) -> usize {
    let opening = format!("<{label}:");
    let numbers = text.match_indices(&opening).filter_map(|(at, _)| {
        let (digits, _) = text.get(at.saturating_add(opening.len())..)?.split_once('>')?;
        // A number that is too large is nobody's: ours begin at one.
        digits.parse().ok().filter(|n| *n < usize::MAX / 2)
    });
    numbers.max().unwrap_or(0)
}

/// What all spellings of one value have in common, and no two values.
fn same(span: &Span, value: &str) -> String {
    if !matches!(span.evidence, Evidence::Plain | Evidence::Folded) {
        return value.to_owned();
    }
    let folded: String = value.chars().filter(|c| !is_hidden(*c)).map(fold).collect();
    let letters = || folded.chars().filter(|c| c.is_alphanumeric());
    match span.kind {
        // Small and capital letters differ, and signs count.
        Kind::Secret | Kind::Pii(PiiType::Crypto) => folded,
        Kind::Pii(PiiType::Email) => folded.to_lowercase(),
        Kind::Pii(PiiType::Ip) => {
            folded.parse::<IpAddr>().map_or_else(|_| folded.to_lowercase(), |ip| ip.to_string())
        }
        // 1.11.85 is another day than 11.1.85.
        Kind::Pii(PiiType::BirthDate) => {
            folded.to_lowercase().replace(|c: char| !c.is_alphanumeric(), ".")
        }
        // Two zeros stand for the plus.
        Kind::Pii(PiiType::Phone) => {
            let digits: String = letters().collect();
            digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits)
        }
        _ => letters().flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_values_have_different_placeholders() {
        for (text, expected) in [
            ("a.b@x.com ab@x.com a-b@x.com", "<EMAIL:1> <EMAIL:2> <EMAIL:3>"),
            ("1.11.1.1, 11.1.1.1, 1.1.11.1", "<IP:1>, <IP:2>, <IP:3>"),
            ("2001:db8::1 2001:db8:1::", "<IP:1> <IP:2>"),
            ("born 1.11.1985, born 11.1.1985", "born <BIRTH_DATE:1>, born <BIRTH_DATE:2>"),
            (
                "ghp_16C7e42F292c6912E7710c838347Ae178B4a ghp_16c7e42F292c6912E7710c838347Ae178B4a",
                "<SECRET:1> <SECRET:2>",
            ),
            (
                "password: Abc-123!x  password: aBc123x",
                "password: <SECRET:1>  password: <SECRET:2>",
            ),
        ] {
            assert_eq!(redact(text).text, expected, "{text}");
        }
    }

    #[test]
    fn one_value_has_one_placeholder_however_it_is_written() {
        for (text, expected) in [
            (
                "Kim@Example.com kim@example.com kim\u{200b}@example.com",
                "<EMAIL:1> <EMAIL:1> <EMAIL:1>",
            ),
            ("+49 30 901820, 0049 30 901820, +49-30-901820", "<PHONE:1>, <PHONE:1>, <PHONE:1>"),
            (
                "4111 1111 1111 1111, 4111-1111-1111-1111, \u{ff14}111 1111 1111 1111",
                "<CARD:1>, <CARD:1>, <CARD:1>",
            ),
            ("DE89 3704 0044 0532 0130 00, de89370400440532013000", "<IBAN:1>, <IBAN:1>"),
            ("2001:db8::1, 2001:0DB8:0::1", "<IP:1>, <IP:1>"),
        ] {
            assert_eq!(redact(text).text, expected, "{text}");
        }
    }

    #[test]
    fn a_placeholder_in_the_text_is_nobody_elses() {
        let text = "<EMAIL:3> <EMAIL:x> <EMAIL:99999999999999999999> <CARD:7> kim@example.com";
        let got = redact(text).text;
        assert!(got.ends_with("<CARD:7> <EMAIL:4>"), "{got}");
    }

    #[test]
    fn of_secrets_that_are_glued_together_nothing_is_left() {
        let (one, other) = (
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA2b",
        );
        for text in [
            format!("{one}{other}"),
            format!("{one}{other}https://kim:Passw0rd!x@h.example/"),
            format!("{one}{other}kim@example.com"),
            format!("{one}-{other}_{one}"),
        ] {
            let got = redact(&format!("a {text} b {one} c")).text;
            assert!(
                !got.contains("16C7e42") && !got.contains("aB3dE5") && !got.contains("kim"),
                "{got}"
            );
            assert!(
                got.starts_with("a <") && got.contains(" b <SECRET:") && got.ends_with(" c"),
                "{got}"
            );
        }
    }

    #[test]
    fn nothing_of_a_value_is_left_where_a_long_text_is_cut() {
        let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
        for at in 65_490..65_540 {
            let text = format!("{} kim@example.com {token} end", "a".repeat(at));
            let got = redact(&text);
            let (_, end) = got.text.split_at(at);
            assert_eq!(end, " <EMAIL:1> <SECRET:1> end", "{at}");
            assert!(!got.truncated);
        }
    }
}
