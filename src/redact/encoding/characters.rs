//! A value whose characters a program wrote down one by one, each with an escape, an entity or a quote of its own.
//!
//! Every language, shell and file format escapes other characters in another way, and nests them. Listing the spellings
//! of a whole value cannot be complete; one character has few. So the value itself is read from the text: where an anchor
//! of it stands, each next character must follow in any of its spellings.

use std::ops::Range;

use zeroize::Zeroizing;

use super::least::must;
use crate::redact::finder::{HEAD, Literal};

/// The longest spelling of one character, in bytes: `&amp;amp;#x0073;`.
const LONGEST: usize = 16;

/// How far in front of an anchor a value may begin, in bytes.
const REACH: usize = 1024;

/// A value that is read character by character.
pub(crate) struct Characters {
    value: Zeroizing<String>,
    /// How many bytes of it must stand there.
    must: usize,
}

impl Characters {
    /// Nothing for a value that is no text.
    pub(crate) fn new(value: &[u8]) -> Option<Self> {
        let value = Zeroizing::new(std::str::from_utf8(value).ok()?.to_owned());
        let must = must(value.len());
        Some(Self { value, must })
    }

    /// The anchors of the value: its first four letters or digits in a row, which nobody escapes alone, and its first
    /// character in each notation that escapes all of them. Each with its place in the value.
    pub(crate) fn literals(&self) -> Vec<(usize, Literal)> {
        let mut literals = Vec::new();
        let bytes = self.value.as_bytes();
        let mut plain = bytes.windows(HEAD).take(self.must);
        if let Some(at) = plain.position(|window| window.iter().all(u8::is_ascii_alphanumeric)) {
            literals.push((at, literal(bytes[at..at + HEAD].to_vec(), false)));
        } else {
            literals.extend(self.short_runs());
        }
        let [first, second, ..] = *bytes else { return literals };
        let code = self.value.chars().next().map_or(0, u32::from);
        for text in [
            format!("\\{first:03o}"),
            format!("\\x{first:02x}"),
            format!("u{{{code:x}}}"),
            format!("{code:04x}"),
            format!("#{code};"),
            format!("0{code};"),
            format!("x{code:x};"),
        ] {
            if text.len() >= HEAD {
                literals.push((0, literal(text.into_bytes(), true)));
            }
        }
        for bytes in [[first, 0, second, 0], [first, 8, first, second], [b'_', 8, first, b'_']] {
            literals.push((0, literal(bytes.to_vec(), false)));
        }
        literals
    }

    /// For a value without four letters or digits in a row: the longest run that it has, with the beginning of each spelling
    /// of the sign behind it.
    fn short_runs(&self) -> Vec<(usize, Literal)> {
        let bytes = self.value.as_bytes();
        let run =
            |at: &usize| bytes[*at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let ends_inside = |at: &usize| at + run(at) < bytes.len();
        let longest =
            (0..bytes.len()).filter(ends_inside).max_by_key(|at| (run(at), usize::MAX - at));
        let Some((at, len)) = longest.map(|at| (at, run(&at))).filter(|(_, len)| *len > 1) else {
            return Vec::new();
        };
        let (run, sign) = (&bytes[at..at + len], bytes[at + len]);
        let code = self.value[at + len..].chars().next().map_or(0, u32::from);
        let behind = [
            vec![b'\\', sign],
            format!("\\{sign:03o}").into_bytes(),
            format!("%{sign:02X}").into_bytes(),
            b"%25".to_vec(),
            format!("={sign:02X}").into_bytes(),
            vec![b'^', sign],
            vec![sign, sign],
            b"\\\\".to_vec(),
            b"\\x".to_vec(),
            b"\\u".to_vec(),
            format!("\\{code:x}").into_bytes(),
            b"&#".to_vec(),
            b"&a".to_vec(),
            b"&l".to_vec(),
            b"&g".to_vec(),
            b"&q".to_vec(),
            // This one may need no escape.
            bytes[at + len..].iter().take(HEAD - 2).copied().collect(),
        ];
        let anchors = behind.iter().map(|behind| [run, behind].concat());
        let anchors = anchors.filter(|anchor| anchor.len() >= HEAD);
        anchors.map(|anchor| (at, literal(anchor, false))).collect()
    }

    /// Where the value stands in `text`, of which the anchor from `offset` on stands at `at`.
    pub(crate) fn around(&self, text: &[u8], at: usize, offset: usize) -> Option<Range<usize>> {
        let first = self.value.chars().next()?;
        let reach = if offset == 0 { LONGEST } else { REACH.min((offset + 1) * LONGEST) };
        (at.saturating_sub(reach)..=at).rev().find_map(|start| {
            character(&text[start..], first)?;
            let (read, end) = self.read(text, start);
            let slashes = text[..start].iter().rev().take_while(|b| **b == b'\\').count();
            let escaped = if first.is_ascii_punctuation() { slashes } else { 0 };
            (read >= self.must && end > at).then_some(start - escaped..end)
        })
    }

    /// How many bytes of the value can be read from `start` on, and where they end.
    fn read(&self, text: &[u8], start: usize) -> (usize, usize) {
        let (mut read, mut at) = (0, start);
        while let Some(c) = self.value[read..].chars().next() {
            let Some((chars, taken)) = run(&text[at..], &self.value[read..], c) else { break };
            read += chars;
            at += taken;
        }
        (read, at)
    }
}

fn literal(bytes: Vec<u8>, any_case: bool) -> Literal {
    Literal { bytes: bytes.into(), any_case }
}

/// The next character of the value, with those like it where each is doubled: how many bytes of the value and how many of
/// the text.
fn run(text: &[u8], value: &str, c: char) -> Option<(usize, usize)> {
    let run = |text: &[u8], c: u8| text.iter().take_while(|b| **b == c).count();
    if let Ok(byte) = u8::try_from(c)
        && byte.is_ascii_punctuation()
    {
        let (ours, theirs) = (run(value.as_bytes(), byte), run(text, byte));
        // SQL, CSV, templates and batch files double a sign; of backslashes each nested string doubles all.
        if theirs == 2 * ours || c == '\\' && theirs > ours {
            return Some((ours, theirs));
        }
        // `&amp;` and its like begin with the character itself.
        if c == '&'
            && let Some(taken) = entity(text, c)
        {
            return Some((1, taken));
        }
        let rest = REPEATED.iter().find(|(sign, _)| *sign == c).map_or("", |(_, rest)| rest);
        let is_escaped = |at: usize| !rest.is_empty() && text[at..].starts_with(rest.as_bytes());
        if theirs == 1 && is_escaped(1) && !value[1..].starts_with(rest) {
            let mut taken = 1;
            while is_escaped(taken) {
                taken += rest.len();
            }
            return Some((1, taken));
        }
    }
    let mut taken = usize::from(text.first() == Some(&0) && c != '\0');
    taken += character(&text[taken..], c)?;
    // UTF-16 has a zero byte behind each letter of ASCII.
    taken += usize::from(text.get(taken) == Some(&0) && !value[c.len_utf8()..].starts_with('\0'));
    Some((c.len_utf8(), taken))
}

/// What follows a sign that is escaped by itself: in HTML, in percent encoding, in quoted-printable.
const REPEATED: [(char, &str); 3] = [('&', "amp;"), ('%', "25"), ('=', "3D")];

/// How many bytes at the start of `text` stand for this character.
fn character(text: &[u8], c: char) -> Option<usize> {
    let mut buffer = [0; 4];
    let raw = c.encode_utf8(&mut buffer).as_bytes();
    if let Some(quoted) = QUOTES.iter().find(|quoted| c == '\'' && text.starts_with(quoted)) {
        return Some(quoted.len());
    }
    if let Some(rest) = text.strip_prefix(raw) {
        // A terminal shows a character that is struck over itself in bold.
        if rest.strip_prefix(&[8]).is_some_and(|rest| rest.starts_with(raw)) {
            return Some(2 * raw.len() + 1);
        }
        if c != '\\' {
            return Some(raw.len());
        }
    }
    match text.first()? {
        b'\\' => escaped(text, c, raw),
        b'&' => entity(text, c),
        b'%' => percent(text, c, raw),
        b'=' => each_byte(raw, text, |text, byte| hex_byte(text.strip_prefix(b"=")?, byte, 1)),
        b'_' => text.strip_prefix(b"_\x08")?.starts_with(raw).then_some(2 + raw.len()),
        // Of cmd and of PowerShell.
        b'^' | b'`' => text[1..].starts_with(raw).then_some(1 + raw.len()),
        _ => None,
    }
}

/// An apostrophe inside the single quotes of a shell.
const QUOTES: [&[u8]; 2] = [b"'\\''", b"'\"'\"'"];

/// The character behind backslashes: as it is, by a letter, or by its number.
fn escaped(text: &[u8], c: char, raw: &[u8]) -> Option<usize> {
    let slashes = text.iter().take_while(|b| **b == b'\\').count();
    let rest = &text[slashes..];
    let numbered = code_point(rest, c).map(|len| slashes + len);
    let numbered = numbered.or_else(|| {
        each_byte(raw, text, |text, byte| {
            let slashes = text.iter().take_while(|b| **b == b'\\').count();
            let rest = &text[slashes..];
            let digits = rest.get(..3)?;
            let octal = (slashes > 0 && number(digits, 8) == Some(u32::from(byte))).then_some(3);
            let hex = || rest.strip_prefix(b"x").and_then(|rest| hex_byte(rest, byte, 1));
            octal.or_else(hex).map(|len| slashes + len)
        })
    });
    numbered.or_else(|| {
        let letter = LETTERS.iter().find(|(control, _)| *control == c).map(|(_, letter)| *letter);
        match c {
            '\\' => Some(slashes),
            _ if letter.is_some() && rest.first() == letter.as_ref() => Some(slashes + 1),
            _ => rest.starts_with(raw).then_some(slashes + raw.len()),
        }
    })
}

/// The letters that stand for control characters behind a backslash.
const LETTERS: [(char, u8); 6] =
    [('\n', b'n'), ('\r', b'r'), ('\t', b't'), ('\u{8}', b'b'), ('\u{c}', b'f'), ('\0', b'0')];

/// The number of a character behind a backslash: `u0073`, `u{73}`, `U00000073`, `x73`, and `73 ` of CSS.
fn code_point(text: &[u8], c: char) -> Option<usize> {
    let is = |digits: Option<&[u8]>| digits.and_then(|text| number(text, 16)) == Some(u32::from(c));
    if let Some(braced) = text.strip_prefix(b"u{") {
        let end = braced.iter().take(8).position(|b| *b == b'}')?;
        return is(braced.get(..end)).then_some(end + 3);
    }
    for (letter, len) in [(b'u', 4), (b'U', 8), (b'x', 2)] {
        if text.first() == Some(&letter) && is(text.get(1..=len)) {
            return Some(1 + len);
        }
    }
    let digits = text.iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
    let is_css = digits >= 2 && is(text.get(..digits)) && text.get(digits) == Some(&b' ');
    if is_css {
        return Some(digits + 1);
    }
    let mut pair = [0; 2];
    let [high, low] = *c.encode_utf16(&mut pair) else { return None };
    let spelled = |separator: &str| format!("u{high:04x}{separator}u{low:04x}");
    ["\\", "\\\\"].iter().map(|slashes| spelled(slashes)).find_map(|spelled| {
        let same = text.get(..spelled.len())?.eq_ignore_ascii_case(spelled.as_bytes());
        same.then_some(spelled.len())
    })
}

/// An entity of HTML or XML, escaped once or more often.
fn entity(text: &[u8], c: char) -> Option<usize> {
    let mut at = 1;
    while text[at..].starts_with(b"amp;") {
        at += 4;
    }
    let rest = &text[at..];
    let end = rest.iter().take(12).position(|b| *b == b';')?;
    let name = &rest[..end];
    let is_it = match name.strip_prefix(b"#") {
        Some([b'x' | b'X', digits @ ..]) => number(digits, 16) == Some(u32::from(c)),
        Some(digits) => number(digits, 10) == Some(u32::from(c)),
        None => ENTITIES.iter().any(|(entity, named)| entity.as_bytes() == name && *named == c),
    };
    is_it.then_some(at + end + 1)
}

/// The entities that escaping functions write by name, and those of HTML for other signs of ASCII.
const ENTITIES: [(&str, char); 12] = [
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("sol", '/'),
    ("bsol", '\\'),
    ("equals", '='),
    ("grave", '`'),
    ("plus", '+'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
];

/// A percent escape, escaped once or more often, and `%u00e4` of JavaScript's `escape`.
fn percent(text: &[u8], c: char, raw: &[u8]) -> Option<usize> {
    if let Some(rest) = text.strip_prefix(b"%u")
        && rest.get(..4).and_then(|text| number(text, 16)) == Some(u32::from(c))
    {
        return Some(6);
    }
    each_byte(raw, text, |text, byte| {
        let mut rest = text.strip_prefix(b"%")?;
        let mut len = 1;
        while rest.starts_with(b"25") && byte != b'%' {
            (rest, len) = (&rest[2..], len + 2);
        }
        hex_byte(rest, byte, len)
    })
}

/// How many bytes of the text the bytes of one character take, each read by `one`.
fn each_byte(raw: &[u8], text: &[u8], one: impl Fn(&[u8], u8) -> Option<usize>) -> Option<usize> {
    raw.iter().try_fold(0, |at, byte| Some(at + one(&text[at..], *byte)?))
}

/// The length of a spelling that has two hex digits behind its first `before` bytes, if they are this byte.
fn hex_byte(text: &[u8], byte: u8, before: usize) -> Option<usize> {
    (number(text.get(..2)?, 16) == Some(u32::from(byte))).then_some(before + 2)
}

/// The number that these digits are.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let one = |number: u32, digit: &u8| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, one) }
}

#[cfg(test)]
mod tests;
