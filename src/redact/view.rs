//! Decoded views of a text: what stands behind JSON escapes, percent escapes, invisible characters and line wraps.
//!
//! One value has many spellings (`\/` from PHP, `\u003c` from Go, `\u0041` for a plain letter, `%2b` or `%2B`); listing
//! them all is not possible, so they are undone before anything is looked for. A view keeps no map of offsets: nearly all
//! texts hold nothing, and for the ones that do [`Layer::locate`] walks the source a second time. Escapes that mean
//! nothing stay as they are; no text makes this fail, and a view is never longer than its source.

mod escapes;
mod unseen;

use memchr::memchr;

use super::encoding::is_base64;
use super::hit::Hit;
pub(super) use escapes::{Unescaped, unescape};

/// One way of hiding text that is undone before looking for secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Backslash escapes of JSON, and `\'` and `\xHH` of the languages whose logs look alike.
    Escapes,
    /// `%HH`.
    Percent,
    /// Characters that nobody sees, and the sequences by which a terminal is told colours.
    Unseen,
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
pub(super) const LAYERS: [Layer; 8] = [
    Layer::Escapes,
    Layer::Escapes,
    Layer::Escapes,
    Layer::Escapes,
    Layer::Percent,
    Layer::Percent,
    Layer::Unseen,
    Layer::Wraps,
];

impl Layer {
    /// Whether it only spells characters. Beneath the others ends and beginnings of words meet.
    pub(super) fn is_spelling(self) -> bool {
        matches!(self, Self::Escapes | Self::Percent)
    }

    /// The decoded text, or nothing where there is nothing to decode.
    pub(super) fn peel(self, text: &[u8]) -> Option<Vec<u8>> {
        if self == Self::Escapes {
            return unescape(text).map(|unescaped| unescaped.view);
        }
        let (mut at, mut unit) = self.next_unit(text, 0)?;
        let mut view = Vec::with_capacity(text.len());
        view.extend_from_slice(&text[..at]);
        loop {
            view.extend_from_slice(&unit.bytes[..unit.len]);
            at += unit.taken;
            let Some((next, found)) = self.next_unit(text, at) else { break };
            view.extend_from_slice(&text[at..next]);
            (at, unit) = (next, found);
        }
        view.extend_from_slice(&text[at..]);
        Some(view)
    }

    /// Moves hits in the view of `text` to where they stand in `text`. The hits must be in order and disjoint.
    ///
    /// A hit that ends inside a decoded character takes its whole spelling with it.
    pub(super) fn locate(self, text: &[u8], hits: &mut [Hit]) {
        let mut cursor = self.cursor(text);
        for hit in hits {
            hit.start = cursor.start(hit.start);
            hit.end = cursor.end(hit.end);
        }
    }

    /// A walk over `text` and its view side by side.
    pub(super) fn cursor(self, text: &[u8]) -> Cursor<'_> {
        Cursor { layer: self, text, source: 0, view: 0, next: self.next_unit(text, 0) }
    }

    fn next_unit(self, text: &[u8], mut from: usize) -> Option<(usize, Unit)> {
        loop {
            let rest = &text[from..];
            let at = from
                + match self {
                    Self::Escapes => memchr(b'\\', rest)?,
                    Self::Percent => memchr(b'%', rest)?,
                    Self::Unseen => unseen::may_begin(rest)?,
                    Self::Wraps => memchr(b'\n', rest)?,
                };
            let unit = match self {
                Self::Escapes => escapes::unit(&text[at..]).map(|unit| (at, unit)),
                Self::Percent => percent(&text[at..]).map(|unit| (at, unit)),
                Self::Unseen => unseen::unit(&text[at..]).map(|unit| (at, unit)),
                Self::Wraps => wrap(text, at),
            };
            if unit.is_some() {
                return unit;
            }
            from = at + 1;
        }
    }
}

/// A walk over a source and its view side by side, which only goes on.
pub(super) struct Cursor<'a> {
    layer: Layer,
    text: &'a [u8],
    source: usize,
    view: usize,
    next: Option<(usize, Unit)>,
}

impl Cursor<'_> {
    /// The source offset of what begins at `target` in the view.
    pub(super) fn start(&mut self, target: usize) -> usize {
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
    pub(super) fn end(&mut self, target: usize) -> usize {
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

    /// The view offset of what begins at `target` in the source, or around that.
    pub(super) fn view_start(&mut self, target: usize) -> usize {
        while self.next.as_ref().is_some_and(|(at, unit)| at + unit.taken <= target) {
            self.pass();
        }
        let unit = self.next.as_ref().map_or(target, |(at, _)| *at);
        self.view + (target.min(unit) - self.source)
    }

    /// The view offset of what ends at `target` in the source, or around that.
    pub(super) fn view_end(&mut self, target: usize) -> usize {
        while self.next.as_ref().is_some_and(|(at, _)| *at < target) {
            self.pass();
        }
        self.view + target.saturating_sub(self.source)
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

    /// What stands for nothing.
    fn nothing(taken: usize) -> Self {
        Self { taken, bytes: [0; 4], len: 0 }
    }

    fn char(taken: usize, c: char) -> Self {
        let mut bytes = [0; 4];
        let len = c.encode_utf8(&mut bytes).len();
        Self { taken, bytes, len }
    }
}

/// The percent escape at the start of `text`, which begins with `%`.
fn percent(text: &[u8]) -> Option<Unit> {
    Some(Unit::byte(3, u8::try_from(hex(text.get(1..3)?)?).ok()?))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// A line with a shorter run than this at its end is not a wrapped one: programs wrap at 64 or 76 characters.
const WRAPPED_RUN: usize = 24;

/// The line break that ends with the `\n` at `at`, if it stands inside a run of base64: with the indentation of the next
/// line, it goes.
fn wrap(text: &[u8], at: usize) -> Option<(usize, Unit)> {
    let line = text[..at].strip_suffix(b"\r").unwrap_or(&text[..at]);
    if !ends_in_run(line) {
        return None;
    }
    let after = &text[at + 1..];
    let indent = after.iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
    after.get(indent).filter(|c| is_base64(**c))?;
    let taken = at - line.len() + 1 + indent;
    Some((line.len(), Unit::nothing(taken)))
}

/// Whether a line ends like one that a program wrapped.
pub(super) fn ends_in_run(line: &[u8]) -> bool {
    line.last_chunk::<WRAPPED_RUN>().is_some_and(|run| {
        // Words have a space among the last 24 bytes, and this is one vector comparison.
        let spaced = run.iter().fold(false, |spaced, c| spaced | (*c <= b' '));
        !spaced && run.iter().all(|c| is_base64(*c))
    })
}

/// A place at or before `wanted`, behind the start of `text`, where a decoder may start: after no backslash and in no
/// character. One that started between a backslash and what it escapes would swallow the next byte.
///
/// A run of backslashes is cut before its first one, however long it is. Where `text` is nothing else, it is cut behind
/// a multiple of sixteen, at which all four layers of escapes agree about what follows.
pub(super) fn safe_cut(text: &[u8], wanted: usize) -> usize {
    let safe = |at: &usize| text[*at - 1] != b'\\' && text[*at] & 0xC0 != 0x80;
    (1..=wanted).rev().find(safe).unwrap_or(wanted & !15)
}
