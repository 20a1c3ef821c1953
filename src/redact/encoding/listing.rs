//! A value that a program printed as the numbers of its bytes: a list, an array of C, a typed array, a dump.
//!
//! The numbers are decimal, hex or octal, one byte or two each, with anything between them that formatters put there:
//! separators, padding, a number a line, an index, offsets and the text beside a dump. So the numbers themselves are read
//! from the text: from the first byte on each next one must follow across a short gap.

use std::ops::Range;

use zeroize::Zeroizing;

use super::least::must;
use crate::redact::finder::{HEAD, Literal};

/// How many separators may stand between two numbers: those of a list that is indented deeply. In bytes.
const SEPARATORS: usize = 80;

/// How much of a line may stand behind the last number of it: the text beside a dump. In bytes.
const BESIDE: usize = 128;

/// How much of a line may stand in front of its first number: the offset of a dump. In bytes.
const OFFSET: usize = 24;

/// A value that is read number by number.
pub(crate) struct Listing {
    value: Zeroizing<Vec<u8>>,
    /// How many bytes of it must stand there.
    must: usize,
}

/// How the bytes are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Numbers {
    Decimal,
    Octal,
    /// Two hex digits a byte, with or without `0x`, in groups or not.
    Hex,
    /// Numbers of two bytes of which the lower one comes first (`hexdump`), from this byte of the value on.
    HexWords(usize),
    /// The same in octal (`od`).
    OctalWords(usize),
    /// Characters in columns (`od -c`).
    Columns,
}

/// How far a listing goes that begins in the first of some lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Reach {
    /// It ends before the last line, or there is none.
    #[default]
    Inside,
    /// It ends in the last line.
    LastLine,
    /// It may go on behind the last line.
    Beyond,
}

use Numbers::{Columns, Decimal, Hex, HexWords, Octal, OctalWords};

impl Numbers {
    /// The byte of the value with which the first number that is looked for begins.
    fn first_byte(self) -> usize {
        match self {
            HexWords(first) | OctalWords(first) => first,
            Decimal | Octal | Hex | Columns => 0,
        }
    }
}

impl Listing {
    pub(crate) fn new(value: &[u8]) -> Self {
        Self { value: value.to_vec().into(), must: must(value.len()) }
    }

    /// The first number or two in each way of writing, as the finder looks for them.
    pub(crate) fn literals(&self) -> Vec<(Numbers, Literal)> {
        let [a, b, c, ..] = *self.value.as_slice() else { return Vec::new() };
        let mut texts = vec![
            (Hex, format!("0x{a:02x}")),
            (Hex, format!("{a:02x}{b:02x}")),
            (Octal, format!("{a:03o} {b:03o}")),
            (Octal, format!("0{a:03o},")),
            (HexWords(0), format!("{b:02x}{a:02x}")),
            (HexWords(1), format!("{c:02x}{b:02x}")),
            (OctalWords(0), format!("{:06o}", u16::from_le_bytes([a, b]))),
            (OctalWords(1), format!("{:06o}", u16::from_le_bytes([b, c]))),
        ];
        texts.extend([' ', ':', '-', ','].map(|mark| (Hex, format!("{a:02x}{mark}{:x}", b >> 4))));
        let decimal = a.to_string();
        for end in [',', ' ', '\n', ']', ';', '\r'] {
            let text = format!("{decimal}{end}");
            match text.len() {
                HEAD.. => texts.push((Decimal, text)),
                _ => texts.extend(
                    [' ', ',', ':', '[', '\t'].map(|start| (Decimal, format!("{start}{text}"))),
                ),
            }
        }
        if a.is_ascii_graphic() && b.is_ascii_graphic() {
            texts.push((Columns, format!("{}   {}", char::from(a), char::from(b))));
        }
        texts.retain(|(_, text)| text.len() >= HEAD);
        let literal = |(numbers, text): (Numbers, String)| {
            let any_case = numbers != Columns;
            (numbers, Literal { bytes: text.into_bytes().into(), any_case })
        };
        texts.into_iter().map(literal).collect()
    }

    /// Where the numbers of the value stand in `text`, of which a literal stands at `at`. Keys and offsets between them are no
    /// part of it.
    pub(crate) fn around(
        &self,
        text: &[u8],
        at: usize,
        numbers: Numbers,
    ) -> Option<Vec<Range<usize>>> {
        let start = first_number(text, at, numbers);
        let first = numbers.first_byte();
        // The number in front of which this one stands may hold the first byte.
        let mut ranges = Vec::from([Range { start: start.saturating_sub(7 * first), end: start }]);
        let (read, _) = self.read(text, start, first, numbers, |from, end, is_apart| {
            let last = ranges.len() - 1;
            if is_apart {
                ranges[last].end = self.end_of_text_beside(text, ranges[last].end);
                ranges.push(from..end);
            } else {
                ranges[last].end = end;
            }
        });
        if read < self.must {
            return None;
        }
        if let Some(last) = ranges.last_mut() {
            last.end = self.end_of_text_beside(text, last.end);
        }
        Some(ranges)
    }

    /// Reads the value from the byte `first` on, of which the number stands at `at`: how many bytes can be read in all, and
    /// where they end. `found` is given each number, and whether something else stands in front of it.
    fn read(
        &self,
        text: &[u8],
        mut at: usize,
        first: usize,
        numbers: Numbers,
        mut found: impl FnMut(usize, usize, bool),
    ) -> (usize, usize) {
        let mut read = first;
        while read < self.value.len() {
            let begins = read == first;
            let next = if begins { Some((at, false)) } else { self.next(text, at, read, numbers) };
            let Some((from, is_apart)) = next else { break };
            let Some((bytes, end)) = self.number(text, from, read, numbers) else { break };
            found(from, end, is_apart);
            (read, at) = (read + bytes, end);
        }
        (read, at)
    }

    /// How far a listing of the value goes of which a literal stands at `at`.
    pub(crate) fn reach(&self, lines: &[u8], at: usize, numbers: Numbers) -> Reach {
        let at = first_number(lines, at, numbers);
        let first = numbers.first_byte();
        let (read, end) = self.read(lines, at, first, numbers, |_, _, _| ());
        let rest = lines[end..].trim_ascii();
        if read == first || rest.len() > BESIDE || rest.contains(&b'\n') {
            return Reach::Inside;
        }
        if read == self.value.len() {
            return Reach::LastLine;
        }
        // One number alone says little, unless its line holds nothing else.
        let is_alone = separators(&lines[..at]) == at && rest.iter().all(u8::is_ascii_punctuation);
        if read >= first + 2 || is_alone { Reach::Beyond } else { Reach::Inside }
    }

    /// Where the number of the byte at `read` begins behind the one that ends at `at`, and whether something else than
    /// separators stands between them: a key, the rest of a line of a dump and the offset of the next.
    fn next(&self, text: &[u8], at: usize, read: usize, numbers: Numbers) -> Option<(usize, bool)> {
        let is_next = |place: usize| self.number(text, place, read, numbers).is_some();
        let rest = &text[at..];
        let separators = separators(rest);
        if let Some(place) = (at..=at + separators).find(|place| is_next(*place)) {
            return Some((place, false));
        }
        // `"12": 115`, `12: 115` and `12 => 115`.
        let key = &rest[separators..];
        let digits = key.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
        let mark = &key[digits..];
        if digits > 0 && mark.iter().take(4).any(|b| matches!(b, b':' | b'=')) {
            let from = at + separators + digits;
            let to = from + self::separators(mark);
            return (from..=to).find(|place| is_next(*place)).map(|place| (place, true));
        }
        // The next line of a dump.
        let line = at + memchr::memchr(b'\n', &rest[..rest.len().min(BESIDE)])? + 1;
        let mut places = line..text.len().min(line + OFFSET);
        let place = places.find(|place| {
            let second = |(bytes, end): (usize, usize)| {
                let read = read + bytes;
                let end = end + self::separators(&text[end..]);
                read >= self.value.len() || self.number(text, end, read, numbers).is_some()
            };
            let behind_offset = *place == line || text[*place - 1].is_ascii_whitespace();
            behind_offset && self.number(text, *place, read, numbers).is_some_and(second)
        })?;
        Some((place, true))
    }

    /// How many bytes of the value from `read` on the number at `at` holds, and where it ends.
    fn number(
        &self,
        text: &[u8],
        at: usize,
        read: usize,
        numbers: Numbers,
    ) -> Option<(usize, usize)> {
        let (byte, rest) = (*self.value.get(read)?, text.get(at..)?);
        let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
        let inside = at > 0 && is_digit(text.get(at - 1));
        let spelled = |digits: usize, radix: u32| {
            let text = std::str::from_utf8(rest.get(..digits)?).ok()?;
            u32::from_str_radix(text, radix).ok()
        };
        match numbers {
            Decimal | Octal => {
                let sign = usize::from(rest.first() == Some(&b'-'));
                let digits = rest[sign..].iter().take(5).take_while(|b| b.is_ascii_digit()).count();
                let number = spelled(sign + digits, if numbers == Octal { 8 } else { 10 });
                let number = number.or_else(|| {
                    let text = std::str::from_utf8(&rest[..sign + digits]).ok()?;
                    Some(u32::from(text.parse::<i8>().ok()?.cast_unsigned()))
                })?;
                (!inside && number == u32::from(byte)).then_some((1, at + sign + digits))
            }
            Hex => {
                let prefix = 2 * usize::from(rest.starts_with(b"0x") || rest.starts_with(b"\\x"));
                let digits = std::str::from_utf8(rest.get(prefix..prefix + 2)?).ok()?;
                let number = u32::from_str_radix(digits, 16).ok()?;
                (number == u32::from(byte)).then_some((1, at + prefix + 2))
            }
            HexWords(_) => self.word(read, spelled(4, 16)?).map(|bytes| (bytes, at + 4)),
            OctalWords(_) => self.word(read, spelled(6, 8)?).map(|bytes| (bytes, at + 6)),
            Columns => {
                let octal = format!("{byte:03o}");
                let graphic = byte.is_ascii_graphic() && rest.first() == Some(&byte);
                let len = if graphic { 1 } else { octal.len() };
                (graphic || rest.starts_with(octal.as_bytes())).then_some((1, at + len))
            }
        }
    }

    /// How many bytes of the value from `read` on a number of two bytes holds.
    fn word(&self, read: usize, number: u32) -> Option<usize> {
        let [low, high] = u16::try_from(number).ok()?.to_le_bytes();
        match self.value[read..] {
            [first, second, ..] => (first == low && second == high).then_some(2),
            [first] => (first == low).then_some(1),
            [] => None,
        }
    }

    /// The end of the text beside the last line of a dump, where it shows a part of the value.
    fn end_of_text_beside(&self, text: &[u8], at: usize) -> usize {
        let rest = &text[at..text.len().min(at + BESIDE)];
        let end = rest.iter().position(|b| matches!(b, b'\n' | b'"')).unwrap_or(rest.len());
        let line = if rest.starts_with(b" ") { &rest[..end] } else { &[] };
        let shown = |window: &[u8]| memchr::memmem::find(&self.value, window).is_some();
        line.windows(HEAD).rposition(shown).map_or(at, |last| at + last + HEAD)
    }
}

/// Where the number of a literal at `at` begins: some begin with the separator in front of it.
fn first_number(text: &[u8], at: usize, numbers: Numbers) -> usize {
    let separates = |b: &u8| matches!(b, b' ' | b',' | b':' | b'[' | b'\t');
    at + usize::from(numbers != Columns && text.get(at).is_some_and(separates))
}

/// Whether a line begins as lists of numbers and dumps do: with words that are numbers or single characters.
pub(crate) fn may_be_listing(line: &[u8]) -> bool {
    let mut words = line[..line.len().min(BESIDE / 4)].split(|b| b" \t,;:|-[](){}".contains(b));
    let is_number =
        |word: &[u8]| word.strip_prefix(b"0x").unwrap_or(word).iter().all(u8::is_ascii_hexdigit);
    line.iter().any(|b| !b.is_ascii_whitespace())
        && words.all(|word| word.len() < 2 || is_number(word))
}

/// How many bytes at the start of `text` only separate numbers.
fn separators(text: &[u8]) -> usize {
    let separates = |b: &&u8| b" \t\r\n,;:|-[](){}'\"\\+=>_".contains(b);
    text.iter().take(SEPARATORS).take_while(separates).count()
}

#[cfg(test)]
mod tests;
