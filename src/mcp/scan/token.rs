//! The tokens of a message's top level: where they end, and the text of the few that matter.

use memchr::memchr2;

use crate::mcp::envelope::MAX_ID;

/// The bytes of one token that came in earlier slices, up to a limit.
#[derive(Debug, Default)]
pub(super) struct Token {
    bytes: Vec<u8>,
    over: bool,
}

impl Token {
    /// The longest token that is kept, in bytes: an id of the greatest length.
    const LIMIT: usize = MAX_ID;

    /// Starts a new token.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.over = false;
    }

    /// Adds bytes of the token.
    pub(super) fn push(&mut self, part: &[u8]) {
        self.over |= self.bytes.len() + part.len() > Self::LIMIT;
        if !self.over {
            self.bytes.extend_from_slice(part);
        }
    }

    /// The whole token, of which `last` is the end; borrowed from there where it is all. `None` when it is too long.
    pub(super) fn whole<'a>(&'a mut self, last: &'a [u8]) -> Option<&'a [u8]> {
        if self.bytes.is_empty() && !self.over {
            return (last.len() <= Self::LIMIT).then_some(last);
        }
        self.push(last);
        (!self.over).then_some(self.bytes.as_slice())
    }
}

/// Where a string ends: the index of its closing quote from `at` on. When the slice ends first: whether it does so
/// right after a `\`.
pub(super) fn string_end(bytes: &[u8], at: usize, escaped: bool) -> Result<usize, bool> {
    let mut at = at + usize::from(escaped);
    loop {
        match bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            None => return Err(at > bytes.len()),
            Some(offset) if bytes[at + offset] == b'"' => return Ok(at + offset),
            Some(offset) => at += offset + 2,
        }
    }
}

/// White space of JSON.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What a number or a word is made of.
pub(super) fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// What a number is made of.
pub(super) fn is_numeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The words that stand for a value: JSON's, and those that Python's `json` writes and most parsers in use read.
pub(super) fn is_word(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity")
}
