//! JSON texts as agents send them: Python's spacing, keys in any order, fixed seeds.

use std::fmt::Write as _;

use countersign_canon::canonicalize;

use crate::random::Random;

/// A JSON text with a name.
#[derive(Debug, Clone)]
pub struct Input {
    /// What it is called in every table.
    pub name: &'static str,
    /// What it is made of.
    pub about: &'static str,
    /// The text.
    pub bytes: Vec<u8>,
}

impl Input {
    /// The same in canonical form.
    pub fn canonical(&self) -> Vec<u8> {
        canonicalize(&self.bytes).expect("every input is acceptable").into_bytes()
    }
}

/// Every input, in the order of the tables.
pub fn all() -> Vec<Input> {
    let unicode = unicode(64 * 1024);
    vec![
        input("calendar_400", "a calendar event", calendar()),
        input("email_4k", "a message with 3.5 KiB of text", email(3_900)),
        input("nested_64k", "records of 15 keys, six levels deep, shuffled", nested(64 * 1024)),
        input("nested_1m", "the same, 1 MiB", nested(1024 * 1024)),
        input("numbers_64k", "integers, decimals and 17-digit doubles", numbers(64 * 1024)),
        input("escaped_64k", "accents, Chinese and emoji, all as \\uXXXX", escaped(64 * 1024)),
        input("unicode_64k", "the same as raw UTF-8", unicode),
    ]
}

/// One of them.
pub fn named(name: &str) -> Input {
    all().into_iter().find(|input| input.name == name).expect("an input of that name")
}

fn input(name: &'static str, about: &'static str, text: String) -> Input {
    Input { name, about, bytes: text.into_bytes() }
}

const WORDS: [&str; 24] = [
    "please", "move", "the", "meeting", "to", "Friday", "and", "send", "notes", "about", "quarter",
    "budget", "review", "with", "team", "customer", "before", "noon", "thanks", "draft", "of",
    "contract", "attached", "below",
];

const FOREIGN: [&str; 12] = [
    "größe",
    "déjà vu",
    "naïve",
    "Привет",
    "日程",
    "会议",
    "時間",
    "회의",
    "🎉",
    "👍🏽",
    "Ångström",
    "señor",
];

fn words(random: &mut Random, count: u64) -> String {
    let words: Vec<_> = (0..count).map(|_| random.pick(&WORDS)).collect();
    words.join(" ")
}

/// Prose of about a length, with line feeds as JSON escapes them, quotes now and then.
fn prose(random: &mut Random, length: usize) -> String {
    let mut text = String::with_capacity(length + 80);
    while text.len() < length {
        let line = words(random, 11);
        text.push_str(&line);
        text.push_str(if random.below(6) == 0 { " \\\"as agreed\\\".\\n" } else { ".\\n" });
    }
    text
}

fn calendar() -> String {
    concat!(
        r#"{"summary": "Quarterly review with the customer", "location": "Room 4.12, Main Street 8", "#,
        r#""start": {"dateTime": "2026-12-03T14:00:00+01:00", "timeZone": "Europe/Berlin"}, "#,
        r#""end": {"dateTime": "2026-12-03T15:30:00+01:00", "timeZone": "Europe/Berlin"}, "#,
        r#""attendees": [{"email": "kim@example.com", "optional": false}, {"email": "lee@example.org"}], "#,
        r#""reminders": {"useDefault": false, "minutes": 15}, "sendUpdates": "all"}"#
    )
    .to_owned()
}

fn email(length: usize) -> String {
    let mut random = Random::new(4);
    let text = prose(&mut random, length - 340);
    format!(
        concat!(
            r#"{{"to": ["lee@example.com", "kim@example.org"], "cc": [], "#,
            r#""subject": "Re: Contract and budget review", "from": "me@example.com", "body": "{}", "#,
            r#""importance": "normal", "threadId": "18c2f7a90b4e1d33", "labels": ["work", "inbox"]}}"#
        ),
        text
    )
}

/// An array of records until a length is reached, never longer.
fn records(length: usize, mut record: impl FnMut() -> String) -> String {
    let mut text = String::from("[");
    loop {
        let next = record();
        if text.len() + next.len() + 3 > length {
            text.push(']');
            return text;
        }
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push_str(&next);
    }
}

fn object(random: &mut Random, mut members: Vec<(&str, String)>) -> String {
    random.shuffle(&mut members);
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

fn nested(length: usize) -> String {
    let mut random = Random::new(64);
    let random = &mut random;
    records(length, || {
        let quoted = |text: &str| format!("\"{text}\"");
        let geo = vec![
            ("lat", format!("{}.{:04}1", random.below(90), random.below(10_000))),
            ("lon", format!("-{}.{:04}7", random.below(180), random.below(10_000))),
        ];
        let geo = object(random, geo);
        let street = quoted(&words(random, 2));
        let zip = format!("\"{:05}\"", random.below(100_000));
        let address = object(
            random,
            vec![("street", street), ("zip", zip), ("city", quoted("Berlin")), ("geo", geo)],
        );
        let home = object(random, vec![("kind", quoted("home")), ("address", address)]);
        let contact = object(
            random,
            vec![
                ("phones", r#"["+49 30 123456", "+49 171 9876543"]"#.to_owned()),
                ("places", format!("[{home}]")),
            ],
        );
        let members = vec![
            ("id", random.below(1 << 50).to_string()),
            ("name", quoted(&words(random, 2))),
            ("email", format!("\"user{}@example.com\"", random.below(100_000))),
            ("active", (if random.below(2) == 0 { "true" } else { "false" }).to_owned()),
            ("balance", format!("{}.{:02}", random.below(10_000), 1 + random.below(9))),
            ("created_at", format!("\"2026-{:02}-11T08:15:00Z\"", 1 + random.below(12))),
            ("updated_at", "null".to_owned()),
            ("tags", format!("[\"{}\", \"{}\"]", random.pick(&WORDS), random.pick(&WORDS))),
            ("score", random.below(1000).to_string()),
            ("role", quoted(random.pick(&["admin", "member", "guest"]))),
            ("notes", quoted(&words(random, 12))),
            ("parent_id", random.below(100_000).to_string()),
            ("locale", quoted("en_GB")),
            ("contact", contact),
            ("version", "3".to_owned()),
        ];
        object(random, members)
    })
}

fn numbers(length: usize) -> String {
    let mut random = Random::new(17);
    let random = &mut random;
    records(length, || {
        let mut row = String::from("[");
        for column in 0..10 {
            let separator = if column == 0 { "" } else { ", " };
            let unit = random.next() as f64 / u64::MAX as f64;
            let number = match random.below(10) {
                0..=3 => {
                    let bits = random.pick(&[8, 20, 32, 48]);
                    random.below(1 << bits).to_string()
                }
                4..=6 => format!("{}.{}", random.below(10_000), 1 + 2 * random.below(50)),
                // As Python prints a double: the shortest text that gives it back.
                7 | 8 => format!("{unit:?}"),
                _ => format!("{:e}", unit * 1e-9).replace("e-", "e-0"),
            };
            // Writing to a string can't fail.
            let _ = write!(row, "{separator}{number}");
        }
        row.push(']');
        row
    })
}

fn foreign(random: &mut Random) -> String {
    let text = |random: &mut Random, count: u64| {
        let words: Vec<_> = (0..count)
            .map(|_| if random.below(3) == 0 { random.pick(&WORDS) } else { random.pick(&FOREIGN) })
            .collect();
        format!("\"{}\"", words.join(" "))
    };
    let members = vec![
        ("title", text(random, 4)),
        ("body", text(random, 30)),
        ("from", text(random, 2)),
        ("labels", format!("[{}, {}]", text(random, 1), text(random, 1))),
    ];
    object(random, members)
}

fn unicode(length: usize) -> String {
    let mut random = Random::new(8);
    records(length, || foreign(&mut random))
}

fn escaped(length: usize) -> String {
    let mut random = Random::new(8);
    records(length, || {
        let mut text = String::new();
        for unit in foreign(&mut random).encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => text.push(char::from(byte)),
                // Writing to a string can't fail.
                _ => drop(write!(text, "\\u{unit:04x}")),
            }
        }
        text
    })
}
