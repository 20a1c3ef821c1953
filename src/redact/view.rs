//! Decoded views of a text: what stands behind JSON escapes, percent escapes and line wraps.
//!
//! One value has many spellings (`\/` from PHP, `\u003c` from Go, `\u0041` for a plain letter, `%2b` or `%2B`); listing
//! them all is not possible, so they are undone before anything is looked for. A view keeps no map of offsets: nearly all
//! texts hold nothing, and for the ones that do [`Layer::locate`] walks the source a second time. Escapes that mean
//! nothing stay as they are; no text makes this fail, and a view is never longer than its source.

use memchr::{memchr, memchr2};

use super::detect::Hit;
use super::encoding::is_base64;

/// One way of hiding text that is undone before looking for secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Backslash escapes of JSON, and `\'` and `\xHH` of the languages whose logs look alike.
    Escapes,
    /// `%HH`.
    Percent,
    /// Line breaks inside long runs of base64 or hex.
    Wraps,
}

/// What a decoder makes of the text at one place.
struct Unit {
    /// How many bytes of the source it takes.
    taken: usize,
    /// What they stand for.
    bytes: [u8; 4],
    /// How much of `bytes` is used.
    len: usize,
}

/// The layers in the order in which they are taken off. JSON inside JSON inside a frame is real: a tool's structured
/// result is repeated as text, and that text may hold an answer of some other service, which quotes a third.
pub(super) const LAYERS: [Layer; 7] = [
    Layer::Escapes,
    Layer::Escapes,
    Layer::Escapes,
    Layer::Escapes,
    Layer::Percent,
    Layer::Percent,
    Layer::Wraps,
];

impl Layer {
    /// The decoded text, or nothing where there is nothing to decode.
    pub(super) fn peel(self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut at, mut unit) = self.next_unit(text, 0)?;
        let mut view = Vec::with_capacity(text.len());
        let mut copied = 0;
        loop {
            view.extend_from_slice(&text[copied..at]);
            view.extend_from_slice(&unit.bytes[..unit.len]);
            copied = at + unit.taken;
            match self.next_unit(text, copied) {
                Some(next) => (at, unit) = next,
                None => break,
            }
        }
        view.extend_from_slice(&text[copied..]);
        Some(view)
    }

    /// Moves hits in the view of `text` to where they stand in `text`. The hits must be in order and disjoint.
    ///
    /// A hit that ends inside a decoded character takes its whole spelling with it.
    pub(super) fn locate(self, text: &[u8], hits: &mut [Hit]) {
        let mut cursor =
            Cursor { layer: self, text, source: 0, view: 0, next: self.next_unit(text, 0) };
        for hit in hits {
            hit.start = cursor.start(hit.start);
            hit.end = cursor.end(hit.end);
        }
    }

    fn next_unit(self, text: &[u8], mut from: usize) -> Option<(usize, Unit)> {
        loop {
            let rest = &text[from..];
            let at = from
                + match self {
                    Self::Escapes => memchr(b'\\', rest)?,
                    Self::Percent => memchr(b'%', rest)?,
                    Self::Wraps => memchr2(b'\r', b'\n', rest)?,
                };
            let unit = match self {
                Self::Escapes => escape(&text[at..]),
                Self::Percent => percent(&text[at..]),
                Self::Wraps => wrap(text, at),
            };
            match unit {
                Some(unit) => return Some((at, unit)),
                None => from = at + 1,
            }
        }
    }
}

/// A walk over a source and its view side by side.
struct Cursor<'a> {
    layer: Layer,
    text: &'a [u8],
    source: usize,
    view: usize,
    next: Option<(usize, Unit)>,
}

impl Cursor<'_> {
    /// The source offset of what begins at `target` in the view.
    fn start(&mut self, target: usize) -> usize {
        while let Some((at, unit)) = &self.next {
            let run = at - self.source;
            if target < self.view + run {
                break;
            }
            if target < self.view + run + unit.len {
                return *at;
            }
            self.pass();
        }
        self.source + (target - self.view)
    }

    /// The source offset of what ends at `target` in the view.
    fn end(&mut self, target: usize) -> usize {
        while let Some((at, unit)) = &self.next {
            let run = at - self.source;
            if target <= self.view + run {
                break;
            }
            if target <= self.view + run + unit.len {
                return at + unit.taken;
            }
            self.pass();
        }
        self.source + (target - self.view)
    }

    fn pass(&mut self) {
        if let Some((at, unit)) = self.next.take() {
            self.view += at - self.source + unit.len;
            self.source = at + unit.taken;
            self.next = self.layer.next_unit(self.text, self.source);
        }
    }
}

impl Unit {
    fn byte(taken: usize, byte: u8) -> Self {
        Self { taken, bytes: [byte, 0, 0, 0], len: 1 }
    }

    fn char(taken: usize, c: char) -> Self {
        let mut bytes = [0; 4];
        let len = c.encode_utf8(&mut bytes).len();
        Self { taken, bytes, len }
    }
}

/// The escape at the start of `text`, which begins with a backslash.
fn escape(text: &[u8]) -> Option<Unit> {
    let byte = match text.get(1)? {
        c @ (b'"' | b'\\' | b'/' | b'\'') => *c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'x' => return Some(Unit::byte(4, u8::try_from(hex(text.get(2..4)?)?).ok()?)),
        b'u' => return unicode(text),
        _ => return None,
    };
    Some(Unit::byte(2, byte))
}

/// `\uXXXX`, or two of them for one character beyond the first 65,536. A lone half becomes U+FFFD, as in most decoders.
fn unicode(text: &[u8]) -> Option<Unit> {
    let first = hex(text.get(2..6)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some(Unit::char(6, c));
    }
    let second = match text.get(6..12) {
        Some([b'\\', b'u', digits @ ..]) if first < 0xDC00 => hex(digits).unwrap_or_default(),
        _ => 0,
    };
    if (0xDC00..0xE000).contains(&second) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return char::from_u32(code).map(|c| Unit::char(12, c));
    }
    Some(Unit::char(6, char::REPLACEMENT_CHARACTER))
}

/// The percent escape at the start of `text`, which begins with `%`.
fn percent(text: &[u8]) -> Option<Unit> {
    Some(Unit::byte(3, u8::try_from(hex(text.get(1..3)?)?).ok()?))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// A line with a shorter run than this at its end is not a wrapped one: programs wrap at 64 or 76 characters.
pub(super) const WRAPPED_RUN: usize = 24;

/// The line break at `at`, if it stands inside a run of base64: with the indentation of the next line, it goes.
fn wrap(text: &[u8], at: usize) -> Option<Unit> {
    let before = &text[..at];
    let run = before.last_chunk::<WRAPPED_RUN>()?;
    if !run.iter().all(|c| is_base64(*c)) {
        return None;
    }
    let after = &text[at..];
    let broken = after.iter().take_while(|c| matches!(c, b'\r' | b'\n')).count();
    let indent = after[broken..].iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
    let taken = broken + indent;
    // More than one line end is a paragraph, not a wrap.
    let single = matches!(&after[..broken], b"\n" | b"\r\n" | b"\r");
    let goes_on = after.get(taken).is_some_and(|c| is_base64(*c));
    (single && goes_on).then_some(Unit { taken, bytes: [0; 4], len: 0 })
}
