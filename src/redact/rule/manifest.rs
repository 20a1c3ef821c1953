//! The data of a Kubernetes Secret, in YAML or JSON.
//!
//! Each value in it is a secret whatever its name, and the kind that says so stands before the data in what people
//! write and behind it in what `kubectl` prints. Every value is found by itself: names stay, and JSON stays JSON.

mod json;
mod yaml;

use std::ops::Range;

use memchr::memmem;

use super::REACH;
use crate::redact::MARKER;

/// The names of a map of values.
const DATA: [&[u8]; 3] = [b"data", b"stringData", b"string_data"];

/// The name of the list of a `SecretList`.
const ITEMS: &[u8] = b"items";

/// How many kinds of other objects may stand between the kind and the data. A text of nothing but kinds is not walked
/// through from each of them.
const KINDS: usize = 16;

/// The values of the data beside the kind at `kind`, without their quotes, in order and disjoint.
pub(super) fn values_beside(text: &[u8], kind: usize) -> Vec<Range<usize>> {
    let start = kind.saturating_sub(REACH);
    let near = &text[start..text.len().min(kind + REACH)];
    let at = kind - start;
    let mut values = match near[at] {
        b'"' | b'\'' => json::values(near, at),
        _ => yaml::values(near, at),
    };
    values.retain(|value| is_value(&near[value.clone()]));
    values.iter().map(|value| value.start + start..value.end + start).collect()
}

/// Whether this is a value: a template holds none yet, and what was replaced has none any more.
fn is_value(value: &[u8]) -> bool {
    let holds = |text: &str| memmem::find(value, text.as_bytes()).is_some();
    !value.is_empty() && !holds("{{") && !holds(MARKER) && !matches!(value, b"null" | b"~")
}

#[cfg(test)]
mod tests;
