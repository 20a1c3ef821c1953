//! Backslash escapes of JSON, and `\'` and `\xHH` of the languages whose logs look alike.

use memchr::memchr;

use super::{Unit, hex};
use crate::mcp::scan::places;

/// The escape at the start of `text`, which begins with a backslash.
pub(super) fn unit(text: &[u8]) -> Option<Unit> {
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
static SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = [
        (b'"', b'"'),
        (b'\\', b'\\'),
        (b'/', b'/'),
        (b'\'', b'\''),
        (b'n', b'\n'),
        (b'r', b'\r'),
        (b't', b'\t'),
        (b'b', BACKSPACE),
        (b'f', 12),
    ];
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at].0 as usize] = pairs[at].1;
        at += 1;
    }
    table
};

const BACKSPACE: u8 = 8;

/// A text without its escapes.
pub(in crate::redact) struct Unescaped {
    pub(in crate::redact) view: Vec<u8>,
    /// Whether there was any but the simple ones: by a number or as a backspace, what nobody sees may be spelled.
    pub(in crate::redact) odd: bool,
}

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// The text without its escapes, or nothing if there are none: what the generic walk does, many times as fast, because
/// escapes are what nearly every message has.
///
/// JSON inside JSON has one every few bytes, where a search and a copy for each cost most of the time. So the escapes of a
/// block are found together, and what stands before each is copied as a whole block, of which the next overwrites what
/// is too much.
pub(in crate::redact) fn unescape(text: &[u8]) -> Option<Unescaped> {
    let first = memchr(b'\\', text)?;
    let mut view = vec![0; text.len() + BLOCK];
    view[..first].copy_from_slice(&text[..first]);
    let (mut at, mut end) = (first, first);
    let (mut changed, mut odd) = (false, false);
    // What a turn changes is all in variables of its own, which stay in registers.
    'blocks: while let Some(block) = text[at..].first_chunk() {
        let mut escapes = places(block, 0, b'\\');
        let mut done = 0;
        while done < BLOCK {
            let next = (escapes.trailing_zeros() as usize).min(BLOCK);
            let from = text[at + done..].first_chunk::<BLOCK>();
            let (Some(from), Some(to)) = (from, view[end..].first_chunk_mut()) else {
                at += done;
                break 'blocks;
            };
            *to = *from;
            end += next - done;
            done = next;
            if done == BLOCK {
                break;
            }
            let escape = &text[at + done..];
            if let Some(byte) = simple(escape) {
                view[end] = byte;
                (end, done, changed) = (end + 1, done + 2, true);
            } else {
                let unit = other(escape);
                view[end..][..unit.bytes.len()].copy_from_slice(&unit.bytes);
                (end, done) = (end + unit.len, done + unit.taken);
                (changed, odd) = (changed || unit.taken > 1, true);
            }
            escapes &= u64::MAX.checked_shl(done as u32).unwrap_or_default();
        }
        at += done;
    }
    while let Some(byte) = text.get(at) {
        let escape = *byte == b'\\';
        let unit = if escape { other(&text[at..]) } else { Unit::byte(1, *byte) };
        odd |= escape && simple(&text[at..]).is_none();
        view[end..][..unit.bytes.len()].copy_from_slice(&unit.bytes);
        (at, end) = (at + unit.taken, end + unit.len);
        changed |= unit.taken > 1;
    }
    view.truncate(end);
    changed.then_some(Unescaped { view, odd })
}

/// The byte that a simple escape stands for, which `text` begins with: one that is seen, or white space.
#[inline(always)]
fn simple(text: &[u8]) -> Option<u8> {
    text.get(1).map(|c| SIMPLE[usize::from(*c)]).filter(|byte| *byte > BACKSPACE)
}

/// What a backslash stands for with which `text` begins, if need be itself.
#[cold]
fn other(text: &[u8]) -> Unit {
    unit(text).unwrap_or(Unit::byte(1, b'\\'))
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
