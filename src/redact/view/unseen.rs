//! Characters that nobody sees, and the sequences by which a terminal is told colours.

use std::ops::Range;

use super::Unit;
use crate::redact::instruct::is_hidden;

const ESC: u8 = 0x1B;

/// Where the first character may begin that nobody sees. Text is passed over in chunks; one of a script that looks like
/// such characters is not looked at in chunks from each of its own on.
pub(super) fn may_begin(text: &[u8]) -> Option<usize> {
    let first = |mut places: Range<usize>| {
        let next = |at: usize| text.get(at + 1).copied().unwrap_or_default();
        places.find(|at| begins(text[*at], next(*at)))
    };
    let near = text.len().min(NEAR);
    first(0..near).or_else(|| {
        let mut padded = [0; size_of::<Chunk>()];
        let some_in = |start: &usize| {
            let rest = &text[*start..];
            some_begins(rest.first_chunk().unwrap_or_else(|| {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }))
        };
        let start = (near..text.len()).step_by(CHUNK).find(some_in)?;
        first(start..text.len())
    })
}

/// Whether something begins in a chunk. Without an early exit both looks are vector code, and nearly all text is ASCII.
fn some_begins(chunk: &Chunk) -> bool {
    let other = chunk.iter().fold(false, |any, byte| any | (*byte >= 0x7F) | (*byte == ESC));
    let pairs = chunk.iter().zip(&chunk[1..]);
    other && pairs.fold(false, |any, (byte, next)| any | begins(*byte, *next))
}

/// Whether a character that nobody sees may begin with these two bytes. Nothing else does in text of Latin letters with
/// their accents, dashes, arrows and quotation marks but the last.
#[inline(always)]
fn begins(byte: u8, next: u8) -> bool {
    (byte == ESC)
        | (byte == 0x7F)
        | (byte == 0xC2)
        | (byte == 0xCD)
        | (byte == 0xD8)
        | (byte == 0xE1)
        | ((byte == 0xE2) & (next <= 0x81))
        | (byte == 0xE3)
        | (byte >= 0xEF)
}

/// How many bytes are looked at one by one before a chunk is.
const NEAR: usize = 8;

/// How many bytes are looked at together.
const CHUNK: usize = 64;

/// A chunk, and the byte behind it.
type Chunk = [u8; CHUNK + 1];

/// The character at the start of `text` that nobody sees, or the control sequence (ECMA-48, 5.4).
pub(super) fn unit(text: &[u8]) -> Option<Unit> {
    if let [ESC, b'[', rest @ ..] = text {
        let parameters = rest.iter().take(64).take_while(|b| matches!(b, b' '..=b'?')).count();
        let last = rest.get(parameters).filter(|b| matches!(b, b'@'..=b'~'));
        return last.map(|_| Unit::nothing(parameters + 3));
    }
    // A designation of a character set (ECMA-35, 14.1), as in `tput sgr0`: ESC ( B.
    if let [ESC, b'('..=b'/', b'0'..=b'~', ..] = text {
        return Some(Unit::nothing(3));
    }
    // A function of two bytes (ECMA-48, 5.3; ECMA-35, 6.5): ESC 7, ESC =, ESC M.
    if let [ESC, b'0'..=b'Z' | b'\\'..=b'~', ..] = text {
        return Some(Unit::nothing(2));
    }
    let len = (text[0].leading_ones() as usize).clamp(1, 4);
    let c = std::str::from_utf8(text.get(..len)?).ok()?.chars().next()?;
    is_hidden(c).then(|| Unit::nothing(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_nobody_sees_is_met_wherever_it_stands() {
        for c in ('\0'..=char::MAX).filter(|c| is_hidden(*c)) {
            for before in [0, NEAR - 1, NEAR, NEAR + CHUNK - 1, NEAR + CHUNK, NEAR + 3 * CHUNK - 2]
            {
                for after in
                    ["", " and a text that goes on for more than a chunk of what is looked at"]
                {
                    let text =
                        format!("{}{c}{after}", "é".repeat(before / 2) + &"e".repeat(before % 2));
                    assert_eq!(may_begin(text.as_bytes()), Some(before), "{c:?} at {before}");
                    assert!(
                        unit(&text.as_bytes()[before..]).is_some_and(|u| u.taken == c.len_utf8())
                    );
                }
            }
        }
        assert_eq!(may_begin("naïve → “Größe” – …".repeat(20).as_bytes()), Some("naïve → ".len()));
        assert_eq!(may_begin("naïve → Größe ↔ 中".repeat(20).as_bytes()), None);
    }
}
