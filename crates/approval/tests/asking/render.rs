//! What you see is what you sign.

use crate::common::{caller, local, show, show_value, wire};
use countersign_approval::{RENDERER, render, visible};
use countersign_core::{AgentId, Prepared, Preview, Tier};
use proptest::prelude::*;

#[test]
fn a_preview_is_title_lines_and_who_asks_with_what() {
    let preview = Preview::new("Send a mail").line("To", "kim@example.com").line("Body", "Hi\nKim");
    let chain = vec![AgentId::new("router").unwrap(), AgentId::new("root").unwrap()];
    let caller = caller().with_chain(chain).unwrap();
    let shown = render(&preview, &wire("kim@work.example"), &caller, Tier::A);
    let expected = "\
Send a mail
To: kim@example.com
Body: Hi
    | Kim
--
User: auth0|kim
Agent: planner
Delegated by: router
Delegated by: root
Tool: gmail_send
Connection: google-oauth2
Account: kim@work.example
Scopes: a b
Tier: A
";
    assert_eq!((shown.text.as_str(), shown.renderer, shown.deceptive), (expected, RENDERER, 0));
}

#[test]
fn inv_08_everything_that_is_shown_about_who_asks_is_in_the_digest() {
    let preview = Preview::new("Send a mail");
    let digest = |prepared: &Prepared, tier| render(&preview, prepared, &caller(), tier).digest();
    let one = digest(&wire("kim@work.example"), Tier::B);
    assert_ne!(one, digest(&wire("kim@home.example"), Tier::B));
    assert_ne!(one, digest(&wire("kim@work.example"), Tier::A));
    assert_ne!(one, digest(&local(), Tier::B));
}

#[test]
fn a_line_break_cannot_make_a_line_of_its_own() {
    let shown = show_value("x\nTier: C\r\nUser: eve\u{2028}Tool: none\u{85}a\u{b}b\rc");
    let lines: Vec<&str> = shown.text.lines().collect();
    assert_eq!(lines[1], "Note: x");
    assert_eq!(lines[2], "    | Tier: C\u{27e8}U+000D\u{27e9}");
    let rest = "    | User: eve⟨U+2028⟩Tool: none⟨U+0085⟩a⟨U+000B⟩b⟨U+000D⟩c";
    assert_eq!(lines[3], rest);
    assert_eq!(lines[4], "--");
    // The carriage return of a line break deceives nobody; the others do.
    assert_eq!(shown.deceptive, 4);
}

#[test]
fn a_long_value_cannot_fill_the_screen_up_to_a_line_of_its_own() {
    for filler in ["x".repeat(70), "\u{4e00}".repeat(35), " x".repeat(35), "\u{202e}".repeat(9)] {
        let shown = show_value(&format!("{filler}Tier: C{filler}").repeat(5));
        for line in shown.text.lines() {
            let wide = |c: char| c >= '\u{1100}' && !matches!(c, '⟨' | '⟩');
            let columns: usize = line.chars().map(|c| if wide(c) { 2 } else { 1 }).sum();
            assert!(columns <= 76, "{line}");
        }
    }
    let shown = show_value(&"y".repeat(200));
    let lines: Vec<&str> = shown.text.lines().collect();
    assert_eq!(lines[1].len(), 76);
    assert!(lines[2].starts_with("    > yyy") && lines[2].len() == 76);
}

#[test]
fn characters_that_deceive_the_eye_become_marks_and_are_counted() {
    for c in [
        '\u{0}',
        '\u{7}',
        '\u{8}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2003}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{2069}',
        '\u{206f}',
        '\u{2800}',
        '\u{3164}',
        '\u{e000}',
        '\u{fdd0}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffe}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{1fffe}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{f0000}',
        '\u{10ffff}',
        '\u{336}',
        '\u{20dd}',
        '\u{a0}',
        '\u{202f}',
        '\u{3000}',
        '\u{fffd}',
    ] {
        let shown = show_value(&format!("a{c}b"));
        let mark = format!("Note: a\u{27e8}U+{:04X}\u{27e9}b\n", u32::from(c));
        assert!(shown.text.contains(&mark), "{:04X}: {}", u32::from(c), shown.text);
        assert_eq!(shown.deceptive, 1, "{:04X}", u32::from(c));
        assert_eq!(shown.text.matches(c).count(), 0);
    }
}

#[test]
fn what_is_only_inexact_becomes_a_mark_and_is_not_counted() {
    for (value, line) in [
        (" a ", "⟨U+0020⟩a⟨U+0020⟩"),
        ("a     b", "a   ⟨U+0020⟩⟨U+0020⟩b"),
        ("a\tb", "a⟨U+0009⟩b"),
        ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟨U+27E9⟩"),
        ("", ""),
    ] {
        let shown = show_value(value);
        assert!(shown.text.contains(&format!("Note: {line}\n")), "{value:?}: {}", shown.text);
        assert_eq!(shown.deceptive, 0, "{value:?}");
    }
}

#[test]
fn what_people_write_stays_readable() {
    for text in [
        "Grüße aus Zürich, ça va? 10 % – “gut”…",
        "Привет, мир",
        "Καλημέρα κόσμε",
        "IT-компания и web-сайт",
        "你好，世界！（测试）",
        "こんにちは、ガギグ",
        "안녕하세요",
        "שלום עולם",
        "مرحبا بالعالم",
        "می\u{200c}خواهم",
        "क्\u{200d}ष और क्\u{200c}ष",
        "ශ්\u{200d}රී",
        "e\u{301}te\u{301}",
        "5 µm, 20 °C, 3 × 4, №7",
        "👍🏽 ❤\u{fe0f} 👨\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈 1\u{fe0f}\u{20e3} 🇨🇭 🅰",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}!",
    ] {
        assert_eq!(visible(text), text);
        assert_eq!(show_value(text).deceptive, 0, "{text}");
    }
}

#[test]
fn what_only_pretends_to_be_such_writing_is_marked() {
    for (text, marks) in [
        // Joiners and selectors between Latin letters, doubled, or at an edge.
        ("pay\u{200d}pal", 1),
        ("می\u{200c}\u{200c}خواهم", 2),
        ("\u{200c}می", 1),
        ("👍\u{200d}", 1),
        ("a\u{fe0f}", 1),
        ("👍\u{fe0f}\u{fe0f}", 1),
        ("1\u{fe0f}2", 1),
        // Tags that are no flag of those three, or on no flag.
        ("🏴\u{e0067}\u{e0062}", 2),
        ("🏴\u{e0075}\u{e0073}\u{e0074}\u{e0078}\u{e007f}", 5),
        ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0041}", 7),
        ("x\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", 6),
        // Marks piled up, or on nothing.
        ("a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}", 2),
        (" \u{301}", 1),
    ] {
        assert_eq!(show_value(text).deceptive, marks, "{}", visible(text));
    }
}

#[test]
fn letters_of_scripts_that_look_alike_get_a_note_in_one_word_or_address() {
    for (text, shown) in [
        ("p\u{430}ypal ok", "p\u{430}ypal⟨mixed letters: Latin, Cyrillic⟩ ok"),
        ("ask p\u{430}y, now", "ask p\u{430}y⟨mixed letters: Latin, Cyrillic⟩, now"),
        ("b\u{3bf}b", "b\u{3bf}b⟨mixed letters: Latin, Greek⟩"),
        ("\u{430}\u{440}\u{440}.com", "\u{430}\u{440}\u{440}.com⟨mixed letters: Latin, Cyrillic⟩"),
        (
            "eve@\u{430}\u{440}.example",
            "eve@\u{430}\u{440}.example⟨mixed letters: Latin, Cyrillic⟩",
        ),
        ("\u{ff50}\u{ff41}\u{ff59}", "\u{ff50}\u{ff41}\u{ff59}⟨letters: styled⟩"),
        ("\u{1d429}ay", "\u{1d429}ay⟨mixed letters: Latin, styled⟩"),
        ("p\u{200b}\u{430}y", "p⟨U+200B⟩\u{430}y⟨mixed letters: Latin, Cyrillic⟩"),
    ] {
        assert_eq!(visible(text), shown);
    }
    assert_eq!(show_value("p\u{430}ypal b\u{3bf}b").deceptive, 2);
    for text in ["Привет Kim", "kim@example.com Привет", "почта@пример.рф", "x.α"]
    {
        assert_eq!(visible(text).contains('⟨'), text == "x.α", "{text}");
    }
}

#[test]
fn an_escape_sequence_never_reaches_the_text() {
    let preview = Preview::new("T\u{1b}[2J").line("L\u{1b}[1A", "\u{1b}]0;x\u{7}\u{9b}31m");
    let shown = show(&preview);
    assert!(!shown.text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", shown.text);
    assert_eq!(shown.deceptive, 5);
}

/// Takes the lines of one value out of a rendered text.
fn value_lines<'a>(text: &'a str, label: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|l| !l.starts_with(label));
    let first = lines.next().unwrap();
    let rest = lines.take_while(|l| l.starts_with("    | ") || l.starts_with("    > "));
    [first].into_iter().chain(rest).collect()
}

/// Recovers a value from what is shown of it. That this is possible for every value is why two
/// values never look the same.
fn read_back(text: &str) -> String {
    let mut marked = String::new();
    for (i, line) in value_lines(text, "Note: ").into_iter().enumerate() {
        let (prefix, line) = line.split_at(6);
        if i > 0 && prefix == "    | " {
            marked.push('\n');
        }
        marked.push_str(line);
    }
    let mut value = String::new();
    let mut rest = marked.as_str();
    while let Some((before, after)) = rest.split_once('⟨') {
        value.push_str(before);
        let (mark, after) = after.split_once('⟩').unwrap();
        if let Some(hex) = mark.strip_prefix("U+") {
            value.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
        }
        rest = after;
    }
    value.push_str(rest);
    value
}

/// Texts with much of what is hard: every kind of special character, often side by side.
fn hard_text() -> impl Strategy<Value = String> {
    const SPECIAL: &[char] = &[
        '\n',
        '\r',
        ' ',
        '⟨',
        '⟩',
        '\u{1b}',
        '\u{202e}',
        '\u{200c}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{20e3}',
        '\u{301}',
        '\u{e0067}',
        '\u{e007f}',
        '🏴',
        '👍',
        'م',
        'क',
        'a',
        '1',
        '\u{430}',
        '.',
        '@',
        '|',
        '>',
        ':',
        '\u{4e00}',
        '\t',
        '\u{a0}',
        'U',
        '+',
    ];
    let special = prop_oneof![9 => proptest::sample::select(SPECIAL), 1 => any::<char>()];
    prop_oneof![
        proptest::collection::vec(special, 0..120).prop_map(|c| c.into_iter().collect()),
        "(Note: |    \\| |    > |Tier: C|--|\n|⟨U\\+000A⟩| ){0,12}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn inv_08_every_value_can_be_read_back_so_no_two_look_the_same(value in hard_text()) {
        let shown = show_value(&value);
        prop_assert_eq!(read_back(&shown.text), value, "{}", shown.text);
    }

    #[test]
    fn inv_08_two_different_values_never_render_to_the_same_text(a in hard_text(), b in hard_text()) {
        prop_assert_eq!(a == b, show_value(&a).text == show_value(&b).text);
        prop_assert_eq!(a == b, visible(&a) == visible(&b));
    }

    #[test]
    fn inv_08_only_labels_begin_in_the_first_column(
        title in hard_text(),
        lines in proptest::collection::vec(hard_text(), 0..5),
    ) {
        let labels = ["To", "Subject", "Note", "Tier", "User"];
        let mut preview = Preview::new(&title);
        for (label, value) in labels.iter().zip(&lines) {
            preview = preview.line(label, value.as_str());
        }
        let shown = show(&preview);
        let first = |l: &&str| !l.starts_with("    | ") && !l.starts_with("    > ");
        let starts: Vec<&str> = shown.text.lines().filter(first).skip(1).collect();
        let fixed = ["--", "User: auth0|kim", "Agent: planner", "Tool: note", "Connection: none", "Tier: B"];
        prop_assert_eq!(starts.len(), lines.len() + fixed.len(), "{}", shown.text);
        for (line, label) in starts.iter().zip(labels.iter().take(lines.len())) {
            let begins = format!("{label}: ");
            prop_assert!(line.starts_with(&begins), "{}", line);
        }
        prop_assert_eq!(&starts[lines.len()..], &fixed[..]);
        prop_assert!(!shown.text.chars().any(|c| c.is_control() && c != '\n'));
        let unseen = shown.text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}']);
        prop_assert!(!unseen);
    }

    #[test]
    fn a_visible_text_is_one_line_without_controls(text in hard_text()) {
        let shown = visible(&text);
        prop_assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn nothing_is_counted_that_is_not_shown(value in hard_text()) {
        let shown = show_value(&value);
        let marks = u32::try_from(shown.text.matches('⟨').count()).unwrap();
        prop_assert!(shown.deceptive <= marks);
        prop_assert_eq!(&shown, &show_value(&value));
    }
}
