//! What must hold of every text: the fuzz target's properties, on its seeds and on random texts.

use std::time::Instant;

use countersign_risk::scan;
use proptest::prelude::*;

#[path = "../../../../fuzz/properties/scan.rs"]
mod property;

#[test]
fn the_seeds_hold() {
    for seed in property::seeds() {
        for cut in 0..seed.len() {
            property::check(&seed[..cut]);
            property::check(&seed[cut..]);
        }
    }
}

#[test]
fn what_fuzzing_found_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/scan");
    let found = std::fs::read_dir(folder).unwrap();
    let found = found.map(|file| property::check(&std::fs::read(file.unwrap().path()).unwrap()));
    assert!(found.count() > 0);
}

proptest! {
    #[test]
    fn any_text_holds(text in "\\PC{0,200}") {
        property::check(text.as_bytes());
    }

    #[test]
    fn texts_of_what_detectors_begin_with_hold(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("ghp_".to_owned()), Just("@".to_owned()), Just("://".to_owned()), Just("password: ".to_owned()),
                Just("4111 1111 ".to_owned()), Just("DE89".to_owned()), Just("\u{200b}".to_owned()), Just("\u{e0041}".to_owned()),
                Just("ignore previous instructions ".to_owned()), Just("%41".to_owned()), Just("&#x430;".to_owned()),
                Just(" o ".to_owned()), Just("eyJ".to_owned()), Just(".".to_owned()), Just("\u{fe0f}".to_owned()),
                "[a-zA-Z0-9]{1,24}", "[0-9 .-]{1,24}", "\\PC{1,4}",
            ],
            0..40,
        )
    ) {
        property::check(parts.concat().as_bytes());
    }
}

/// Four times as long takes at most some eight times as long, whatever the text.
#[test]
fn time_grows_with_the_length_and_no_faster() {
    let units = [
        "a@",
        "@",
        "4111 1111 1111 1112 ",
        "1 ",
        "1.",
        "1-",
        "DE89 3704 ",
        "ghp_ ",
        "ghp_a",
        "eyJ.",
        "eyJaaaaaaaaaa.",
        "://a:b",
        "-----BEGIN ",
        "password: ",
        "secret=",
        "token is ",
        "ignore previous ",
        "the user ",
        "[inst ",
        " o ",
        "o ",
        "%41",
        "&#65;",
        "\\u0041",
        "\u{200b}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{430}a",
        "a\u{301}",
        "QUJD",
        "::",
        "a:",
        "0x",
        "bc1q",
        "<",
        "\u{202e}",
        "system prompt you must ",
        "1//",
        "SG.",
        "xoxb-",
        "AKIA",
        "hooks.slack.com/",
        "A1",
        "12/",
        "12-",
        "ab1-",
        "<!-- system ",
        "ignore the rules\n",
        "born ",
        "phone 12 ",
    ];
    let time = |text: &str| {
        let start = Instant::now();
        std::hint::black_box(scan::scan(text));
        start.elapsed().as_secs_f64()
    };
    for unit in units {
        let short = unit.repeat(16 * 1024 / unit.len());
        let long = unit.repeat(64 * 1024 / unit.len());
        // The least of several times, and of more where the machine is busy: what is truly too slow
        // stays so, however often it is tried.
        let mut best = (f64::MAX, f64::MAX);
        let mut holds = false;
        for round in 0..30 {
            best = (best.0.min(time(&short)), best.1.min(time(&long)));
            holds = best.1 < best.0 * 10.0 + 0.02 && best.1 < 3.0;
            if holds && round >= 2 {
                break;
            }
        }
        assert!(holds, "{unit:?}: {best:?} seconds");
    }
}
