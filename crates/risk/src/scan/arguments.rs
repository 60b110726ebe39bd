//! Secrets in the arguments of a call, whole or in pieces.

use super::kinds::{Evidence, Kind, Span};
use super::{bytes, secret};
use crate::arguments::{Arguments, Leaf};

/// The secrets in all strings and keys, with the leaf that each is in.
pub(crate) fn secrets<'a, 'b>(arguments: &'b Arguments<'a>) -> Vec<(&'b Leaf<'a>, Span)> {
    let mut found = Vec::new();
    for leaf in &arguments.leaves {
        let text = leaf.text.as_bytes();
        let mut spans = Vec::new();
        secret::find(text, &bytes::lower(text), &mut spans);
        found.extend(spans.into_iter().map(|span| (leaf, span)));
    }
    found.retain(|(_, span)| span.kind == Kind::Secret && span.evidence == Evidence::Plain);
    found
}
