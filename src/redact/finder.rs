//! Finds hundreds of short literals in one pass: the prefilter in front of every other check.
//!
//! No literal is shorter than four bytes, so the three in the middle of any five tell whether one may begin at the first
//! or at the second of the five: they are hashed, eight such places at once, and looked up in a table. What passes is
//! looked up by its own four bytes in a finer one, and only where that says yes is anything compared. Both steps write
//! places down and count on by how many pass, so the processor has no branch to guess before a literal is all but sure.
//! The pass costs the same for ten literals as for a thousand, which the SIMD searcher of `aho-corasick` (Teddy) does
//! not: with 280 keywords it needed three searchers and stopped often at ordinary text. Every occurrence is reported,
//! overlapping ones too: a search that skipped past a match would miss a secret that begins inside another one.

use wide::u16x8;
use zeroize::Zeroizing;

/// A set of literals, each known by its number.
pub(super) struct Finder {
    /// For each short hash of three bytes: 1 if a literal has them as its first or from its second on.
    sieve: Box<[u8; SIEVE]>,
    /// One bit for each long hash, for what has passed the sieve.
    filter: Box<[u64; WORDS]>,
    /// In order of their hashes.
    literals: Vec<Numbered>,
    /// Where in `literals` those of each bucket begin, and behind the last one their end.
    buckets: Vec<usize>,
}

/// What is looked for. A few bytes of a value, or the keyword of a rule.
pub(super) struct Literal {
    /// At least [`HEAD`] bytes.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether letters match in either case.
    pub(super) any_case: bool,
}

struct Numbered {
    head: u32,
    number: usize,
    literal: Literal,
}

/// How many bytes are hashed.
pub(super) const HEAD: usize = 4;

/// How many bits of the short hash are looked at: a table that fits into the first-level cache.
const SIEVE_BITS: u32 = 15;

/// As many as there are 16-bit numbers, so that none needs a check; only those of [`SIEVE_BITS`] are ever touched.
const SIEVE: usize = 1 << u16::BITS;

/// The places that one step of the sieve judges, two by two.
const BLOCK: usize = 16;

/// The blocks of a chunk.
const WHOLE: usize = CHUNK / BLOCK;

/// One hash for each two places of a block.
const LANES: usize = BLOCK / 2;

/// The places of which those that pass are written down before any is looked at again.
const CHUNK: usize = 1024;

/// What the literals that begin in a chunk begin with.
type Chunk = [u8; CHUNK + HEAD - 1];

/// Places in a chunk.
type Places = [u16; CHUNK];

/// The short hashes of a chunk.
type Hashes = [[u16; LANES]; WHOLE];

/// How many bits of the hash the filter tells apart. Of a table of 128 KiB ordinary text touches little, so that stays in
/// the first-level cache, and one place in a thousand passes by chance.
const BITS: u32 = 20;

/// The words of the filter: a size known to the compiler spares the loop a check at every byte.
const WORDS: usize = 1 << (BITS - u64::BITS.ilog2());

/// How many bits of the hash tell buckets apart: a bucket holds a literal or none.
const BUCKET_BITS: u32 = 12;

impl Finder {
    /// A finder for these literals, numbered from 0 on. Ones shorter than [`HEAD`] bytes are never found.
    pub(super) fn new(literals: Vec<Literal>) -> Self {
        let numbered = |(number, literal): (usize, Literal)| {
            let head = head(literal.bytes.get(..HEAD)?);
            Some(Numbered { head, number, literal })
        };
        let mut literals: Vec<Numbered> =
            literals.into_iter().enumerate().filter_map(numbered).collect();
        literals.sort_by_key(|literal| hash(literal.head));
        let mut sieve = Box::new([0; SIEVE]);
        let mut filter = Box::new([0; WORDS]);
        let mut buckets = vec![0; (1 << BUCKET_BITS) + 1];
        for literal in &literals {
            let (word, bit) = slot(literal.head);
            filter[word] |= bit;
            sieve[short_hash(literal.head)] = 1;
            sieve[short_hash(literal.head >> u8::BITS)] = 1;
            buckets[bucket(literal.head) + 1] += 1;
        }
        for at in 1..buckets.len() {
            buckets[at] += buckets[at - 1];
        }
        Self { sieve, filter, literals, buckets }
    }

    /// Calls `found` with the literal's number and the place of each occurrence, in order of place.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let (mut passed, mut likely) = ([0; CHUNK], [0; CHUNK]);
        let mut padded = [0; size_of::<Chunk>()];
        let mut start = 0;
        while text.len() >= start + HEAD {
            let rest = &text[start..];
            let chunk = rest.first_chunk().unwrap_or_else(|| {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            });
            let places = CHUNK.min(rest.len());
            let count = self.sift(chunk, places, &mut passed);
            let count = self.judge(chunk, &passed[..count], &mut likely);
            for place in likely[..count].iter().map(|place| usize::from(*place)) {
                // What pads the last chunk may pass by chance.
                let Some(rest) = rest.get(place..) else { break };
                self.compare(rest, |number| found(number, start + place));
            }
            start += CHUNK;
        }
    }

    /// Writes down the places at which, or behind which, a literal may begin, of this many at least; says how many.
    fn sift(&self, chunk: &Chunk, places: usize, passed: &mut Places) -> usize {
        let blocks = places.div_ceil(BLOCK);
        // Most chunks are whole, and a count that the compiler knows makes a faster loop.
        let hashes = match blocks {
            WHOLE => short_hashes(chunk, WHOLE),
            blocks => short_hashes(chunk, blocks),
        };
        let mut count = 0;
        let mut block = u16x8::splat(0);
        for hashes in &hashes[..blocks] {
            let bit = |hash: &u16| self.sieve[usize::from(*hash)];
            let pass = hashes.iter().rev().fold(0, |bits, hash| bits << 1 | bit(hash));
            let places = u16x8::new(PLACES[usize::from(pass)]) + block;
            passed[count % (CHUNK / 2)..][..LANES].copy_from_slice(&places.to_array());
            count += usize::from(COUNTS[usize::from(pass)]);
            block += u16x8::splat(BLOCK as u16);
        }
        count
    }

    /// Writes down the places among those that passed, and behind each, where a literal begins but for one time in a
    /// thousand; says how many.
    fn judge(&self, chunk: &Chunk, passed: &[u16], likely: &mut Places) -> usize {
        let mut count = 0;
        for place in passed.iter().flat_map(|place| [*place, *place + 1]) {
            let (word, bit) = slot(head(&chunk[usize::from(place) % CHUNK..]));
            likely[count % CHUNK] = place;
            count += usize::from(self.filter[word] & bit != 0);
        }
        count
    }

    /// Calls `found` with the number of each literal at the start of `text`.
    #[inline(never)]
    fn compare(&self, text: &[u8], mut found: impl FnMut(usize)) {
        let head = head(text);
        let bucket = bucket(head);
        let near = &self.literals[self.buckets[bucket]..self.buckets[bucket + 1]];
        for Numbered { number, literal, .. } in near.iter().filter(|near| near.head == head) {
            if literal.begins(text) {
                found(*number);
            }
        }
    }
}

impl Literal {
    fn begins(&self, text: &[u8]) -> bool {
        text.get(..self.bytes.len()).is_some_and(|text| {
            if self.any_case {
                text.eq_ignore_ascii_case(&self.bytes)
            } else {
                text == &**self.bytes
            }
        })
    }
}

/// The first four bytes as a number, in which the case of letters makes no difference.
fn head(bytes: &[u8]) -> u32 {
    let [a, b, c, d, ..] = bytes else { return 0 };
    u32::from_le_bytes([*a, *b, *c, *d]) | FOLD
}

/// For each way in which the hashes of a block may pass: the places of those that do, and how many they are.
static PLACES: [[u16; LANES]; 1 << LANES] = all_ways().0;
static COUNTS: [u8; 1 << LANES] = all_ways().1;

const fn all_ways() -> ([[u16; LANES]; 1 << LANES], [u8; 1 << LANES]) {
    let (mut places, mut counts) = ([[0; LANES]; 1 << LANES], [0; 1 << LANES]);
    let mut way = 0;
    while way < places.len() {
        let mut lane = 0;
        while lane < LANES {
            if way >> lane & 1 == 1 {
                places[way][counts[way] as usize] = 2 * lane as u16;
                counts[way] += 1;
            }
            lane += 1;
        }
        way += 1;
    }
    (places, counts)
}

/// Makes the case of ASCII letters the same.
const FOLD: u32 = 0x2020_2020;

/// What the first two bytes and the third are multiplied with for the short hash: SSE2 multiplies 16 bits at a time.
const SHORT: [u16; 2] = [0x9E37, 0x79B1];

/// A pair of bytes without its second.
const FIRST_OF_PAIR: u16 = u16::from_ne_bytes([0xFF, 0]);

/// Of the three bytes behind every second place of so many blocks, eight at once. They are all written to memory first:
/// to take them out of a vector one by one costs twice as much as to read them.
#[inline(always)]
fn short_hashes(chunk: &Chunk, blocks: usize) -> Hashes {
    let mut hashes = [[0; LANES]; WHOLE];
    for (block, hashes) in hashes.iter_mut().enumerate().take(blocks) {
        // Eight pairs of bytes from one place on; the case of letters makes no difference.
        let pairs = |from: usize| {
            let bytes = chunk[BLOCK * block + from..].first_chunk::<BLOCK>().copied();
            bytemuck::cast::<_, u16x8>(bytes.unwrap_or_default()) | u16x8::splat(FOLD as u16)
        };
        let (two, third) = (pairs(1), pairs(3) & u16x8::splat(FIRST_OF_PAIR));
        let hash = two * u16x8::splat(SHORT[0]) + third * u16x8::splat(SHORT[1]);
        let short: u16x8 = hash >> (u16::BITS - SIEVE_BITS);
        *hashes = short.to_array();
    }
    hashes
}

/// Of the first three bytes of a head.
fn short_hash(head: u32) -> usize {
    let [a, b, c, _] = head.to_le_bytes();
    let two = u16::from_ne_bytes([a, b]).wrapping_mul(SHORT[0]);
    let hash = two.wrapping_add(u16::from_ne_bytes([c, 0]).wrapping_mul(SHORT[1]));
    usize::from(hash >> (u16::BITS - SIEVE_BITS))
}

/// Fibonacci hashing (Knuth, TAOCP 6.4): the high bits are the good ones.
fn hash(head: u32) -> u32 {
    head.wrapping_mul(0x9E37_79B1)
}

/// Where the bit of a beginning is.
fn slot(head: u32) -> (usize, u64) {
    let hash = hash(head) >> (u32::BITS - BITS);
    ((hash / u64::BITS) as usize, 1 << (hash % u64::BITS))
}

fn bucket(head: u32) -> usize {
    (hash(head) >> (u32::BITS - BUCKET_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(literals: &[(&str, bool)], text: &str) -> Vec<(usize, usize)> {
        let literal = |(bytes, any_case): &(&str, bool)| Literal {
            bytes: bytes.as_bytes().to_vec().into(),
            any_case: *any_case,
        };
        let mut found = Vec::new();
        Finder::new(literals.iter().map(literal).collect())
            .each(text.as_bytes(), |literal, at| found.push((literal, at)));
        found
    }

    #[test]
    fn every_occurrence_is_found_overlapping_ones_too() {
        let literals = [("aaaa", false), ("aaaab", false), ("baaa", false)];
        let all = [(0, 0), (0, 1), (1, 1), (2, 5), (0, 6)];
        assert_eq!(found(&literals, "aaaaabaaaa"), all);
        assert_eq!(found(&literals, "aaa"), []);
    }

    #[test]
    fn every_place_of_a_long_text_is_judged() {
        for at in (0..100).chain(CHUNK - 10..CHUNK + 10) {
            let text = format!("{}ghp_{}", " ".repeat(at), "g".repeat(CHUNK + 10 - at));
            assert_eq!(found(&[("gHp_", true)], &text), [(0, at)]);
        }
        for count in [100, CHUNK / 4 - 1, CHUNK / 4, CHUNK / 4 + 1, CHUNK] {
            assert_eq!(found(&[("ghp_", false)], &"ghp_".repeat(count)).len(), count);
        }
    }

    #[test]
    fn case_counts_unless_a_literal_says_otherwise() {
        let literals = [("ghp_", false), ("Token", true)];
        assert_eq!(found(&literals, "GHP_ tOKEn ghp_"), [(1, 5), (0, 11)]);
    }
}
