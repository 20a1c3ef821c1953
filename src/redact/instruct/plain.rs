//! A JSON string as a reader sees it: escapes decoded, and without what nobody sees.
//!
//! Only the odd places are kept apart, each with where it stands in the source, so a long text costs a copy and little
//! more. An escape sequence of a terminal is one place, up to its end. Escapes of JSON inside the text stay: whoever
//! reads the text sees them, and source code is full of them.

use std::ops::Range;

use super::hidden::{Sort, sort};

/// What is seen of a string, and what is not.
pub(super) struct Plain {
    /// The visible text.
    pub(super) text: Vec<u8>,
    /// What is spelled otherwise or not seen, in order.
    pub(super) spots: Vec<Spot>,
}

/// A place where the source is not the visible text. A text may be nothing else, so it is kept short: no message is
/// longer than a gibibyte.
pub(super) struct Spot {
    at: u32,
    start: u32,
    end: u32,
    /// What it is.
    pub(super) what: What,
}

/// What stands at a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An escape that stands for so many bytes of the text.
    Spelled(u8),
    /// A character that has no shape of its own.
    Hidden(u32),
    /// A control character.
    Control,
    /// An escape sequence of a terminal.
    Ansi,
}

impl Plain {
    /// Reads the content of a JSON string.
    pub(super) fn of(source: &[u8]) -> Self {
        let mut plain = Self { text: Vec::with_capacity(source.len()), spots: Vec::new() };
        let mut at = 0;
        while let Some(skip) = source[at..].iter().position(|byte| is_stop(*byte)) {
            plain.text.extend_from_slice(&source[at..at + skip]);
            at += skip;
            at = plain.read(source, at);
        }
        plain.text.extend_from_slice(&source[at..]);
        plain
    }

    /// Reads the character at `at`; where the next one begins.
    fn read(&mut self, source: &[u8], at: usize) -> usize {
        let Unit { code, end } = unit(source, at);
        let (what, end) = match sort(code) {
            Sort::Hidden => (What::Hidden(code), end),
            Sort::Control => match sequence(source, code, end) {
                Some(end) => (What::Ansi, end),
                None => (What::Control, end),
            },
            Sort::Visible if source[at] != b'\\' => {
                self.text.extend_from_slice(&source[at..end]);
                return end;
            }
            Sort::Visible => {
                let mut bytes = [0; 4];
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                let spelled = c.encode_utf8(&mut bytes).as_bytes();
                self.spots.push(Spot::new(
                    self.text.len(),
                    at..end,
                    What::Spelled(spelled.len() as u8),
                ));
                self.text.extend_from_slice(spelled);
                return end;
            }
        };
        match self.spots.last_mut() {
            // Several control characters or sequences in a row are one as far as anybody asks.
            Some(last) if last.what == what && last.end as usize == at && !last.is_character() => {
                last.end = end as u32;
            }
            _ => self.spots.push(Spot::new(self.text.len(), at..end, what)),
        }
        end
    }
}

impl Spot {
    fn new(at: usize, source: Range<usize>, what: What) -> Self {
        Self { at: at as u32, start: source.start as u32, end: source.end as u32, what }
    }

    /// Where it is in the text: what is not seen stands before the byte there.
    pub(super) fn at(&self) -> usize {
        self.at as usize
    }

    /// Where it ends in the text.
    pub(super) fn end(&self) -> usize {
        match self.what {
            What::Spelled(len) => self.at() + usize::from(len),
            _ => self.at(),
        }
    }

    /// Whether it is one character, which counts as such.
    fn is_character(&self) -> bool {
        matches!(self.what, What::Spelled(_) | What::Hidden(_))
    }

    /// Where it is in the source.
    pub(super) fn source(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Whether a character that is not seen may begin with this byte, or an escape.
pub(super) fn is_stop(byte: u8) -> bool {
    STOPS[usize::from(byte)]
}

/// Bytes at which a string may be something else than its visible text: a backslash, control characters, and what
/// characters without a shape begin with.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        stops[byte] = matches!(
            byte,
            0..0x20 | 0x5C | 0x7F | 0xC2 | 0xCD | 0xD8 | 0xE1..=0xE3 | 0xEF | 0xF0 | 0xF3
        );
        byte += 1;
    }
    stops
};

/// One character of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its code point; half a surrogate pair has its own number, and a byte that is no character U+FFFD.
    pub(super) code: u32,
    /// The offset behind its last byte.
    pub(super) end: usize,
}

/// The character at `at`, which is inside `source`.
pub(super) fn unit(source: &[u8], at: usize) -> Unit {
    let rest = &source[at..];
    if let [b'\\', escape, ..] = rest {
        return escaped(source, at, *escape);
    }
    let len = (rest[0].leading_ones() as usize).clamp(1, 4);
    let character = rest.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match character.and_then(|text| text.chars().next()) {
        Some(c) => Unit { code: c.into(), end: at + len },
        None => Unit { code: char::REPLACEMENT_CHARACTER.into(), end: at + 1 },
    }
}

fn escaped(source: &[u8], at: usize, escape: u8) -> Unit {
    let simple = |c: char| Unit { code: c.into(), end: at + 2 };
    match escape {
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'u' => match hex(source, at) {
            Some(high @ 0xD800..0xDC00) => match hex(source, at + 6) {
                Some(low @ 0xDC00..0xE000) => {
                    let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                    Unit { code, end: at + 12 }
                }
                _ => Unit { code: high, end: at + 6 },
            },
            Some(code) => Unit { code, end: at + 6 },
            None => Unit { code: '\\'.into(), end: at + 1 },
        },
        c if c.is_ascii_punctuation() => simple(char::from(c)),
        _ => Unit { code: '\\'.into(), end: at + 1 },
    }
}

/// The number in `\uXXXX` at `at`.
pub(super) fn hex(source: &[u8], at: usize) -> Option<u32> {
    let digits = source.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// Where the terminal's escape sequence ends (ECMA-48, 5.4 and 5.6) that `introducer` begins, which ends at `at`;
/// `None` where it begins none. One that is never ended properly is its introducer only: what follows is text.
fn sequence(source: &[u8], introducer: u32, at: usize) -> Option<usize> {
    let (kind, from) = match introducer {
        0x1B => match (at < source.len()).then(|| unit(source, at)) {
            Some(Unit { code: code @ 0x20..0x7F, end }) => (code, end),
            _ => return Some(at),
        },
        0x90 | 0x98 | 0x9B | 0x9D..=0x9F => (introducer - 0x40, at),
        _ => return None,
    };
    let end = match char::from_u32(kind)? {
        '[' => control_sequence(source, from),
        ']' | 'P' | 'X' | '^' | '_' => control_string(source, from),
        // A character set is chosen by one more character.
        '(' | ')' | '*' | '+' | '#' | '%' => control_sequence(source, from),
        _ => Some(from),
    };
    Some(end.unwrap_or(from))
}

/// The end of parameters and intermediate characters up to one that is final. A terminal reads some dozen of them.
fn control_sequence(source: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..256 {
        let Unit { code, end } = (at < source.len()).then(|| unit(source, at))?;
        at = end;
        match code {
            0x20..0x40 => {}
            0x40..0x7F => return Some(at),
            _ => return None,
        }
    }
    None
}

/// The end of a string that BEL or ST ends. Another control character inside cancels it, so nothing is read twice.
fn control_string(source: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < source.len() {
        let Unit { code, end } = unit(source, at);
        at = end;
        match code {
            0x07 | 0x9C => return Some(at),
            0x1B => {
                let last = (at < source.len()).then(|| unit(source, at))?;
                return (last.code == 0x5C).then_some(last.end);
            }
            0..0x20 | 0x7F..0xA0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(source: &str) -> (String, Vec<What>) {
        let plain = Plain::of(source.as_bytes());
        let text = String::from_utf8(plain.text).expect("UTF-8 in, UTF-8 out");
        (text, plain.spots.iter().map(|spot| spot.what).collect())
    }

    #[test]
    fn escapes_are_decoded_and_what_nobody_sees_is_kept_apart() {
        assert_eq!(seen("clean “text” é 漢字 😀"), ("clean “text” é 漢字 😀".into(), vec![]));
        let (text, what) = seen("a\\u200b\u{200b}b\\n\\ud83d\\ude00\\\"");
        assert_eq!(text, "ab\n😀\"");
        let hidden = What::Hidden(0x200B);
        let spelled = [What::Spelled(1), What::Spelled(4), What::Spelled(1)];
        assert_eq!(what, [&[hidden, hidden][..], &spelled].concat());
        assert_eq!(seen(r"\udb40\udc41"), (String::new(), vec![What::Hidden(0xE0041)]));
        assert_eq!(seen(r"\\u200b"), (r"\u200b".into(), vec![What::Spelled(1)]));
        assert_eq!(seen(r"\ud83d!").0, "\u{FFFD}!");
    }

    #[test]
    fn a_terminals_sequence_is_one_place() {
        for (source, text) in [
            (r"\u001b[1;31mred\u001b[0m", "red"),
            ("\u{9b}2Jx", "x"),
            (r"\u001b]8;;https://a.example/\u0007link\u001b]8;;\u001b\\", "link"),
            (r"\u001b]0;title without an end", "0;title without an end"),
            (r"\u001b]0;a\u001b[mb", "0;ab"),
            (r"\u001bPq#0\u001b\\z", "z"),
            (r"\u001b(Bx\u001b7y\u001bcz", "xyz"),
            (r"x\u001b", "x"),
            (r"\u001b\u001b[31m[31m", "[31m"),
        ] {
            let (seen, what) = seen(source);
            assert_eq!(seen, text, "{source}");
            let odd = what.iter().all(|what| matches!(what, What::Ansi | What::Spelled(_)));
            assert!(odd, "{source}: {what:?}");
        }
    }
}
