//! One string of a message: what is found in it, and what would be left without that.
//!
//! Markup becomes plain text by round brackets, because taking it out could put the halves of another tag together; a
//! phrase, a trace or an address is replaced by a notice; characters that nobody sees go. Doing it again changes
//! nothing.

use std::ops::Range;

use super::Kind;
use super::hidden::{Fate, fates};
use super::phrase::Found;
use super::plain::Plain;

/// A string that was looked into.
pub(super) struct Leaf<'a> {
    source: &'a [u8],
    plain: Plain,
    phrases: Vec<Found>,
    fates: Vec<Fate>,
}

/// A part of a source that is replaced. A text may be nothing but such parts, so it is kept as short as a spot.
#[derive(Clone, Copy)]
pub(super) struct Edit {
    start: u32,
    end: u32,
    with: With,
}

/// What stands in the place of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Nothing,
    /// What keeps apart what stood around it.
    Replacement,
    Opening,
    Closing,
    /// The notice of this kind.
    Notice(Kind),
}

impl<'a> Leaf<'a> {
    /// Looks into the content of a JSON string; `find` finds phrases in its visible text.
    pub(super) fn new(source: &'a [u8], find: impl FnOnce(&[u8]) -> Vec<Found>) -> Self {
        let plain = Plain::of(source);
        let phrases = find(&plain.text);
        let whole = phrases.iter().filter(|found| found.brackets.is_none());
        let replaced: Vec<_> = whole.map(|found| found.whole.clone()).collect();
        let fates = fates(&plain, &replaced);
        Self { source, plain, phrases, fates }
    }

    /// The kinds of what was found, each once.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let hidden = self.fates.iter().filter_map(|fate| match fate {
            Fate::Told(kind) => Some(*kind),
            _ => None,
        });
        let mut kinds = Vec::new();
        for kind in hidden.chain(self.phrases.iter().map(|found| found.kind)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// What to replace in the source, in order and disjoint.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let mut edits = Vec::new();
        for found in &self.phrases {
            match &found.brackets {
                Some(brackets) => {
                    let round = brackets.iter().zip([With::Opening, With::Closing]);
                    edits.extend(round.map(|(part, with)| Edit::new(self.tight(part), with)));
                }
                None => edits.push(Edit::new(self.wide(&found.whole), With::Notice(found.kind))),
            }
        }
        edits.extend(self.gone());
        edits.sort_by_key(|edit| (edit.start, std::cmp::Reverse(edit.end)));
        let mut end = 0;
        edits.retain(|edit| {
            let apart = edit.start >= end;
            end = end.max(edit.end);
            apart
        });
        edits
    }

    /// What nobody sees and no text needs, several in a row as one part.
    fn gone(&self) -> Vec<Edit> {
        let mut gone: Vec<Edit> = Vec::new();
        for (spot, fate) in self.plain.spots.iter().zip(&self.fates) {
            if *fate == Fate::Stays {
                continue;
            }
            let part = spot.source();
            match gone.last_mut() {
                Some(last) if last.end as usize == part.start => last.end = part.end as u32,
                _ => gone.push(Edit::new(part.clone(), self.filling(part.start))),
            }
        }
        gone
    }

    /// Where a part of the visible text stands in the source, with what is not seen behind it.
    fn wide(&self, part: &Range<usize>) -> Range<usize> {
        self.character(part.start)..self.character(part.end)
    }

    /// The same without what is not seen behind it.
    fn tight(&self, part: &Range<usize>) -> Range<usize> {
        let before = self.plain.spots.partition_point(|spot| spot.at() < part.end);
        self.character(part.start)..self.behind(before, part.end)
    }

    /// Where the character at this offset of the visible text begins in the source.
    fn character(&self, at: usize) -> usize {
        self.behind(self.plain.spots.partition_point(|spot| spot.end() <= at), at)
    }

    /// The place in the source of an offset of the visible text that is behind so many spots.
    fn behind(&self, spots: usize, at: usize) -> usize {
        match spots.checked_sub(1).map(|last| &self.plain.spots[last]) {
            Some(last) => last.source().end + at.saturating_sub(last.end()),
            None => at,
        }
    }

    /// What stands in the place of spots that go, of which the first one begins here: nothing, unless that would make one
    /// character, or one escape, of what stands before and behind them.
    fn filling(&self, start: usize) -> With {
        let before = &self.source[..start];
        let whole = |len: usize| {
            let bytes = before.len().checked_sub(len).map(|from| &before[from..]);
            bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_ok())
        };
        let ends_well = before.is_empty() || (1..=4).any(whole);
        match ends_well && !ends_in_half(before) {
            true => With::Nothing,
            false => With::Replacement,
        }
    }
}

/// Whether the end of this source is the first half of a surrogate pair, or an escape that is not complete.
fn ends_in_half(source: &[u8]) -> bool {
    let slashes = source.iter().rev().take_while(|byte| **byte == b'\\').count();
    let near = &source[source.len().saturating_sub(6)..];
    slashes % 2 == 1
        || near.windows(2).rposition(|pair| pair == b"\\u").is_some_and(|at| {
            let digits = &near[at + 2..];
            let high = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]);
            digits.iter().all(u8::is_ascii_hexdigit) && (digits.len() < 4 || high)
        })
}

impl Edit {
    fn new(part: Range<usize>, with: With) -> Self {
        Self { start: part.start as u32, end: part.end as u32, with }
    }

    /// The same in a source that has so many bytes before it.
    pub(super) fn behind(self, bytes: usize) -> Self {
        let bytes = bytes as u32;
        Self { start: self.start + bytes, end: self.end + bytes, ..self }
    }
}

impl With {
    fn text(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Replacement => "\u{FFFD}",
            Self::Opening => "(",
            Self::Closing => ")",
            Self::Notice(kind) => kind.notice(),
        }
    }
}

/// The frame with these parts replaced, which are in order and disjoint.
pub(super) fn splice(frame: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(frame.len());
    let mut copied = 0;
    for edit in edits {
        out.extend_from_slice(&frame[copied..edit.start as usize]);
        out.extend_from_slice(edit.with.text().as_bytes());
        copied = edit.end as usize;
    }
    out.extend_from_slice(&frame[copied..]);
    out
}
