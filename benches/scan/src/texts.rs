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
    let few = some(&mut Random::new(10), 45);
    vec![
        ("clean", "ordinary sentences, nothing to find", clean.clone()),
        ("mail", "ordinary sentences with the words that attacks use", mail),
        ("findings", "a finding every 80 bytes or so", full(&mut random)),
        ("some findings", "ordinary sentences with a finding every 1.4 KiB", few),
        ("records", "JSON records full of numbers and dates", records(&mut random)),
        ("not ASCII", "Cyrillic and Chinese sentences", foreign()),
        ("almost", "beginnings and near misses of every rule", almost(&mut random)),
        ("base64", "one image in base64", image(&mut random)),
        (
            "letter",
            "letters with addresses, links, dates, quotes and numbers",
            written(&mut random, LETTER),
        ),
        ("markdown", "a page with code and links", written(&mut random, MARKDOWN)),
        ("HTML", "a page with attributes and character references", written(&mut random, HTML)),
        ("code", "a program with strings and comments", written(&mut random, CODE)),
        ("German", "sentences with umlauts and quotes", written(&mut random, GERMAN)),
        ("Japanese", "sentences with punctuation of full width", written(&mut random, JAPANESE)),
        ("Russian", "sentences with dates and Latin names", written(&mut random, RUSSIAN)),
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

const LETTER: &[&str] = &[
    "From: {L5}.{L7}@{L6}.example\nDate: Tue, {D1} Jun 2026 10:{D2}:{D2} +0200\nSubject: Re: minutes of the {D1}th\n\n",
    "Hello everybody,\n\nthanks for the notes. As far as I can see, the following points are still open: ",
    "the budget for 2027 ({D2},{D3}.00 EUR), the room for the workshop, and who takes care of the posters. ",
    "I\u{2019}d rather not decide that alone \u{2014} could we talk about it on Friday at {D1}:30? ",
    "The slides are at https://files.{L6}.example/s/{A16}?view=1&lang=en and the old ones in the archive.\n\n",
    "> On Monday Kim wrote:\n> I have spoken with the agent of the house, and the system for the heating\n> will be checked next week.\n\n",
    "Best wishes\nLee\n--\n{L8} GmbH, Long Street {D2}, {D5} Northtown, +49 30 {D7}\n\n",
];
const MARKDOWN: &[&str] = &[
    "## Step {D1}: the settings\n\nOpen `config.{L4}.toml` and set **all** values of the table below.\n\n",
    "| name | default | meaning |\n|---|---|---|\n| `retries` | {D1} | how often it is tried |\n| `path` | `/var/lib/{L6}` | where it is kept |\n\n",
    "```sh\ncargo run --release -- --input {L6}.json --limit {D3}\n```\n\n",
    "See [the guide](https://docs.{L6}.example/guide/v1.{D1}/setup.html#step-{D1}) and issue [#{D4}](https://git.example/{L5}/{L6}/issues/{D4}).\n\n",
    "1. Download the archive, and check that its sum is `{H64}`.\n2. Unpack it.\n3. Run the tests; they take about {D2} seconds.\n\n",
];
const HTML: &[&str] = &[
    "<div class=\"card wide\" id=\"item-{D4}\"><a href=\"/items/{D4}?page={D1}&amp;sort=name\">The {L7} of {L6}</a></div>\n",
    "<p>It&#39;s quiet &amp; warm, and the market opens early in summer.&nbsp;Come &quot;by the river&quot;!</p>\n",
    "<tr><td>{D2}</td><td class=\"num\">{D3}.{D2}</td><td>2026-0{D1}-1{D1}</td><td><code>{L8}</code></td></tr>\n",
    "<script src=\"/static/js/main.{H20}.js\" defer></script><img src=\"/img/{L6}.png\" width=\"{D3}\" alt=\"\">\n",
];
const CODE: &[&str] = &[
    "/// Returns the {L6} of the `{L7}`, at most {D3} of them.\npub fn {L6}_{L5}(&self, limit: usize) -> Result<Vec<{L6}>, Error> {\n",
    "    let values: Vec<_> = self.{L6}.iter().filter(|v| v.size > {D2} && !v.done).take(limit).collect();\n",
    "    // Whatever is left was seen before.\n    if values.is_empty() {\n        return Err(Error::new(\"nothing found in {L6}\"));\n    }\n",
    "    debug!(\"%s: {D1} of %d\\n\", name, values.len());\n    Ok(values.into_iter().map(|v| v.clone()).collect())\n}\n\n",
];
const GERMAN: &[&str] = &[
    "Der Fluss war ruhig, und die Leute gingen am Ufer spazieren, während die Kinder spielten. ",
    "„Können wir uns am {D1}. Juni um {D1}:30 Uhr treffen?“ fragte sie – er wusste es noch nicht. ",
    "Die Straßen der Altstadt führen über größere Plätze zum Markt, der früh öffnet.\n\n",
];
const JAPANESE: &[&str] = &[
    "川は静かで、人々は岸辺を散歩していました。子どもたちは古い橋の近くで遊んでいます。",
    "会議は{D1}月{D2}日の午後{D1}時から始まります。資料は「共有フォルダー」にあります。\n",
];
const RUSSIAN: &[&str] = &[
    "Река была спокойна, и люди гуляли вдоль берегов, а дети играли у старого моста. ",
    "Встреча будет {D1} июня в {D1}:30, презентация лежит в папке «Общие документы» (файл Plan{D2}.pdf). ",
    "Рынок открывается рано, поэтому все успевают купить хлеб и сыр до работы.\n\n",
];

fn written(random: &mut Random, shapes: &[&str]) -> String {
    let mut out = String::new();
    for shape in shapes.iter().cycle() {
        if out.len() >= LENGTH {
            break;
        }
        // Braces that are no holes belong to the text.
        let mut rest = *shape;
        while let Some(at) = rest.find('{') {
            let hole = rest[at..].find('}').map(|end| &rest[at..=at + end]);
            let known = |hole: &&str| {
                let digits =
                    hole.len() > 3 && hole[2..hole.len() - 1].bytes().all(|b| b.is_ascii_digit());
                digits && "ATBHUSLD".contains(&hole[1..2])
            };
            out.push_str(&rest[..at]);
            if let Some(hole) = hole.filter(known) {
                out.push_str(&random.shape(hole));
                rest = &rest[at + hole.len()..];
            } else {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
        out.push_str(rest);
    }
    cut(out)
}

/// A sentence with something personal.
fn person(random: &mut Random) -> String {
    let kinds = [
        PiiType::Card,
        PiiType::Iban,
        PiiType::UsSsn,
        PiiType::Email,
        PiiType::Phone,
        PiiType::EsDni,
    ];
    let kind = kinds[random.below(kinds.len())];
    let (mut good, _) = personal::cases(random, kind, 1);
    good.remove(0).text
}

fn token(random: &mut Random) -> String {
    let family = random.below(15);
    random.shape(secrets::FAMILIES[family].1)
}

/// So many findings among ordinary sentences.
fn some(random: &mut Random, count: usize) -> String {
    let mut out = String::new();
    for i in 0..count {
        out.push_str(&plain(random, LENGTH / count - 60));
        out.push_str(". ");
        out.push_str(&if i % 3 == 0 { token(random) } else { person(random) });
        out.push_str(". ");
    }
    let left = LENGTH.saturating_sub(out.len());
    out.push_str(&plain(random, left));
    cut(out)
}

fn full(random: &mut Random) -> String {
    let mut out = String::new();
    while out.len() < LENGTH {
        out.push_str(&person(random));
        out.push(' ');
        out.push_str(&token(random));
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
        let tail = "\"tags\":[\"a1\",\"b22\"],\"open\":true},\n";
        out.extend(["{", &head, ",\"hash\":\"", &hash, "\",", tail]);
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
