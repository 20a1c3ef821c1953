//! One string of a message: what is found in it, and what would be left without that.
//!
//! Markup becomes plain text by round brackets, because taking it out could put the halves of another tag together; a
//! phrase, a trace or an address is replaced by a notice; characters that nobody sees go. Doing it again changes
//! nothing.

use std::ops::Range;

use super::Kind;
use super::hidden::{Fate, fates};
use super::phrase::Found;
use super::plain::{Plain, Spot, What};

/// A string that was looked into.
pub(super) struct Leaf<'a> {
    source: &'a [u8],
    plain: Plain,
    phrases: Vec<Found>,
    fates: Vec<Fate>,
}

/// What stands for a bracket of markup.
const ROUND: [&str; 2] = ["(", ")"];

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

    /// What to replace in the source, and by what; in order and disjoint.
    pub(super) fn edits(&self) -> Vec<(Range<usize>, &'static str)> {
        let mut edits = Vec::new();
        for found in &self.phrases {
            match &found.brackets {
                Some(brackets) => edits.extend(
                    brackets.iter().zip(ROUND).map(|(part, round)| (self.tight(part), round)),
                ),
                None => edits.push((self.wide(&found.whole), found.kind.notice())),
            }
        }
        let mut gone = usize::MAX;
        for (spot, fate) in self.plain.spots.iter().zip(&self.fates) {
            if *fate != Fate::Stays {
                // Of several in a row the first one has seen to what stands before them.
                let filling = if spot.source.start == gone { "" } else { self.filling(spot) };
                gone = spot.source.end;
                edits.push((spot.source.clone(), filling));
            }
        }
        edits.sort_by_key(|(part, _)| (part.start, std::cmp::Reverse(part.end)));
        let mut end = 0;
        edits.retain(|(part, _)| {
            let apart = part.start >= end;
            end = end.max(part.end);
            apart
        });
        edits
    }

    /// Where a part of the visible text stands in the source, with what is not seen behind it.
    fn wide(&self, part: &Range<usize>) -> Range<usize> {
        self.character(part.start)..self.character(part.end)
    }

    /// The same without what is not seen behind it.
    fn tight(&self, part: &Range<usize>) -> Range<usize> {
        let before = self.plain.spots.partition_point(|spot| spot.at < part.end);
        self.character(part.start)..self.behind(before, part.end)
    }

    /// Where the character at this offset of the visible text begins in the source.
    fn character(&self, at: usize) -> usize {
        self.behind(self.plain.spots.partition_point(|spot| end(spot) <= at), at)
    }

    /// The place in the source of an offset of the visible text that is behind so many spots.
    fn behind(&self, spots: usize, at: usize) -> usize {
        match spots.checked_sub(1).map(|last| &self.plain.spots[last]) {
            Some(last) => last.source.end + at.saturating_sub(end(last)),
            None => at,
        }
    }

    /// What stands in the place of a spot that goes: nothing, unless that would make one character, or one escape, of
    /// what stands before and behind it.
    fn filling(&self, spot: &Spot) -> &'static str {
        let before = &self.source[..spot.source.start];
        let whole = |len: usize| {
            let bytes = before.len().checked_sub(len).map(|from| &before[from..]);
            bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_ok())
        };
        let ends_well = before.is_empty() || (1..=4).any(whole);
        match ends_well && !ends_in_half(before) {
            true => "",
            false => "\u{FFFD}",
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

/// Where a spot ends in the visible text.
fn end(spot: &Spot) -> usize {
    spot.at
        + match spot.what {
            What::Spelled(len) => len,
            _ => 0,
        }
}

/// The frame with these parts replaced, which are in order and disjoint.
pub(super) fn splice(frame: &[u8], edits: &[(Range<usize>, &'static str)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(frame.len());
    let mut copied = 0;
    for (part, with) in edits {
        out.extend_from_slice(&frame[copied..part.start]);
        out.extend_from_slice(with.as_bytes());
        copied = part.end;
    }
    out.extend_from_slice(&frame[copied..]);
    out
}
