//! Rust source without what is not code: comments, blank lines and test modules.
//!
//! A small scanner, not a parser: it knows strings, raw strings, character literals and nested
//! comments, and that is all it takes to tell code from the rest. Where it can't be sure it takes
//! the text for code, so that a count errs upwards.

/// The code lines of one file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// Lines with code on them. Literals are masked.
    pub(crate) lines: Vec<String>,
    /// Names of `#[cfg(test)] mod name;`, whose files are tests too.
    pub(crate) test_files: Vec<String>,
}

impl Code {
    pub(crate) fn of(source: &str) -> Self {
        let mut text = mask(source);
        let test_files = remove_tests(&mut text);
        let text: String = text.into_iter().collect();
        let lines =
            text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        Self { lines, test_files }
    }
}

/// Replaces comments by spaces and the contents of literals by `_`, and keeps every line break.
fn mask(source: &str) -> Vec<char> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out: Vec<char> = Vec::with_capacity(chars.len());
    let mut index = 0;
    while index < chars.len() {
        let in_word = out.last().is_some_and(|last| is_word(*last));
        let (end, filler) = match (at(index), at(index + 1)) {
            ('/', '/') => (end_of_line(&chars, index), ' '),
            ('/', '*') => (end_of_block(&chars, index), ' '),
            ('"', _) => (end_of_string(&chars, index), '_'),
            ('\'', _) => match end_of_char(&chars, index) {
                Some(end) => (end, '_'),
                None => (index + 1, '\0'),
            },
            ('r' | 'b' | 'c', _) if !in_word => match end_of_raw_string(&chars, index) {
                Some(end) => (end, '_'),
                None => (index + 1, '\0'),
            },
            _ => (index + 1, '\0'),
        };
        for position in index..end.min(chars.len()) {
            out.push(match at(position) {
                own if filler == '\0' || own.is_whitespace() => own,
                _ => filler,
            });
        }
        index = end;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_line(chars: &[char], start: usize) -> usize {
    (start..chars.len()).find(|&i| chars.get(i) == Some(&'\n')).unwrap_or(chars.len())
}

fn end_of_block(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = start;
    while index < chars.len() {
        match (chars.get(index), chars.get(index + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                index += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    return index;
                }
            }
            _ => index += 1,
        }
    }
    index
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while let Some(c) = chars.get(index) {
        match c {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    index
}

/// The end of a character literal, or `None` for a lifetime.
fn end_of_char(chars: &[char], start: usize) -> Option<usize> {
    if chars.get(start + 1) == Some(&'\\') {
        let close = (start + 3..chars.len()).find(|&i| chars.get(i) == Some(&'\''))?;
        return Some(close + 1);
    }
    (chars.get(start + 2) == Some(&'\'')).then_some(start + 3)
}

/// The end of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`, or `None` if this is something else.
fn end_of_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let mut index = start;
    if matches!(chars.get(index), Some('b' | 'c')) {
        index += 1;
    }
    if chars.get(index) != Some(&'r') {
        return None;
    }
    index += 1;
    let hashes = chars.get(index..)?.iter().take_while(|c| **c == '#').count();
    index += hashes;
    if chars.get(index) != Some(&'"') {
        return None;
    }
    let closes = |quote: &usize| {
        chars.get(*quote) == Some(&'"')
            && chars
                .get(quote + 1..quote + 1 + hashes)
                .is_some_and(|after| after.iter().all(|c| *c == '#'))
    };
    let close = (index + 1..chars.len()).find(closes).unwrap_or(chars.len());
    Some(close + 1 + hashes)
}

/// Blanks `#[cfg(test)] mod … { … }`, `mod …;` and `extern crate …;`; returns the names of the
/// modules that stand in files of their own.
fn remove_tests(text: &mut [char]) -> Vec<String> {
    const MARK: &str = "#[cfg(test)]";
    let mark: Vec<char> = MARK.chars().collect();
    let mut files = Vec::new();
    let mut index = 0;
    while index < text.len() {
        if !text.get(index..).is_some_and(|rest| rest.starts_with(&mark)) {
            index += 1;
            continue;
        }
        let Some(item) = test_item(text, index + mark.len()) else {
            index += mark.len();
            continue;
        };
        for c in text.iter_mut().take(item.end).skip(index) {
            if *c != '\n' {
                *c = ' ';
            }
        }
        files.extend(item.file);
        index = item.end;
    }
    files
}

struct TestItem {
    end: usize,
    file: Option<String>,
}

fn test_item(text: &[char], start: usize) -> Option<TestItem> {
    let mut index = start;
    loop {
        index = skip_space(text, index);
        match text.get(index)? {
            '#' => index = matching(text, index + 1, '[', ']')?,
            '(' => index = matching(text, index, '(', ')')?,
            _ => {
                let (word, after) = word(text, index)?;
                index = skip_space(text, after);
                match word.as_str() {
                    "pub" | "extern" => {}
                    "crate" => {
                        let (_, after) = self::word(text, index)?;
                        let end = skip_space(text, after);
                        return (text.get(end) == Some(&';'))
                            .then_some(TestItem { end: end + 1, file: None });
                    }
                    "mod" => {
                        let (name, after) = self::word(text, index)?;
                        let open = skip_space(text, after);
                        return match text.get(open)? {
                            ';' => Some(TestItem { end: open + 1, file: Some(name) }),
                            '{' => matching(text, open, '{', '}')
                                .map(|end| TestItem { end, file: None }),
                            _ => None,
                        };
                    }
                    _ => return None,
                }
            }
        }
    }
}

fn skip_space(text: &[char], start: usize) -> usize {
    (start..text.len())
        .find(|&i| text.get(i).is_some_and(|c| !c.is_whitespace()))
        .unwrap_or(text.len())
}

fn word(text: &[char], start: usize) -> Option<(String, usize)> {
    let word: String = text.get(start..)?.iter().take_while(|c| is_word(**c)).collect();
    let end = start + word.chars().count();
    (!word.is_empty()).then_some((word, end))
}

/// The index after the bracket that closes the one at `start`.
fn matching(text: &[char], start: usize, open: char, close: char) -> Option<usize> {
    if text.get(start) != Some(&open) {
        return None;
    }
    let mut depth = 0_usize;
    for index in start..text.len() {
        match text.get(index) {
            Some(c) if *c == open => depth += 1,
            Some(c) if *c == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(source: &str) -> usize {
        Code::of(source).lines.len()
    }

    #[test]
    fn blank_lines_comments_and_doc_comments_do_not_count() {
        let source =
            "//! Doc.\n\n/// Doc.\nfn f() {} // why\n   \n/* a\n /* nested */\n b */\nfn g() {}\n";
        assert_eq!(count(source), 2);
    }

    #[test]
    fn code_beside_a_comment_counts() {
        assert_eq!(count("/* a */ fn f() {}\n} // end\n"), 2);
        assert_eq!(count("let a = 1; /* b\n c */ let d = 2;\n"), 2);
    }

    #[test]
    fn comment_marks_inside_literals_are_code() {
        assert_eq!(count("let a = \"// no\";\nlet b = '\"';\nlet c = \"/*\";\nlet d = 1;\n"), 4);
        assert_eq!(count("let a = r#\"/* \" // \"#;\nlet b = br\"/*\";\nlet c = 1;\n"), 3);
        assert_eq!(
            count("let a = '\\'';\nlet b = \"\\\"/*\";\nlet c: &'static str = f('/');\n"),
            3
        );
    }

    #[test]
    fn lines_of_a_long_string_are_code_and_its_blank_lines_are_not() {
        assert_eq!(count("let a = \"one\n// two\n\nfour\";\n"), 3);
    }

    #[test]
    fn raw_identifiers_and_lifetimes_do_not_open_a_literal() {
        assert_eq!(count("let r#type = 1; // x\n// y\nfn f<'a>(b: &'a str) {}\n// z\n"), 2);
        assert_eq!(count("bar\"x\" // y\n// z\n"), 1);
    }

    #[test]
    fn test_modules_do_not_count_and_what_follows_them_does() {
        let source = "fn f() {}\n#[cfg(test)]\n#[expect(x)]\npub(crate) mod tests {\n    fn t() { \"}\"; '}'; }\n}\nfn g() {}\n";
        assert_eq!(count(source), 2);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_named() {
        let code = Code::of("#[cfg(test)]\nmod vectors;\nmod real;\n");
        assert_eq!(code.test_files, ["vectors"]);
        assert_eq!(code.lines, ["mod real;"]);
    }

    #[test]
    fn only_modules_and_extern_crates_are_taken_out_by_cfg_test() {
        assert_eq!(count("#[cfg(test)]\nfn helper() {}\n"), 2);
        assert_eq!(count("#[cfg(not(test))]\nmod real {\nfn f() {}\n}\n"), 4);
        assert_eq!(count("#[cfg(test)]\nextern crate std;\nfn f() {}\n"), 1);
        assert_eq!(count("// #[cfg(test)]\nmod real {\nfn f() {}\n}\n"), 3);
    }

    #[test]
    fn an_unclosed_test_module_counts() {
        assert_eq!(count("#[cfg(test)]\nmod tests {\nfn f() {}\n"), 3);
    }
}
