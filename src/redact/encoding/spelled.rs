//! Spellings that the views undo, for where they cannot: a fold may cut an escape in two.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::least::must;
use super::{Alphabet, Ends, Form};

/// What nobody escapes in a URL.
const UNRESERVED: &[u8] = b"-_.~";
/// What is left besides by encoders for paths and forms.
const PATH: &[u8] = b"-_.~/+";
/// What is left by JavaScript's `encodeURIComponent`.
const COMPONENT: &[u8] = b"-_.~!'()*";

/// How deep JSON is nested in strings of JSON.
const LEVELS: usize = 3;

impl Form {
    /// The value in escapes of JSON and in percent escapes, sparing and lavish. Where a value needs none they are the value.
    pub(in crate::redact) fn escaped(value: &[u8]) -> Vec<Self> {
        let mut forms = Vec::new();
        let mut add = |text: String, alphabet| {
            let must = text.len() * must(value.len()) / value.len();
            forms.push(Self {
                text: Zeroizing::new(text.into_bytes()),
                alphabet,
                must,
                ends: Ends::Folded,
            });
        };
        for safe in [UNRESERVED, PATH, COMPONENT] {
            let once = percent(value, safe);
            add(lower_escapes(&once), Alphabet::Exact);
            add(percent(once.as_bytes(), safe), Alphabet::Exact);
            add(once, Alphabet::Exact);
        }
        // These are hex digits, and letters that have no other case among them.
        let mut all = String::with_capacity(value.len() * 3);
        for byte in value {
            // A string takes everything.
            let _ = write!(all, "%{byte:02x}");
        }
        add(all, Alphabet::Hex);
        let Ok(value) = std::str::from_utf8(value) else { return forms };
        let mut nested = Zeroizing::new(value.to_owned());
        for _ in 0..LEVELS {
            nested = Zeroizing::new(json(&nested));
            add(nested.replace('/', "\\/"), Alphabet::Exact);
            add(nested.as_str().to_owned(), Alphabet::Exact);
        }
        for escape in ["\\u", "\\\\u"] {
            let mut all = String::with_capacity(value.len() * 7);
            for unit in value.encode_utf16() {
                let _ = write!(all, "{escape}{unit:04x}");
            }
            add(all, Alphabet::Hex);
        }
        forms
    }
}

fn percent(value: &[u8], safe: &[u8]) -> String {
    let mut text = String::with_capacity(value.len() * 3);
    for byte in value {
        if byte.is_ascii_alphanumeric() || safe.contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The same with lower-case digits in its escapes.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lower = String::with_capacity(text.len());
    lower.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (digits, rest) = part.split_at(2);
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// The inside of a JSON string with no more escapes than it needs.
pub(super) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 6);
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
