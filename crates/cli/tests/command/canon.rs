//! `countersign canon`

use countersign_canon::Digest;

use crate::{command, run, run_as};

const GOOD: &[(&[u8], &[u8])] = &[
    (br#"{"b":1,"a":2.0}"#, br#"{"a":2,"b":1}"#),
    (b" [ 1e2 , -0.0 , 0.000001 ] \r\n", b"[100,0,0.000001]"),
    (b"\"\\u00e9\\/\\u000a\\u007f\"", b"\"\xc3\xa9/\\n\x7f\""),
    (b"null", b"null"),
    ("{\"\u{fb33}\":1,\"😀\":2}".as_bytes(), "{\"😀\":2,\"\u{fb33}\":1}".as_bytes()),
];

const BAD: &[(&[u8], &str, u64)] = &[
    (b"", "empty", 0),
    (b" \n", "empty", 2),
    (br#"{"a":1,"\u0061":2}"#, "duplicate_key", 7),
    (b"[1,2", "unexpected_end", 4),
    (b"{} {}", "trailing_bytes", 3),
    (b"\xef\xbb\xbf{}", "byte_order_mark", 0),
    (b"[\"ab\xff\"]", "invalid_utf8", 4),
    (b"\"\x00\"", "control_character", 1),
    (br#""\ud800""#, "lone_surrogate", 1),
    (b"[01]", "number_syntax", 2),
    (b"9007199254740993", "integer_too_large", 0),
    (b"1e400", "number_not_finite", 0),
    (b"NaN", "unexpected_byte", 0),
];

#[test]
fn writes_exactly_the_canonical_bytes_and_no_newline() {
    for (input, canonical) in GOOD {
        for args in [&["canon"][..], &["canon", "--json"], &["canon", "-"]] {
            let run = run_as(&mut command(args), input);
            assert_eq!((run.code, run.stdout.as_slice()), (0, *canonical));
            assert_eq!(run.stderr, "");
        }
        assert_eq!(run(["canon"], canonical).stdout, *canonical, "canonical input stays");
    }
}

#[test]
fn the_digest_is_that_of_the_canonical_bytes() {
    for (input, canonical) in GOOD {
        let digest = Digest::of(canonical).to_hex();
        assert_eq!(run(["canon", "--digest"], input).text(), format!("{digest}\n"));
        assert_eq!(run(["canon", "--digest", "--json"], input).json()["digest"], digest);
    }
}

#[test]
fn what_is_refused_leaves_nothing_on_stdout_and_names_the_byte() {
    for (input, kind, offset) in BAD {
        for args in [&["canon"][..], &["canon", "--digest"]] {
            let run = run_as(&mut command(args), input);
            assert_eq!((run.code, run.stdout.len()), (2, 0), "{kind}");
            assert!(run.stderr.contains(&format!("at byte {offset}")), "{}", run.stderr);
        }
        let run = run(["--json", "canon"], input);
        assert_eq!((run.code, run.stdout.len()), (2, 0), "{kind}");
        let error = run.error();
        assert_eq!(
            (error["kind"].as_str(), error["offset"].as_u64()),
            (Some(*kind), Some(*offset))
        );
        assert!(error["message"].is_string());
    }
}

#[test]
fn a_megabyte_of_brackets_is_refused_without_a_fall() {
    for bracket in ["[", "{\"a\":", "[{\"a\":"] {
        let error = run(["--json", "canon"], bracket.repeat(1_000_000 / bracket.len())).error();
        assert_eq!(error["kind"], "too_deep");
    }
    assert_eq!(run(["--json", "canon"], "]".repeat(1_000_000)).error()["kind"], "unexpected_byte");
}

#[test]
fn more_than_the_limit_is_refused_and_the_limit_can_be_moved() {
    let long = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
    assert_eq!(run(["canon"], long(1 << 20)).stdout.len(), 1 << 20);
    let refused = run(["--json", "canon"], long((1 << 20) + 1));
    assert_eq!((refused.code, refused.stdout.len()), (2, 0));
    assert_eq!(refused.error()["kind"], "too_large");
    assert_eq!(run(["canon", "--max-bytes", "3000000"], long(3_000_000)).stdout.len(), 3_000_000);
    assert_eq!(run(["canon", "--max-bytes", "4"], "\"ab\"").text(), "\"ab\"");
    assert_eq!(
        run(["--json", "canon", "--max-bytes", "4"], "\"abc\"").error()["kind"],
        "too_large"
    );
    // The canonical form may be longer than what was read.
    assert_eq!(run(["--json", "canon", "--max-bytes", "8"], "1e20").error()["kind"], "too_large");
    for bad in ["0", "-1", "x", "268435457", "99999999999999999999"] {
        assert_eq!(run(["canon", "--max-bytes", bad], "1").code, 2, "{bad}");
    }
}

#[test]
fn reads_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.json");
    std::fs::write(&file, b"[ 1 ]").unwrap();
    let run = run_as(command(["canon"]).arg(&file), b"not this");
    assert_eq!((run.code, run.text()), (0, "[1]"));
    for bad in [dir.path().to_owned(), dir.path().join("none\u{1b}[31m")] {
        let run = run_as(command(["canon"]).arg(&bad), b"1");
        assert_eq!((run.code, run.stdout.len()), (2, 0));
        assert!(!run.stderr.contains('\u{1b}'), "a name does not act on the terminal");
        let run = run_as(command(["--json", "canon"]).arg(&bad), b"1");
        assert_eq!(run.error()["kind"], "unreadable");
    }
}
