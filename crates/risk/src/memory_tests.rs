use countersign_canon::canonicalize;
use countersign_core::ToolSpec;
use proptest::prelude::*;

use super::*;

fn reader(trust: Trust, private: bool) -> Tool {
    ToolSpec::new("read")
        .reads()
        .connection("files", [])
        .returns(trust, private)
        .register()
        .unwrap()
}

fn sender(name: &str) -> Tool {
    ToolSpec::new(name)
        .outward()
        .connection("mail", [])
        .returns(Trust::Own, false)
        .register()
        .unwrap()
}

fn arguments(n: usize) -> Canonical {
    canonicalize(format!(r#"{{"n":{n}}}"#).as_bytes()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000).plus_seconds(seconds)
}

fn speed(memory: &Memory, tool: &Tool, n: usize, now: i64) -> Option<usize> {
    memory.velocity(tool, &arguments(n), &BulkLimits::default(), at(now))
}

fn attempt(memory: &mut Memory, tool: &Tool, n: usize, now: i64) {
    memory.attempted(tool, &arguments(n), &BulkLimits::default(), at(now));
}

#[test]
fn different_calls_of_one_tool_are_counted_within_the_window() {
    let (mut memory, send, post) = (Memory::default(), sender("send"), sender("post"));
    for n in 0..4 {
        attempt(&mut memory, &send, n, 0);
        attempt(&mut memory, &post, n, 0);
    }
    assert_eq!(speed(&memory, &send, 9, 1), Some(5));
    assert_eq!(speed(&memory, &send, 0, 1), Some(4), "the same call is not another one");
    assert_eq!(speed(&memory, &send, 9, 599), Some(5));
    assert_eq!(speed(&memory, &send, 9, 600), Some(1));
    attempt(&mut memory, &reader(Trust::Own, false), 1, 0);
    assert_eq!(memory.attempts.len(), 8, "reads are not counted");
}

#[test]
fn a_call_is_the_same_before_and_after_it_was_pinned() {
    let (mut memory, send) = (Memory::default(), sender("send"));
    attempt(&mut memory, &send, 1, 0);
    let pinned = canonicalize(br#"{"n":1,"pinned":{"etag":"x"}}"#).unwrap();
    let count = memory.velocity(&send, &pinned, &BulkLimits::default(), at(1));
    assert_eq!(count, Some(1));
}

#[test]
fn attempts_that_were_pushed_out_are_not_forgotten_before_their_window_ends() {
    let (mut memory, send, post) = (Memory::default(), sender("send"), sender("post"));
    for n in 0..5 {
        attempt(&mut memory, &send, n, 0);
    }
    for n in 0..MAX_ATTEMPTS {
        attempt(&mut memory, &post, n, 1);
    }
    assert_eq!(memory.attempts.len(), MAX_ATTEMPTS);
    assert_eq!(speed(&memory, &send, 9, 2), None);
    assert_eq!(speed(&memory, &send, 9, 601), Some(1));
}

#[test]
fn a_clock_that_goes_back_forgets_nothing() {
    let (mut memory, send) = (Memory::default(), sender("send"));
    for n in 0..5 {
        attempt(&mut memory, &send, n, 500);
    }
    assert_eq!(speed(&memory, &send, 9, 0), Some(6));
}

#[test]
fn flags_and_counts_follow_what_was_read() {
    let mut memory = Memory::default();
    memory.returned(&reader(Trust::Untrusted, true), "  ");
    assert_eq!(memory, Memory::default(), "an empty answer is none");
    memory.returned(&reader(Trust::Own, false), "x");
    assert!(!memory.read_untrusted && memory.private_reads == 0);
    memory.returned(&reader(Trust::Untrusted, true), "x");
    assert!(memory.read_untrusted && memory.private_reads == 1 && !memory.user_spoke);
    memory.observed(Source::User, "hello");
    assert!(memory.user_spoke);
}

#[test]
fn only_the_user_and_trusted_reads_name_somebody() {
    let mut memory = Memory::default();
    memory.observed(Source::User, "mail kim@example.com");
    memory.observed(Source::Untrusted, "mail eve@example.com");
    memory.returned(&reader(Trust::Directory, false), r#"{"members":["dora"],"zoe":true}"#);
    memory.returned(&reader(Trust::Untrusted, false), "bob");
    memory.returned(&sender("send"), "sent to mallory");
    for (name, named) in [
        ("kim@example.com", true),
        ("dora", true),
        ("zoe", true),
        ("eve@example.com", false),
        ("bob", false),
        ("mallory", false),
    ] {
        assert_eq!(memory.named().names(name), named, "{name}");
    }
}

#[test]
fn what_was_said_last_stays_when_it_is_too_much() {
    let mut memory = Memory::default();
    memory.observed(Source::User, "first");
    let many = (0..MAX_USER).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
    memory.observed(Source::User, &many);
    assert!(!memory.named().names("first") && memory.named().names("w2000"));
    assert_eq!(memory.user.len(), MAX_USER);
}

#[test]
fn a_listing_that_is_read_again_takes_no_more_room() {
    let mut memory = Memory::default();
    for _ in 0..10 {
        memory.returned(&reader(Trust::Directory, false), "alice\nbob");
    }
    assert_eq!(memory.trusted.len(), 3);
}

#[test]
fn what_is_not_a_memory_of_ours_is_refused() {
    let mut memory = Memory::default();
    memory.observed(Source::User, "hello there");
    memory
        .returned(&reader(Trust::Untrusted, true), "some text that is long enough to have windows");
    attempt(&mut memory, &sender("send"), 1, 0);
    let good = String::from_utf8(memory.to_bytes()).unwrap();
    assert_eq!(Memory::read(good.as_bytes()), Ok(memory));
    let mut bad = vec![
        "{}".to_owned(),
        "null".to_owned(),
        " ".to_owned(),
        format!(" {good}"),
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("\"cut\":false", "\"cut\":0"),
        good.replace("\"cut\":false,", ""),
        good.replace("\"cut\":false", "\"cut\":false,\"cux\":1"),
        good.replace("\"level\":0", "\"level\":21"),
        good.replace("\"level\":0", "\"level\":-1"),
        good.replace("\"private_reads\":1", "\"private_reads\":-1"),
        good.replace("\"user\":\"", "\"user\":\"AAAA"),
        good.replace("\"user\":\"", "\"user\":\"="),
        good.replace("\"files\":\"", "\"files\":\"____"),
    ];
    bad.extend((0..good.len()).map(|n| good[..n].to_owned()).skip(1));
    for text in bad {
        assert_ne!(text, good);
        assert_eq!(Memory::read(text.as_bytes()), Err(RiskError::Memory), "{text}");
    }
}

#[test]
fn a_full_memory_is_within_its_bound_and_can_be_read() {
    let mut memory = Memory::default();
    let words = |seed: usize| {
        let word = |i: usize| format!("{:x}", (i + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (0..20_000).map(word).collect::<Vec<_>>().join(" ")
    };
    memory.observed(Source::User, &words(1));
    memory.returned(&reader(Trust::Directory, true), &words(2));
    memory.returned(&reader(Trust::Untrusted, false), &words(3));
    let ids = words(4).split(' ').map(|w| format!(r#"{{"id":"{w}"}}"#)).collect::<Vec<_>>();
    memory.returned(&reader(Trust::Untrusted, true), &format!("[{}]", ids.join(",")));
    for n in 0..400 {
        attempt(&mut memory, &sender("send"), n, 0);
    }
    assert!(memory.is_sample());
    let bytes = memory.to_bytes();
    assert!((200_000..360_000).contains(&bytes.len()), "{}", bytes.len());
    assert_eq!(Memory::read(&bytes), Ok(memory));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let read = Memory::read(&bytes);
        prop_assert_eq!(read.is_ok(), bytes.is_empty());
    }

    #[test]
    fn whatever_happened_can_be_written_and_read(
        texts in proptest::collection::vec((0..5u8, "\\PC{0,80}"), 0..12),
        millis: i64,
    ) {
        let mut memory = Memory::default();
        for (kind, text) in &texts {
            match kind {
                0 => memory.observed(Source::User, text),
                1 => memory.observed(Source::Untrusted, text),
                2 => memory.returned(&reader(Trust::Untrusted, true), text),
                3 => memory.returned(&reader(Trust::Own, false), text),
                _ => memory.attempted(
                    &sender("send"),
                    &Value::from(text.as_str()).to_canonical(),
                    &BulkLimits::default(),
                    Timestamp::from_millis(millis),
                ),
            }
        }
        prop_assert_eq!(Memory::read(&memory.to_bytes()), Ok(memory));
    }
}
