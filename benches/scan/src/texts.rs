//! The texts that are scanned, made by the generator of the tests.

use std::path::Path;

#[expect(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
#[path = "../../../crates/risk/tests/generate/mod.rs"]
mod generate;

use countersign_risk::scan::PiiType;
use generate::random::Random;
use generate::{personal, prose, secrets};

/// Length of a text, unless it says otherwise.
const LENGTH: usize = 64 * 1024;

/// All texts: name, what it is, the text.
pub(crate) fn all() -> Vec<(&'static str, &'static str, String)> {
    let mut random = Random::new(9);
    let clean = plain(&mut random, LENGTH);
    let mail = prose::mail(&mut random, LENGTH);
    vec![
        ("clean", "ordinary sentences, nothing to find", clean.clone()),
        ("mail", "ordinary sentences with the words that attacks use", mail),
        ("findings", "a finding every 120 bytes or so", full(&mut random)),
        ("records", "JSON records full of numbers and dates", records(&mut random)),
        ("not ASCII", "Cyrillic and Chinese sentences", foreign()),
        ("almost", "beginnings and near misses of every rule", almost(&mut random)),
        ("base64", "one image in base64", image(&mut random)),
        ("call", "the strings of one call", clean.chars().take(400).collect()),
    ]
}

fn cut(mut text: String) -> String {
    while text.len() > LENGTH || !text.is_char_boundary(text.len()) {
        text.pop();
    }
    text
}

/// Sentences without the frames that hold trigger words.
fn plain(random: &mut Random, length: usize) -> String {
    const WORDS: &[&str] = &[
        "the",
        "river",
        "was",
        "quiet",
        "and",
        "people",
        "walked",
        "along",
        "its",
        "banks",
        "while",
        "children",
        "played",
        "with",
        "a",
        "red",
        "ball",
        "near",
        "old",
        "bridge",
        "that",
        "connects",
        "both",
        "parts",
        "of",
        "town",
        "where",
        "market",
        "opens",
        "early",
        "in",
        "summer",
        "months",
        "so",
        "everybody",
        "can",
        "buy",
        "bread",
        "cheese",
        "fruit",
        "or",
        "flowers",
        "before",
        "work",
        "begins",
        "2026",
        "at",
        "half",
        "past",
        "nine",
    ];
    let mut out = String::with_capacity(length + 100);
    while out.len() < length {
        let words = random.between(6, 16);
        let sentence: Vec<&str> = (0..words).map(|_| random.pick(WORDS)).collect();
        out.push_str(&sentence.join(" "));
        out.push_str(if random.below(5) == 0 { ".\n\n" } else { ". " });
    }
    out.truncate(length);
    out
}

fn full(random: &mut Random) -> String {
    let kinds = [
        PiiType::Card,
        PiiType::Iban,
        PiiType::UsSsn,
        PiiType::Email,
        PiiType::Phone,
        PiiType::EsDni,
    ];
    let mut out = String::new();
    while out.len() < LENGTH {
        let kind = kinds[random.below(kinds.len())];
        let (good, _) = personal::cases(random, kind, 1);
        out.push_str(&good[0].text);
        out.push(' ');
        let family = random.below(15);
        let secret = random.shape(secrets::FAMILIES[family].1);
        out.push_str(&secret);
        out.push_str(". ");
        out.push_str(&plain(random, 40));
        out.push('\n');
    }
    cut(out)
}

fn records(random: &mut Random) -> String {
    let mut out = String::new();
    while out.len() < LENGTH {
        let head = random
            .shape("\"id\":{D9},\"created\":\"2026-05-1{D1}T10:{D2}:{D2}Z\",\"total\":{D3}.{D2}");
        let hash = random.shape("{H40}");
        out.push_str(&format!(
            "{{{head},\"hash\":\"{hash}\",\"tags\":[\"a1\",\"b22\"],\"open\":true}},\n"
        ));
    }
    cut(out)
}

fn foreign() -> String {
    let one = "Река была спокойна, и люди гуляли вдоль берегов. 河水很平静，人们沿着河岸散步。 ";
    cut(one.repeat(LENGTH / one.len() + 1))
}

fn almost(random: &mut Random) -> String {
    const NEAR: &[&str] = &[
        "ghp_ ",
        "ghp_short ",
        "sk-",
        "xoxb-1 ",
        "eyJ.eyJ.",
        "-----BEGIN ",
        "://a:b",
        "password: ",
        "secret=",
        "token is ",
        "@@@",
        "a@b ",
        "4111 1111 1111 1112 ",
        "DE89 3704 0044 ",
        "123-45-",
        "1.2.3.",
        "::1:2:",
        "ignore previous ",
        "the user ",
        "system: ",
        "[inst ",
        "%4 ",
        "&#; ",
        "\\u00 ",
        "AKIAAAAA ",
        "1//",
        "SG.",
        "0x12ab ",
        "bc1q ",
        "12345678",
        " o o ",
        "TODO: ",
        "you must ",
        "pass",
        "Bearer ",
        "\u{e9}\u{430}",
    ];
    let mut out = String::new();
    while out.len() < LENGTH {
        out.push_str(random.pick(NEAR));
    }
    cut(out)
}

fn image(random: &mut Random) -> String {
    use base64::Engine as _;
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(random.bytes(LENGTH * 3 / 4 - 8));
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Writes the texts, one file each.
pub(crate) fn export(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, _, text) in all() {
        let file = folder.join(format!("scan_{}.txt", name.replace(' ', "_")));
        std::fs::write(file, text).expect("a file");
    }
}
