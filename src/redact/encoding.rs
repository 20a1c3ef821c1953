//! The spellings of a value: as it is, in base64 at each of the three alignments, in hex.
//!
//! A spelling is looked for by a *seed*, a few bytes of it; where the seed stands, the text around it is compared with
//! the whole spelling. So a value cut short is found as well, as long as enough of it is there, and one literal serves
//! both alphabets of base64. Spellings that a decoder can undo (JSON and percent escapes, line wraps) need no seed of
//! their own: [`super::view`] undoes them first.

mod characters;
mod fold;
mod least;
mod listing;
mod spelled;

use std::ops::{Range, RangeInclusive};

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::secret::distinct;
pub(super) use characters::Characters;
pub(super) use fold::{PIECE, Sought};
use least::{SEED, must, proportion};
pub(super) use listing::{Listing, Numbers, Reach, may_be_listing};

/// The longest mark that stands for what was cut out of a value, in bytes: `…[truncated 24 characters]…`, or an asterisk for
/// each character.
const MAX_CUT: usize = 48;

/// The longest such mark that ends a line. What is longer may be a margin between two pieces.
const MAX_CUT_OF_LINES: usize = 16;

/// The shortest end of a value behind such a mark that counts, in bytes.
const CUT_END: usize = 4;

/// Decodes base64 as leniently as clients do, and where it is cut anywhere.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One spelling of one value.
pub(super) struct Form {
    text: Zeroizing<Vec<u8>>,
    alphabet: Alphabet,
    /// How much of `text` must stand in one piece to count.
    must: usize,
    ends: Ends,
}

/// Which ends of a spelling count alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Its beginning.
    First,
    /// Its beginning, and its end where a line begins with it.
    Folded,
    /// Either end, and, of a value as it is, both around a cut.
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    /// Bytes as they are.
    Exact,
    /// Hex digits of either case; `text` has lower case.
    Hex,
    /// Base64 of either alphabet; `text` has the standard one. `before` and `after`: whether the character next to the
    /// first and last one holds some bits of the value.
    Base64 { before: bool, after: bool },
}

impl Form {
    /// The value as it is.
    pub(super) fn exact(value: &[u8]) -> Self {
        let alphabet = Alphabet::Exact;
        Self { text: value.to_vec().into(), alphabet, must: must(value.len()), ends: Ends::Both }
    }

    /// One line of a value of several. Its end alone does not count: it may be a host that is public.
    pub(super) fn line(line: &[u8]) -> Self {
        Self { ends: Ends::First, ..Self::exact(line) }
    }

    /// A longer spelling of a value of `len` bytes, in which each byte takes about as much.
    pub(super) fn spelled(text: &[u8], len: usize) -> Self {
        let must = proportion(text.len(), len);
        Self { text: text.to_vec().into(), alphabet: Alphabet::Exact, must, ends: Ends::Folded }
    }

    /// The same where the case of letters makes no difference.
    pub(super) fn spelled_in_any_case(text: &[u8], len: usize) -> Self {
        let must = proportion(text.len(), len);
        let text = text.to_ascii_lowercase().into();
        Self { text, alphabet: Alphabet::Hex, must, ends: Ends::Folded }
    }

    /// The value in hex.
    pub(super) fn hex(value: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = Zeroizing::new(Vec::with_capacity(value.len() * 2));
        for byte in value {
            text.push(DIGITS[usize::from(byte >> 4)]);
            text.push(DIGITS[usize::from(byte & 15)]);
        }
        Self { text, alphabet: Alphabet::Hex, must: 2 * must(value.len()), ends: Ends::Both }
    }

    /// The value in base64 where `shift` (0 to 2) bytes of something else stand before it in the first group of three:
    /// only the characters that the value alone decides.
    pub(super) fn base64(value: &[u8], shift: usize) -> Self {
        let mut padded = Zeroizing::new(vec![0; shift + value.len()]);
        padded[shift..].copy_from_slice(value);
        let mut text = Zeroizing::new(vec![0; (padded.len() * 8).div_ceil(6)]);
        let decided = |bytes: usize| (shift + bytes) * 8 / 6;
        let first = (shift * 8).div_ceil(6);
        // Cannot fail: the slice has exactly the length that the encoding without padding has.
        let written = STANDARD_NO_PAD.encode_slice(&*padded, &mut text).unwrap_or_default();
        debug_assert_eq!(written, text.len());
        text.truncate(decided(value.len()));
        text.copy_within(first.., 0);
        text.truncate(decided(value.len()) - first);
        let after = !((shift + value.len()) * 8).is_multiple_of(6);
        let alphabet = Alphabet::Base64 { before: shift > 0, after };
        Self { text, alphabet, must: decided(must(value.len())) - first, ends: Ends::Both }
    }

    /// The value in base64 twice, where what is encoded first begins the text that is encoded again, or stands behind one or
    /// two other characters of it.
    pub(super) fn base64_twice(value: &[u8]) -> Vec<Self> {
        let once = (0..3).map(|shift| Self::base64(value, shift).text);
        let twice = once.flat_map(|once| (0..3).map(move |shift| Self::base64(&once, shift)));
        twice.map(|form| Self { ends: Ends::Folded, ..form }).collect()
    }

    /// The hex digits of the value, or its JSON escapes, in base64, at each of the three alignments.
    pub(super) fn base64_of_spelled(value: &[u8]) -> Vec<Self> {
        let hex = Self::hex(value).text;
        let json = std::str::from_utf8(value).map(|text| spelled::json(text).into_bytes());
        let json = json.map(Zeroizing::new).ok().filter(|json| **json != *value);
        let texts = json.into_iter().chain([hex]);
        let forms = texts.flat_map(|text| (0..3).map(move |shift| Self::base64(&text, shift)));
        forms.map(|form| Self { ends: Ends::Folded, ..form }).collect()
    }

    /// The literals to look for, each with its place in the spelling. One, except in the rare base64 text where no
    /// window is free of the two characters that the alphabets disagree on.
    pub(super) fn seeds(&self) -> Vec<(usize, Vec<u8>)> {
        // The end of what must be there: beginnings (`postgres://`, `ghp_`) are what many values share.
        let last = self.must - SEED;
        let mut seeds = self.seeds_in(last.saturating_sub(64)..=last);
        if self.ends == Ends::Both {
            let (first, end) = (self.text.len() - self.must, self.text.len() - SEED);
            if seeds.iter().all(|(at, _)| *at < first) {
                seeds.extend(self.seeds_in(first..=end.min(first + 64)));
            }
            // A cut may leave no more of the beginning than one seed.
            if self.alphabet == Alphabet::Exact && seeds.iter().all(|(at, _)| *at > 0) {
                seeds.extend(self.seeds_in(0..=0));
            }
        }
        seeds
    }

    /// Whether the case of letters makes no difference.
    pub(super) fn is_any_case(&self) -> bool {
        self.alphabet == Alphabet::Hex
    }

    /// The seeds among the windows that begin in this range.
    fn seeds_in(&self, range: RangeInclusive<usize>) -> Vec<(usize, Vec<u8>)> {
        let window = |at: usize| &self.text[at..at + SEED];
        let mut windows: Vec<usize> = range.collect();
        windows.sort_by_cached_key(|at| std::cmp::Reverse(telling(window(*at))));
        let best = windows.first().copied().unwrap_or_default();
        let seed = window(best).to_vec();
        match self.alphabet {
            Alphabet::Exact | Alphabet::Hex => vec![(best, seed)],
            Alphabet::Base64 { .. } => {
                let differs = |at: usize| window(at).iter().any(|c| matches!(c, b'+' | b'/'));
                if let Some(at) = windows.into_iter().find(|at| !differs(*at)) {
                    return vec![(at, window(at).to_vec())];
                }
                let url = url_safe(&seed);
                vec![(best, seed), (best, url)]
            }
        }
    }

    /// Where the value stands in `text`, if the seed taken from `offset` of this spelling stands at `at` and enough of
    /// the spelling stands around it.
    pub(super) fn around(&self, text: &[u8], at: usize, offset: usize) -> Option<Range<usize>> {
        let (before, after) = self.matching(text, at, offset);
        if before + after < self.must {
            return (self.ends == Ends::Both && before == offset)
                .then(|| self.around_cut(text, at - before, before + after))?;
        }
        let found = at - before..at + after;
        Some(match self.alphabet {
            Alphabet::Exact | Alphabet::Hex => found,
            Alphabet::Base64 { before: shared_before, after: shared_after } => {
                let left = shared_before || before < offset;
                let right = shared_after || offset + after < self.text.len();
                widen(text, found, left, right)
            }
        })
    }

    /// Where the value stands in `text` with its middle cut out, as in `sk-Qm7x…(24)...(23)`: this much of its beginning from
    /// `start` on, a mark of the cut, and its end; together as much as must be there.
    fn around_cut(&self, text: &[u8], start: usize, beginning: usize) -> Option<Range<usize>> {
        if self.alphabet != Alphabet::Exact || beginning < SEED {
            return None;
        }
        let rest = &text[start + beginning..];
        let longest_end = self.text.len() - beginning;
        let shortest_end = self.must.saturating_sub(beginning).max(CUT_END);
        let lines = memchr::memchr(b'\n', rest).is_some_and(|newline| newline < MAX_CUT);
        let longest = if lines { MAX_CUT_OF_LINES } else { MAX_CUT };
        (1..=longest.min(rest.len())).find_map(|gap| {
            let ends = shortest_end..=longest_end.min(rest.len() - gap);
            // Where the byte in front belongs to the value as well, a longer piece stands there, which is found by itself.
            let is_end = |end: &usize| {
                let (before, kept) = self.text.split_at(self.text.len() - end);
                before.last() != Some(&rest[gap - 1]) && rest[gap..].starts_with(kept)
            };
            let end = ends.rev().find(is_end)?;
            Some(start..start + beginning + gap + end)
        })
    }

    /// How many bytes of this spelling stand in `text` before and behind `at`, where the byte at `offset` of it belongs.
    fn matching(&self, text: &[u8], at: usize, offset: usize) -> (usize, usize) {
        let same = |(ours, theirs): &(&u8, &u8)| self.alphabet.same(**ours, **theirs);
        let (ours_before, ours_after) = self.text.split_at(offset);
        let (theirs_before, theirs_after) = text.split_at(at);
        let before =
            ours_before.iter().rev().zip(theirs_before.iter().rev()).take_while(same).count();
        let after = ours_after.iter().zip(theirs_after).take_while(same).count();
        (before, after)
    }

    /// Whether `tail` ends with a beginning of this spelling, so that a value may be open there.
    pub(super) fn begins_at_end_of(&self, tail: &[u8]) -> bool {
        let longest = tail.len().min(self.text.len() - 1);
        (1..=longest).any(|len| {
            let pairs = self.text[..len].iter().zip(&tail[tail.len() - len..]);
            pairs.into_iter().all(|(ours, theirs)| self.alphabet.same(*ours, *theirs))
        })
    }

    /// Whether this spelling is one that programs wrap into lines.
    pub(super) fn is_wrappable(&self) -> bool {
        self.alphabet != Alphabet::Exact
    }

    /// The length of the spelling in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether both stand for the same text.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.alphabet == other.alphabet && *self.text == *other.text
    }
}

impl Alphabet {
    fn same(self, ours: u8, theirs: u8) -> bool {
        match self {
            Self::Exact => ours == theirs,
            Self::Hex => ours == theirs.to_ascii_lowercase(),
            Self::Base64 { .. } => {
                ours == theirs || matches!((ours, theirs), (b'+', b'-') | (b'/', b'_'))
            }
        }
    }
}

/// The same base64 in the alphabet that is safe in URLs.
fn url_safe(text: &[u8]) -> Vec<u8> {
    let url = text.iter().map(|c| match c {
        b'+' => b'-',
        b'/' => b'_',
        c => *c,
    });
    url.collect()
}

/// The same base64 in the standard alphabet.
pub(super) fn standard(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let standard = text.iter().map(|c| match c {
        b'-' => b'+',
        b'_' => b'/',
        c => *c,
    });
    Zeroizing::new(standard.collect())
}

/// How rarely a text that is not the value has these bytes. The first four count most, since the finder judges by
/// them; then
/// how different the bytes are, so that a run of one letter is no seed.
fn telling(window: &[u8]) -> (usize, usize) {
    let rarity = |c: &u8| match c {
        b'a'..=b'z' | b' ' | b'\n' => 0,
        b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b':' | b'-' | b'_' | b'"' => 1,
        _ => 2,
    };
    (window.iter().take(4).map(rarity).sum(), distinct(window))
}

/// Takes in the characters at either side that hold some bits of the value, and the padding.
///
/// Without this the first or last bits of a value stay visible (GitHub's runner accepts that in its ADR 0297; the Jenkins
/// plug-in loses a whole byte).
fn widen(text: &[u8], found: Range<usize>, left: bool, right: bool) -> Range<usize> {
    let Range { mut start, mut end } = found;
    if left && start > 0 && is_base64(text[start - 1]) {
        start -= 1;
    }
    if right && text.get(end).is_some_and(|c| is_base64(*c)) {
        end += 1;
    }
    end += text[end..].iter().take(2).take_while(|c| **c == b'=').count();
    start..end
}

/// Whether this is a character of either base64 alphabet (padding is not).
pub(super) fn is_base64(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            let c = byte as u8;
            table[byte] = c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'-' | b'_');
            byte += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}
