//! From a connector's preview to the exact text that is shown.

use countersign_core::{Account, Caller, Prepared, Preview, Rendered, Scope, Tier};

use crate::visible::{Piece, Pieces, pieces};

/// Name and version of [`render`]. The version changes whenever the same preview would give another
/// text.
pub const RENDERER: &str = "countersign-preview/1";

/// Columns of a line, before it is wrapped.
const WIDTH: usize = 76;
/// Begins what follows a line break of a value.
const BREAK: &str = "    | ";
/// Begins the rest of a line that is too long.
const WRAP: &str = "    > ";
/// Columns of either.
const PREFIX: usize = 6;

/// Renders a preview: the text that a person sees, whose digest the ticket names.
///
/// The first line is the title, then one `label: value` for each line of the preview, then `--` and
/// who asks with what: user, agent, the agents that delegated to it, tool, connection, account,
/// scopes, tier. Nothing is cut.
///
/// * Values come from the call and can hold anything. A line break in one continues on a line that
///   begins with four spaces and `| `; a line over 76 columns goes on behind four spaces and `> `.
///   Only the title, the labels and `--` begin in the first column, so a value cannot fake a label,
///   also not by being as long as the screen is wide.
/// * Characters that deceive the eye (controls, direction overrides, zero width, spaces that are not
///   the space, tags, variation selectors out of place, private use, strike-through and piled-up
///   marks) are shown as `⟨U+202E⟩` and counted. So are shown, but not counted, spaces at the edge of a
///   line and in long rows, tabs, the carriage return of a line break, and the brackets `⟨⟩`
///   themselves.
/// * A word whose letters are of scripts that look alike is followed by a note, and counted.
/// * Emoji and their sequences, flags, and the joiners of Persian and Indic scripts stay as they are.
///
/// With the same labels, two different values never give the same text.
pub fn render(preview: &Preview, prepared: &Prepared, caller: &Caller, tier: Tier) -> Rendered {
    let mut page = Page::default();
    page.line(None, &preview.title);
    for (label, value) in &preview.lines {
        page.line(Some(label), value);
    }
    page.text.push_str("--\n");
    page.line(Some("User"), caller.user().as_str());
    page.line(Some("Agent"), caller.agent().as_str());
    for agent in caller.chain() {
        page.line(Some("Delegated by"), agent.as_str());
    }
    page.line(Some("Tool"), prepared.tool().as_str());
    match prepared.credential() {
        None => page.line(Some("Connection"), "none"),
        Some(selector) => {
            page.line(Some("Connection"), selector.connection().as_str());
            if let Some(account) = selector.account().map(Account::as_str) {
                page.line(Some("Account"), account);
            }
            let scopes: Vec<&str> = selector.scopes().iter().map(Scope::as_str).collect();
            page.line(Some("Scopes"), &scopes.join(" "));
        }
    }
    page.line(Some("Tier"), tier.as_str());
    Rendered::new(page.text, RENDERER, page.deceptive)
}

#[derive(Debug, Default)]
struct Page {
    text: String,
    column: usize,
    deceptive: u32,
}

impl Page {
    fn line(&mut self, label: Option<&str>, value: &str) {
        self.column = 0;
        if let Some(label) = label {
            self.put(&pieces(label, false));
            self.text.push_str(": ");
            self.column = self.column.saturating_add(2);
        }
        // The title is a line of the connector's own.
        self.put(&pieces(value, label.is_some()));
        self.text.push('\n');
    }

    fn put(&mut self, text: &Pieces) {
        self.deceptive = self.deceptive.saturating_add(text.deceptive);
        for piece in &text.pieces {
            match piece {
                Piece::Break => self.next(BREAK),
                Piece::Plain(c) => {
                    self.make_room(crate::character::columns(*c));
                    self.text.push(*c);
                }
                Piece::Mark(mark) => {
                    self.make_room(mark.chars().count());
                    self.text.push_str(mark);
                }
            }
        }
    }

    fn make_room(&mut self, columns: usize) {
        if self.column > PREFIX && self.column.saturating_add(columns) > WIDTH {
            self.next(WRAP);
        }
        self.column = self.column.saturating_add(columns);
    }

    fn next(&mut self, prefix: &str) {
        self.text.push('\n');
        self.text.push_str(prefix);
        self.column = PREFIX;
    }
}
