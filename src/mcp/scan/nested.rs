//! Skips what is inside a member of a message: everything up to the bracket that closes it.
//!
//! Only strings and the balance of brackets matter here; the grammar inside is the client's to judge, as it would be without us.
//! That lets the bytes be taken 64 at a time, as bits: one word that says where the quotes are, one for the brackets,
//! and no branch per token. A scanner that followed the grammar to the leaves ran six times slower. Depth is a count,
//! so nesting of any depth costs nothing.

use memchr::memchr2;
use wide::u8x16;

/// The place in a nested value.
#[derive(Debug, Default)]
pub(super) struct Nested {
    /// How many brackets are open.
    depth: u64,
    /// Whether the next byte is inside a string.
    text: bool,
    /// Whether the next byte is escaped.
    escaped: bool,
}

impl Nested {
    /// The place right after the opening bracket of a nested value.
    pub(super) fn opened() -> Self {
        Self { depth: 1, text: false, escaped: false }
    }

    /// Skips to the byte after the closing bracket and returns its index; `None` when the slice ends before.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let (block, length) = block(&bytes[at..]);
            let marks = Marks::of(&block);
            if self.text && marks.quotes | marks.escapes == 0 {
                // A long string, most likely: `memchr` goes through it faster.
                let rest = &bytes[at + length..];
                at += length + memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                self.escaped = false;
                continue;
            }
            if let Some(end) = self.brackets(&marks, &block, length) {
                return Some(at + end);
            }
            at += length;
        }
        None
    }

    /// Counts the brackets of one block that has so many bytes; returns the index after the one that closes the value.
    fn brackets(&mut self, marks: &Marks, block: &[u8; 64], length: usize) -> Option<usize> {
        let outside = !self.strings(marks, length);
        if marks.brackets & outside == 0 {
            return None;
        }
        let [opening, closing] = [b'{', b'}'].map(|bracket| outside & brackets(block, bracket));
        if self.depth > u64::from(closing.count_ones()) {
            self.depth += u64::from(opening.count_ones());
            self.depth -= u64::from(closing.count_ones());
            return None;
        }
        let mut brackets = opening | closing;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            brackets ^= bracket;
            if opening & bracket != 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(bracket.trailing_zeros() as usize + 1);
                }
            }
        }
        None
    }

    /// The bytes of one block that are inside strings.
    fn strings(&mut self, marks: &Marks, length: usize) -> u64 {
        let escaped = self.escaped(marks.escapes, length);
        let quotes = marks.quotes & !escaped;
        let inside = parity(quotes) ^ if self.text { u64::MAX } else { 0 };
        self.text ^= quotes.count_ones() % 2 == 1;
        inside
    }

    /// The bytes of one block that a `\` before them makes plain, be they a quote or another `\`.
    ///
    /// Of a run of backslashes every second one escapes what follows, from its first on. A subtraction carries through a
    /// run and so tells at its end whether its length was odd: JSON in a text has an escape every few bytes, and a turn of
    /// a loop for each took a tenth of the relay's time (the idea is simdjson's, Langdale and Lemire 2019, 3.1.1).
    fn escaped(&mut self, backslashes: u64, length: usize) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let before = u64::from(self.escaped);
        let begins = backslashes & !before;
        let ends = ((begins << 1 | ODD).wrapping_sub(begins)) ^ ODD;
        self.escaped = (ends & backslashes) >> (length - 1) & 1 == 1;
        ends ^ (backslashes | before)
    }
}

/// The next 64 bytes, filled up with spaces, and how many of them are there.
fn block(bytes: &[u8]) -> ([u8; 64], usize) {
    if let Some(block) = bytes.first_chunk() {
        return (*block, 64);
    }
    let mut block = [b' '; 64];
    block[..bytes.len()].copy_from_slice(bytes);
    (block, bytes.len())
}

/// Where the bytes that matter stand in a block: bit 0 is the first byte.
struct Marks {
    quotes: u64,
    escapes: u64,
    /// Every bracket, and a few letters: most blocks have none outside strings, so most are told by one comparison.
    brackets: u64,
}

impl Marks {
    fn of(block: &[u8; 64]) -> Self {
        Self {
            quotes: places(block, 0, b'"'),
            escapes: places(block, 0, b'\\'),
            brackets: places(block, b'{' ^ b'}' | CURLY, 0x7F),
        }
    }
}

/// `[` and `{`, and `]` and `}`, differ in this bit only.
const CURLY: u8 = 0x20;

/// Where a bracket stands, given as the curly one.
fn brackets(block: &[u8; 64], curly: u8) -> u64 {
    places(block, CURLY, curly)
}

/// One bit for each of the bytes of a block that is `byte` once these bits of it are set.
pub(crate) fn places(block: &[u8; 64], set: u8, byte: u8) -> u64 {
    let parts = block.as_chunks().0.iter().enumerate();
    parts.fold(0, |all, (index, bytes)| {
        let equal = (u8x16::new(*bytes) | u8x16::splat(set)).simd_eq(u8x16::splat(byte));
        all | u64::from(equal.to_bitmask()) << (16 * index)
    })
}

/// Each bit becomes the parity of itself and the bits below: set from an opening quote to before its closing one.
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_backslash_escapes_what_follows_unless_it_is_escaped(
            (words, length, before) in (prop::collection::vec(any::<u64>(), 1..4), 1_usize..=64, any::<bool>()),
        ) {
            // More bits than half, so that there are runs.
            let backslashes = words.iter().fold(0, |all, word| all | word) & (u64::MAX >> (64 - length));
            let mut nested = Nested { escaped: before, ..Nested::opened() };
            let found = nested.escaped(backslashes, length);
            let mut escaped = before;
            for place in 0..length {
                prop_assert_eq!(found >> place & 1 == 1, escaped, "place {} of {:b}", place, backslashes);
                escaped = !escaped && backslashes >> place & 1 == 1;
            }
            prop_assert_eq!(nested.escaped, escaped);
        }
    }
}
