//! Asking on a terminal.

use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{NOW, request};
use countersign_approval::Terminal;
use countersign_core::{
    ApprovalMethod, ApprovalRequest, Approver, Preview, Rendered, Tier, Verdict,
};
use pollster::block_on;

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Fails;
impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }
}
impl Write for Fails {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Panics;
impl Read for Panics {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("as intended")
    }
}

fn note() -> ApprovalRequest {
    request(&Preview::new("Write a note").line("Text", "hello"), Tier::B)
}

fn ask(input: &[u8]) -> Verdict {
    let terminal = Terminal::with(Cursor::new(input.to_vec()), std::io::sink());
    block_on(terminal.ask(&note(), NOW))
}

#[test]
fn only_yes_approves() {
    for yes in ["yes\n", "y\n", "YES\r\n", "  Y \n"] {
        assert!(matches!(ask(yes.as_bytes()), Verdict::Approved(_)), "{yes:?}");
    }
    for no in ["no\n", "\n", "yess\n", "y e s\n", "ye\n", "ok\n", "1\n", "yes no\n", "\u{443}\n"] {
        assert_eq!(ask(no.as_bytes()), Verdict::Declined, "{no:?}");
    }
    assert_eq!(ask(b"\xff\xfeyes\n"), Verdict::Declined);
}

#[test]
fn the_evidence_names_the_digest_the_person_and_what_was_shown() {
    let request = note();
    let terminal = Terminal::with(Cursor::new("yes\n"), std::io::sink());
    let Verdict::Approved(approval) = block_on(terminal.ask(&request, NOW)) else { panic!() };
    assert_eq!(approval.digest, request.digest);
    assert_eq!(&approval.by, request.caller.user());
    assert_eq!((approval.at, approval.cut), (NOW, 0));
    assert_eq!(approval.shown, request.preview.digest());
    assert_eq!(approval.renderer, "countersign-preview/1");
    let channel = ApprovalMethod::Consent { channel: "terminal".to_owned() };
    assert_eq!(approval.method, channel);
    assert_eq!(approval.method.strength(), terminal.strength());
}

#[test]
fn inv_04_an_input_that_ends_or_fails_is_unreachable_and_not_a_yes() {
    for input in ["", "yes", "y"] {
        assert_eq!(ask(input.as_bytes()), Verdict::Unreachable, "{input:?}");
    }
    assert_eq!(ask("y".repeat(100_000).as_bytes()), Verdict::Unreachable);
    let request = note();
    let terminal = Terminal::with(BufReader::new(Fails), std::io::sink());
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable);
    let terminal = Terminal::with(Cursor::new("yes\n"), Fails);
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable);
    let terminal = Terminal::with(BufReader::new(Panics), std::io::sink());
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable);
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable, "and again");
    assert_eq!(block_on(terminal.poll(&request, "x", NOW)), Verdict::Unreachable);
}

#[test]
fn inv_04_a_program_without_a_terminal_asks_nobody() {
    // Where the tests run on a terminal, this would ask whoever sits there.
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        assert_eq!(block_on(Terminal::new().ask(&note(), NOW)), Verdict::Unreachable);
    }
}

#[test]
fn the_whole_preview_and_the_reason_are_shown_as_they_are() {
    let screen = Screen::default();
    let mut request = note();
    request.why = "because \u{1b}[2J of\nthis".to_owned();
    let terminal = Terminal::with(Cursor::new("no\n"), screen.clone());
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Declined);
    let text = screen.text();
    assert!(text.contains(&request.preview.text), "{text}");
    assert!(
        text.contains("\nWhy: because \u{27e8}U+001B\u{27e9}[2J of\u{27e8}U+000A\u{27e9}this\n")
    );
}

#[test]
fn an_escape_sequence_in_a_value_does_not_reach_the_terminal() {
    let screen = Screen::default();
    let evil = "\u{1b}[1A\u{1b}[2KText: harmless\u{1b}]0;t\u{7}\u{9b}2J\u{8}\u{8}\u{202e}";
    let request = request(&Preview::new("Write a note").line("Text", evil), Tier::B);
    let terminal = Terminal::with(Cursor::new("no\n"), screen.clone());
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Declined);
    let text = screen.text();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn inv_08_a_preview_that_another_renderer_left_dangerous_is_not_shown() {
    for evil in ["a\u{1b}[2J", "a\u{202e}b", "a\rb", "a\u{9b}1m", "a\u{2066}b"] {
        let screen = Screen::default();
        let mut request = note();
        request.preview = Rendered::new(evil.to_owned(), "other/1", 0);
        let terminal = Terminal::with(Cursor::new("yes\n"), screen.clone());
        assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable, "{evil:?}");
        assert_eq!(screen.text(), "");
    }
}

#[test]
fn a_tier_that_consent_cannot_satisfy_is_not_asked() {
    let screen = Screen::default();
    let request = request(&Preview::new("Delete"), Tier::A);
    let terminal = Terminal::with(Cursor::new("yes\n"), screen.clone());
    assert_eq!(block_on(terminal.ask(&request, NOW)), Verdict::Unreachable);
    assert_eq!(screen.text(), "");
}

#[test]
fn the_rest_of_a_long_line_does_not_answer_the_next_question() {
    let input = format!("{}yes\nno\n{}\nyes\n", "x".repeat(5000), " ".repeat(2000));
    let terminal =
        Terminal::with(BufReader::with_capacity(64, Cursor::new(input)), std::io::sink());
    let request = note();
    let mut verdicts = Vec::new();
    for _ in 0..4 {
        verdicts.push(matches!(block_on(terminal.ask(&request, NOW)), Verdict::Approved(_)));
    }
    assert_eq!(verdicts, [false, false, false, true]);
}

/// A person who types when told to.
struct Person(Receiver<String>, Vec<u8>);

impl Person {
    fn new() -> (Sender<String>, Self) {
        let (sender, receiver) = channel();
        (sender, Self(receiver, Vec::new()))
    }
}

impl Read for Person {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Person {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.1.is_empty() {
            self.1 = self.0.recv().map(String::into_bytes).unwrap_or_default();
        }
        Ok(&self.1)
    }
    fn consume(&mut self, n: usize) {
        self.1.drain(..n);
    }
}

#[test]
fn a_question_nobody_waits_for_is_not_put_and_its_answer_counts_for_nothing() {
    let (person, reader) = Person::new();
    let screen = Screen::default();
    let terminal = Terminal::with(reader, screen.clone());
    let first = request(&Preview::new("First"), Tier::B);
    let second = request(&Preview::new("Second"), Tier::B);
    let third = request(&Preview::new("Third"), Tier::B);
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    // The first is on the screen when it is given up; the second never gets there.
    let mut asked = terminal.ask(&first, NOW);
    assert!(asked.as_mut().poll(&mut context).is_pending());
    while !screen.text().contains("Approve?") {
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut also = terminal.ask(&second, NOW);
    assert!(also.as_mut().poll(&mut context).is_pending());
    drop((asked, also));
    let answering = std::thread::spawn({
        let (terminal, third) = (terminal.clone(), third.clone());
        move || block_on(terminal.ask(&third, NOW))
    });
    person.send("yes\n".to_owned()).unwrap();
    while !screen.text().contains("Third") {
        std::thread::sleep(Duration::from_millis(1));
    }
    person.send("no\n".to_owned()).unwrap();
    assert_eq!(answering.join().unwrap(), Verdict::Declined);
    assert!(!screen.text().contains("Second"));
}

#[test]
fn the_executor_is_not_blocked_while_a_person_thinks() {
    let (person, reader) = Person::new();
    let terminal = Terminal::with(reader, std::io::sink());
    let request = note();
    let mut asked = terminal.ask(&request, NOW);
    let waker = std::task::Waker::noop();
    // Returns although nothing was typed.
    assert!(asked.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    person.send("y\n".to_owned()).unwrap();
    assert!(matches!(block_on(asked), Verdict::Approved(_)));
}
