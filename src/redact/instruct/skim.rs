//! Finds a few long literals, in any case, while it looks at only some of the text.
//!
//! Each literal has at least [`SHORTEST`] bytes, so wherever one stands, four of its bytes in a row begin at a place
//! that is a multiple of [`STRIDE`]. Only those places are hashed; the redactor's own finder looks at each, because
//! seeds of values are shorter. Every occurrence is reported.

/// The shortest literal, in bytes.
pub(super) const SHORTEST: usize = 6;

/// How many bytes are hashed.
const GRAM: usize = 4;

/// From one place to the next.
const STRIDE: usize = SHORTEST - GRAM + 1;

/// How many bits of a hash are kept: a table of 8 KiB, in which some hundred grams are far apart.
const BITS: u32 = 16;

/// A set of literals, each known by its number.
pub(super) struct Skim {
    /// One bit for each hash: whether a gram of a literal has it.
    filter: Box<[u64; WORDS]>,
    /// Each gram that can stand at a place, in order: the gram, the literal, and where in it the gram is.
    grams: Vec<(u32, usize, usize)>,
    literals: Vec<Vec<u8>>,
}

const WORDS: usize = 1 << (BITS - u64::BITS.ilog2());

impl Skim {
    /// A set of these literals, numbered from 0 on. Ones shorter than [`SHORTEST`] bytes may not be found.
    pub(super) fn new(literals: Vec<Vec<u8>>) -> Self {
        let mut filter = Box::new([0; WORDS]);
        let mut grams = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            for (offset, window) in literal.windows(GRAM).take(STRIDE).enumerate() {
                let gram = gram(window);
                let (word, bit) = slot(gram);
                filter[word] |= bit;
                grams.push((gram, number, offset));
            }
        }
        grams.sort_unstable();
        Self { filter, grams, literals }
    }

    /// Calls `found` with a literal's number and place for each occurrence, until that returns true; whether it did.
    pub(super) fn any(&self, text: &[u8], mut found: impl FnMut(usize, usize) -> bool) -> bool {
        text.windows(GRAM).enumerate().step_by(STRIDE).any(|(at, window)| {
            let gram = gram(window);
            let (word, bit) = slot(gram);
            self.filter[word] & bit != 0 && self.compare(text, at, gram, &mut found)
        })
    }

    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        gram: u32,
        found: &mut impl FnMut(usize, usize) -> bool,
    ) -> bool {
        let first = self.grams.partition_point(|(other, ..)| *other < gram);
        let same = self.grams[first..].iter().take_while(|(other, ..)| *other == gram);
        same.filter_map(|(_, number, offset)| Some((*number, at.checked_sub(*offset)?))).any(
            |(number, start)| {
                let literal = &self.literals[number];
                let there = text.get(start..start + literal.len());
                there.is_some_and(|there| there.eq_ignore_ascii_case(literal))
                    && found(number, start)
            },
        )
    }
}

/// Four bytes as a number, in which the case of letters makes no difference.
fn gram(bytes: &[u8]) -> u32 {
    let [a, b, c, d, ..] = bytes else { return 0 };
    u32::from_le_bytes([*a, *b, *c, *d]) | 0x2020_2020
}

/// Where the bit of a gram is, by its Fibonacci hash.
fn slot(gram: u32) -> (usize, u64) {
    let hash = gram.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BITS);
    ((hash / u64::BITS) as usize, 1 << (hash % u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_found_wherever_it_stands() {
        let literals = ["ignore", "[INST]", "ignoreignore"];
        let skim = Skim::new(literals.map(|literal| literal.as_bytes().to_vec()).into());
        for before in 0..12 {
            for (number, literal) in literals.iter().enumerate() {
                let text = format!("{}{}{}", "x".repeat(before), literal.to_uppercase(), "y");
                let mut found = Vec::new();
                assert!(!skim.any(text.as_bytes(), |number, at| {
                    found.push((number, at));
                    false
                }));
                assert!(found.contains(&(number, before)), "{text}: {found:?}");
                found.dedup();
                assert_eq!(found.len(), if number == 2 { 3 } else { 1 }, "{text}: {found:?}");
            }
        }
        assert!(!skim.any(b"[INST ignor e", |_, _| true));
    }
}
