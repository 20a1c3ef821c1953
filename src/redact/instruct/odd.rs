//! Whether a message holds a character that nobody sees: asked of every message, so most of it is vector code.
//!
//! Printable ASCII is passed over as a whole, and where the pass before has met no escape but the simple ones, it is not
//! asked at all. What is odd here is only looked into: whether it is needed where it stands, `hidden` says.

use memchr::memmem;

use super::hidden::{Sort, sort};
use super::plain::{hex, is_stop, unit};

/// Whether a JSON text holds a character that nobody sees, or an escape for one that needs none: letters are only
/// escaped to hide a word.
pub(super) fn is_odd(json: &[u8]) -> bool {
    let json = json.trim_ascii_end();
    !is_plain(json) && has_odd_character(json) || has_odd_escape(json)
}

/// Whether it is printable ASCII.
pub(in crate::redact) fn is_plain(json: &[u8]) -> bool {
    // Without an early exit inside a chunk this becomes vector code.
    let plain =
        |chunk: &[u8]| !chunk.iter().fold(false, |odd, b| odd | (b.wrapping_sub(b' ') > 94));
    json.chunks(256).all(plain)
}

fn has_odd_character(json: &[u8]) -> bool {
    let mut at = 0;
    let starts = |byte: &u8| *byte != b'\\' && is_stop(*byte);
    while let Some(skip) = json[at..].iter().position(starts) {
        at += skip;
        let next = json.get(at + 1).copied().unwrap_or_default();
        if may_be_odd(json[at], next) && sort(unit(json, at).code) != Sort::Visible {
            return true;
        }
        at += 1;
    }
    false
}

/// Spares most characters the decoding: nearly all of Japanese begins as the Hangul filler does.
fn may_be_odd(first: u8, second: u8) -> bool {
    match first {
        0xC2 => second < 0xA0 || second == 0xAD,
        0xCD => second == 0x8F,
        0xD8 => second == 0x9C,
        0xE1 => matches!(second, 0x85 | 0x9E | 0xA0),
        0xE2 => matches!(second, 0x80 | 0x81),
        0xE3 => second == 0x85,
        0xEF => matches!(second, 0xB8 | 0xBB | 0xBE | 0xBF),
        0xF0 => matches!(second, 0x9B | 0x9D),
        _ => true,
    }
}

fn has_odd_escape(json: &[u8]) -> bool {
    let escapes = |at: usize| {
        let before = json[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    };
    let odd = |at: usize| match hex(json, at) {
        // The first halves of what lies beyond U+FFFF and has no shape.
        Some(0xD82F | 0xD834 | 0xDB40..=0xDB43) => true,
        Some(code @ 0..0x80) => {
            let c = char::from(code as u8);
            c.is_ascii_alphanumeric() || " |[]\t\n\r".contains(c) || sort(code) != Sort::Visible
        }
        Some(code) => sort(code) != Sort::Visible,
        None => false,
    };
    memmem::find_iter(json, b"\\u").any(|at| odd(at) && escapes(at))
        || memmem::find_iter(json, b"\\b").any(escapes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;

    /// What the pass before says of it, which is never less.
    fn odd(json: &[u8]) -> bool {
        let may_be = Redactor::armed([]).search(json).signs.odd;
        assert!(may_be || !is_odd(json));
        is_odd(json)
    }

    #[test]
    fn ascii_with_simple_escapes_is_not_even_asked() {
        for end in ["", "x", "{\"a\":\"and no more than a few words\"}"] {
            let json = format!(r#"{{"text":"one\n\ttwo\r\n \"three\" \\ \/ \f{end}\n"}}"#);
            assert!(!Redactor::armed([]).search(json.as_bytes()).signs.odd, "{json}");
        }
    }

    #[test]
    fn ordinary_text_is_not_odd_and_what_is_hidden_is() {
        for json in [
            "{\"a\": \"plain\"}\r\n",
            "curly “quotes” — and … é ñ ü 漢字 かな カナ 한글 ไทย 😀 € ½",
            r#"\n \t \" \\ \/ \u00e9 \u2019 \ud83d\ude00 \u003cb\u003e \u0026 \ud800"#,
            r"the regex \\bword\\b and the text \\u200b",
            "tab\there",
        ] {
            assert!(!odd(json.as_bytes()), "{json}");
        }
        for json in [
            "a\u{200b}b",
            "\u{feff}",
            "❤\u{fe0f}",
            "\u{e0041}",
            "\u{e0100}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{17b4}",
            "\u{180e}",
            "\u{2064}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{fff9}",
            "\u{1bca0}",
            "\u{1d173}",
            "\u{9b}",
            "\u{7f}",
            "\u{1b}[m",
            r"\u200B",
            r"\uDB40\uDC41",
            r"\u001b",
            r"\b",
            r"\\\b",
            r"\u0069gnore",
            r"\ufe0f",
        ] {
            assert!(odd(json.as_bytes()), "{json:?}");
            let long = format!("{}{json}{}", "x".repeat(700), "y".repeat(300));
            assert!(odd(long.as_bytes()), "{json:?}");
        }
    }
}
