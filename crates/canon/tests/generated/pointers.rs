//! Looking into canonical text finds what looking into a tree of it finds

use crate::documents::{Choices, value};
use countersign_canon::Value;
use proptest::prelude::*;

/// The pointers to everything in a value, and some that lead nowhere.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), out);
            }
            let count = items.len();
            out.extend(["", "-", "-1", "+0", "00", "01", " 0"].map(|odd| format!("{at}/{odd}")));
            out.push(format!("{at}/{count}"));
            out.push(format!("{at}/18446744073709551616"));
        }
        Value::Object(object) => {
            for (key, item) in object.iter() {
                pointers(item, &format!("{at}/{}", escaped(key)), out);
                out.push(format!("{at}/{key}"));
                out.push(format!("{at}/{}a", escaped(key)));
            }
            out.extend(["", "~", "~2", "a~", "0", "]", "}"].map(|odd| format!("{at}/{odd}")));
        }
        _ => out.extend(["/", "/0", "/a", "a"].map(|odd| format!("{at}{odd}"))),
    }
}

proptest! {
    #[test]
    fn a_pointer_finds_in_text_what_it_finds_in_a_tree(value in value(), seed: u64) {
        let canonical = value.to_canonical();
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        let mut choices = Choices(seed);
        for _ in 0..all.len() {
            // Two that are joined, or one that is cut.
            let (one, other) = (&all[choices.below(all.len())], &all[choices.below(all.len())]);
            let cut = one.char_indices().map(|(at, _)| at).nth(choices.below(one.len() + 1));
            let made = [format!("{one}{other}"), one[..cut.unwrap_or(one.len())].to_owned()];
            for pointer in made.iter().chain([one]) {
                let tree = value.pointer(pointer);
                let text = tree.map(|value| value.to_canonical().as_str().to_owned());
                prop_assert_eq!(canonical.pointer(pointer), text.as_deref(), "{:?}", pointer);
                let (found, text) = (canonical.text_at(pointer), tree.and_then(Value::as_str));
                prop_assert_eq!(found.as_deref(), text, "{:?}", pointer);
            }
        }
    }
}
