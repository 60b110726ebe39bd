//! The arrays of strings in `deny.toml`.
//!
//! Not a TOML reader: it understands sections, comments, and arrays of plain strings, and refuses an
//! array that holds anything else instead of misreading it.

/// The array of strings `key` in `[section]`. An array that is absent is an error: a rule that is
/// not there must not pass for a rule that allows nothing or everything.
pub(crate) fn array(text: &str, section: &str, key: &str) -> Result<Vec<String>, String> {
    let wrong = |what: &str| format!("deny.toml: {section}.{key}: {what}");
    let mut current = String::new();
    let mut lines = text.lines();
    let first = loop {
        let line = lines.next().ok_or_else(|| wrong("not found"))?.trim();
        if let Some(header) = line.strip_prefix('[') {
            header.split(']').next().unwrap_or_default().trim().clone_into(&mut current);
        } else if current == section
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            break value.trim();
        }
    };
    let mut rest = first.strip_prefix('[').ok_or_else(|| wrong("not an array"))?;
    let mut strings = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.starts_with(']') {
            return Ok(strings);
        }
        if rest.is_empty() || rest.starts_with('#') {
            rest = lines.next().ok_or_else(|| wrong("the array does not end"))?;
        } else {
            let (string, after) = rest
                .strip_prefix('"')
                .and_then(|open| open.split_once('"'))
                .filter(|(string, _)| !string.contains('\\'))
                .ok_or_else(|| wrong("not an array of plain strings"))?;
            strings.push(string.to_owned());
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
allow = ["outside"]
[licenses] # what we take
# allow = ["comment"]
allow = [
    "MIT",  # "not this"
    # "nor this"
    "Apache-2.0 WITH LLVM-exception",
    "ISC" ]
[bans]
allow-wildcard-paths = true
deny = []
skip = [{ crate = "a" }]
open = [ "a"
"#;

    #[test]
    fn the_strings_of_the_right_section_are_read_without_comments() {
        let wanted = ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"];
        assert_eq!(array(TEXT, "licenses", "allow").unwrap(), wanted);
        assert_eq!(array(TEXT, "bans", "deny").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn anything_but_an_array_of_strings_is_an_error() {
        for key in ["allow", "allow-wildcard-paths", "skip", "open"] {
            assert!(array(TEXT, "bans", key).is_err(), "{key}");
        }
        assert!(array(TEXT, "sources", "allow-registry").is_err());
    }
}
