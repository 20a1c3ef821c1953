//! Decoded views of a text: what stands behind JSON escapes, percent escapes, invisible characters and line wraps.
//!
//! One value has many spellings (`\/` from PHP, `\u003c` from Go, `\u0041` for a plain letter, `%2b` or `%2B`); listing
//! them all is not possible, so they are undone before anything is looked for. A view keeps no map of offsets: nearly all
//! texts hold nothing, and for the ones that do [`Layer::locate`] walks the source a second time. Escapes that mean
//! nothing stay as they are; no text makes this fail, and a view is never longer than its source.

mod unseen;

use memchr::memchr;

use super::detect::Hit;
use super::encoding::is_base64;

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
            return unescape(text);
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
                Self::Escapes => escape(&text[at..]).map(|unit| (at, unit)),
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

/// The escape at the start of `text`, which begins with a backslash.
fn escape(text: &[u8]) -> Option<Unit> {
    match text.get(1)? {
        b'x' => Some(Unit::byte(4, u8::try_from(hex(text.get(2..4)?)?).ok()?)),
        b'u' => unicode(text),
        c => match SIMPLE[usize::from(*c)] {
            0 => None,
            byte => Some(Unit::byte(2, byte)),
        },
    }
}

/// What stands for one byte behind a backslash; 0 for what does not.
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = [
        (b'"', b'"'),
        (b'\\', b'\\'),
        (b'/', b'/'),
        (b'\'', b'\''),
        (b'n', b'\n'),
        (b'r', b'\r'),
        (b't', b'\t'),
        (b'b', 8),
        (b'f', 12),
    ];
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at].0 as usize] = pairs[at].1;
        at += 1;
    }
    table
};

/// The text without its escapes, or nothing if there are none: what the generic walk does, four times as fast, because
/// escapes are what nearly every message has.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut at = memchr(b'\\', text)?;
    let mut view = Vec::with_capacity(text.len() + CHUNK);
    let mut changed = false;
    view.extend_from_slice(&text[..at]);
    while at < text.len() {
        match text.get(at + 1).map_or(0, |c| SIMPLE[usize::from(*c)]) {
            0 => match escape(&text[at..]) {
                Some(unit) => {
                    view.extend_from_slice(&unit.bytes[..unit.len]);
                    at += unit.taken;
                    changed = true;
                }
                None => {
                    view.push(b'\\');
                    at += 1;
                }
            },
            byte => {
                view.push(byte);
                at += 2;
                changed = true;
            }
        }
        at += copy_run(&text[at..], &mut view);
    }
    changed.then_some(view)
}

/// How much [`copy_run`] copies without looking how much it should.
const CHUNK: usize = 16;

/// Appends everything before the next backslash and returns how much that was.
///
/// JSON inside JSON has an escape every few bytes, where a `memchr` and a `memcpy` for each cost more than a chunk that is
/// copied whole and cut back.
fn copy_run(text: &[u8], view: &mut Vec<u8>) -> usize {
    let mut run = 0;
    if let Some(chunk) = text.first_chunk::<CHUNK>() {
        run = run_before_backslash(chunk);
        view.extend_from_slice(chunk);
        view.truncate(view.len() - (CHUNK - run));
        if run < CHUNK {
            return run;
        }
    }
    let rest = &text[run..];
    let more = memchr(b'\\', rest).unwrap_or(rest.len());
    view.extend_from_slice(&rest[..more]);
    run + more
}

/// How many bytes stand before the first backslash: a comparison of 16 bytes at once, in words.
fn run_before_backslash(chunk: &[u8; CHUNK]) -> usize {
    const ONES: u128 = u128::MAX / 0xFF;
    let differing = u128::from_le_bytes(*chunk) ^ (ONES * b'\\' as u128);
    // The lowest byte that is zero gets its high bit set ("Hacker's Delight", 6-1); higher ones may err, none below it.
    let zero = differing.wrapping_sub(ONES) & !differing & (ONES << 7);
    (zero.trailing_zeros() / 8) as usize
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
