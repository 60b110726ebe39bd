//! Asks on the terminal.

use std::io::{BufRead, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use countersign_core::{ApprovalRequest, Approver, Tier, Timestamp, Verdict};

use crate::character::directs;
use crate::oneshot::{Sender, channel};
use crate::visible::visible;

/// Longest answer that is looked at, in bytes.
const MAX_ANSWER: usize = 1024;

/// Asks on the terminal: shows the rendered preview and reads one line. Strength B.
///
/// * Only `yes` or `y`, in any case, approves. Any other line declines.
/// * If input or output is not a terminal, ends, or fails, nobody was asked: `Unreachable`. So a
///   server that speaks a protocol over standard input loses no byte of it.
/// * Questions go one after the other, each on a thread of its own, so no runtime is blocked. A
///   question whose future was dropped is not put any more; one that is on the screen already stays,
///   and its answer is thrown away.
/// * What was typed before a question appeared counts as its answer if the terminal kept it: the
///   standard library has no way to discard it.
///
/// ```
/// use std::io::Cursor;
///
/// use countersign_approval::Terminal;
///
/// let _asks_here = Terminal::new();
/// let _asks_there = Terminal::with(Cursor::new("yes\n"), std::io::sink());
/// ```
#[derive(Clone)]
pub struct Terminal {
    io: Arc<Mutex<Io>>,
}

enum Io {
    /// Standard input and standard error.
    Standard,
    Given(Box<dyn BufRead + Send>, Box<dyn Write + Send>),
}

impl Terminal {
    /// Asks on standard error and reads standard input, if both are a terminal.
    pub fn new() -> Self {
        Self { io: Arc::new(Mutex::new(Io::Standard)) }
    }

    /// Asks on `writer` and reads `reader`, whatever they are.
    pub fn with(
        reader: impl BufRead + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Self {
        Self { io: Arc::new(Mutex::new(Io::Given(Box::new(reader), Box::new(writer)))) }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Terminal")
    }
}

/// What a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Yes,
    No,
}

#[async_trait]
impl Approver for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn strength(&self) -> Tier {
        Tier::B
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        // A consent could not satisfy the tier, so nobody is bothered with it.
        if request.tier > self.strength() || !is_safe(&request.preview.text) {
            return Verdict::Unreachable;
        }
        let question = question(request);
        let (sender, receiver) = channel();
        let io = Arc::clone(&self.io);
        let spawned = thread::Builder::new()
            .name("countersign-terminal".to_owned())
            .spawn(move || put(&io, &question, sender));
        if spawned.is_err() {
            return Verdict::Unreachable;
        }
        match receiver.await.flatten() {
            Some(Reply::Yes) => Verdict::Approved(Box::new(request.consent(self.name(), now))),
            Some(Reply::No) => Verdict::Declined,
            None => Verdict::Unreachable,
        }
    }

    async fn poll(&self, _: &ApprovalRequest, _: &str, _: Timestamp) -> Verdict {
        // It never leaves a question pending.
        Verdict::Unreachable
    }
}

/// Whether a text can be shown as it is. A preview of ours always can; another renderer's might
/// command the terminal or reorder what stands on it.
fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| c != '\n' && (c.is_control() || directs(c)))
}

fn question(request: &ApprovalRequest) -> String {
    format!(
        "\n{}\nWhy: {}\nApprove? Type yes or no: ",
        request.preview.text.trim_end_matches('\n'),
        visible(&request.why),
    )
}

/// Puts the question and gives the reply, or nothing if nobody could be asked. Dropping the sender on
/// the way, also by a panic of the reader, is the latter.
fn put(io: &Mutex<Io>, question: &str, sender: Sender<Option<Reply>>) {
    let mut io = io.lock().unwrap_or_else(PoisonError::into_inner);
    if sender.is_abandoned() {
        return;
    }
    let reply = match &mut *io {
        Io::Given(reader, writer) => converse(reader, writer, question),
        Io::Standard => {
            let (input, output) = (std::io::stdin(), std::io::stderr());
            if !(input.is_terminal() && output.is_terminal()) {
                return;
            }
            converse(&mut input.lock(), &mut output.lock(), question)
        }
    };
    drop(io);
    sender.send(reply);
}

fn converse(reader: &mut dyn BufRead, writer: &mut dyn Write, question: &str) -> Option<Reply> {
    writer.write_all(question.as_bytes()).and_then(|()| writer.flush()).ok()?;
    let line = read_line(reader)?;
    let answer = core::str::from_utf8(&line).unwrap_or_default().trim();
    let yes = answer.eq_ignore_ascii_case("yes") || answer.eq_ignore_ascii_case("y");
    Some(if yes { Reply::Yes } else { Reply::No })
}

/// Reads up to and including a line feed, and keeps the line if it is not too long. The whole line is
/// taken out of the reader in any case, so that its rest does not answer the next question. An input
/// that ends before the line does is no answer.
fn read_line(reader: &mut dyn BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
        if available.is_empty() {
            return None;
        }
        let end = available.iter().position(|b| *b == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        too_long |= line.len().saturating_add(part.len()) > MAX_ANSWER;
        if !too_long {
            line.extend_from_slice(part);
        }
        let used = part.len().saturating_add(usize::from(end.is_some()));
        reader.consume(used);
        if end.is_some() {
            return Some(if too_long { Vec::new() } else { line });
        }
    }
}
