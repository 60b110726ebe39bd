//! What holds for every command.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use crate::{command, run, run_as};

const COMMANDS: &[&[&str]] = &[
    &["canon"],
    &["prepare"],
    &["tools"],
    &["ticket", "inspect"],
    &["ticket", "verify"],
    &["keys", "new"],
    &["keys", "list"],
    &["keys", "jwks"],
    &["keys", "revoke"],
    &["completions"],
];

#[test]
fn every_help_has_exit_codes_and_an_example() {
    for args in COMMANDS {
        let run = run_as(command(*args).arg("--help"), b"");
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args:?}");
        for part in ["Exit codes:\n  0  ", "\n  2  ", "Example", "countersign ", "--json"] {
            assert!(run.text().contains(part), "{args:?} lacks {part:?}");
        }
    }
    for args in [&["--help"][..], &["ticket", "--help"], &["keys", "--help"], &["help"]] {
        let run = run_as(&mut command(args), b"");
        assert_eq!(run.code, 0);
        assert!(run.text().contains("Exit codes:"));
    }
}

#[test]
fn wrong_usage_is_exit_code_2_with_nothing_on_stdout() {
    for args in [
        &[][..],
        &["nope"],
        &["canon", "--nope"],
        &["canon", "a", "b"],
        &["ticket"],
        &["ticket", "verify"],
        &["keys"],
        &["keys", "revoke"],
        &["completions"],
        &["completions", "tcsh"],
    ] {
        let run = run_as(&mut command(args), b"");
        assert_eq!((run.code, run.text()), (2, ""), "{args:?}");
        assert!(!run.stderr.is_empty());
        let run = run_as(command(["--json"]).args(args), b"");
        assert_eq!((run.code, run.text()), (2, ""), "{args:?}");
        assert_eq!(run.error()["kind"], "usage", "{args:?}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(["completions", shell], "");
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        for word in ["prepare", "revoke", "max-bytes"] {
            assert!(run.text().contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let call = r#"{"tool":"google_calendar_get_event","args":{"event_id":"e1"}}"#;
    let mut child = command(["prepare"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    writeln!(stdin, "{call}").unwrap();
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    // Until the command has noticed and stopped reading.
    while writeln!(stdin, "{call}").is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");

    for args in [&["tools"][..], &["completions", "zsh"], &["--help"], &["canon", "--digest"]] {
        let mut child = command(args).spawn().unwrap();
        drop(child.stdout.take());
        // What is not read is refused to the writer, or is not.
        let _ = child.stdin.take().unwrap().write_all(b"[1]");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    for args in [&["canon"][..], &["tools"], &["completions", "bash"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = run_as(command(args).stdout(full), b"[1]");
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.stderr.contains("standard output"), "{}", run.stderr);
    }
}

#[test]
#[cfg(unix)]
fn closed_standard_streams_are_no_reason_to_panic() {
    let bin = env!("CARGO_BIN_EXE_countersign");
    for args in [&["canon"][..], &["prepare"], &["ticket", "inspect"], &["tools"], &["nope"]] {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
            let mut shell = std::process::Command::new("/bin/sh");
            shell.args(["-c", &format!("exec \"$0\" \"$@\" {closed}"), bin]).args(args);
            let code = shell.stdin(Stdio::null()).output().unwrap().status.code().unwrap();
            assert!((0..=2).contains(&code), "{args:?} {closed}: {code}");
        }
    }
}

#[test]
#[cfg(unix)]
fn arguments_that_are_not_unicode_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for args in COMMANDS {
        let run = run_as(command(*args).arg(odd), b"");
        assert_eq!((run.code, run.text()), (2, ""), "{args:?}");
    }
}
