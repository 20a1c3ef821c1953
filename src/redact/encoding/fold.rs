//! Spellings that a program folded over several lines, with anything in the margin.
//!
//! Loggers fold at the width of a terminal and put a frame, an indent, a line number or a time stamp around each piece.
//! No list of margins is complete, so margins are not looked for: a piece of the spelling is, and then the spelling itself
//! says how it goes on. A few literals from its middle are enough to find one piece of any fold that is at least
//! [`PIECE`] wide; from there the pieces before and behind it are looked for across a short gap, one after the other.
//! Only what the spelling says is taken, and only if enough of it stands there in order.

use std::ops::Range;

use memchr::memmem::Finder;

use super::{Alphabet, Ends, Form, is_base64, telling, widen};
use crate::redact::finder::{HEAD, Literal};

/// The narrowest fold, and the shortest piece of a longer spelling that must not be left. In bytes.
pub(in crate::redact) const PIECE: usize = 8;

/// How many bytes of the next piece must stand behind a gap. Programs that never cut an escape (`\u0041`) fold a bit
/// narrower than their width.
const CERTAIN: usize = 6;

/// A piece as short as this counts only where the margin ends, because it may stand anywhere by chance.
const SHORT: usize = 4;

/// How many bytes may stand between two pieces, without white space: a time stamp, a level, a name of a pod, a file.
const GAP: usize = 128;

/// How many bytes may stand between two pieces in all.
const WIDEST_GAP: usize = 1024;

/// How many bytes of a margin may go on as the spelling does, by chance: `<` of `</td>` behind a piece.
const ALIKE: usize = 3;

/// How much of a spelling holds one whole piece, wherever it is folded.
const REGION: usize = 2 * PIECE;

/// A part of a spelling that stands in a text.
#[derive(Clone)]
pub(in crate::redact) struct Piece {
    /// Which part of the spelling.
    ours: Range<usize>,
    /// Where it stands in the text.
    pub(in crate::redact) theirs: Range<usize>,
}

impl Form {
    /// Literals of which each piece of this spelling in its middle has one, with their places in the spelling. The middle
    /// is in every half of it, and less than half does not count.
    pub(in crate::redact) fn piece_literals(&self) -> Vec<(usize, Literal)> {
        let (len, piece) = (self.text.len(), self.shortest_piece());
        let Some(stride) = (piece + 1).checked_sub(HEAD).filter(|stride| *stride > 0) else {
            return Vec::new();
        };
        let middle = len / 2;
        let region = match middle.checked_sub(REGION) {
            Some(start) if len > 2 * REGION => start..middle + REGION,
            _ => 0..len,
        };
        let mut literals = Vec::new();
        let mut from = region.start;
        while from + HEAD <= region.end {
            let last = (from + stride - 1).min(region.end - HEAD);
            let best = (from..=last).max_by_key(|at| (telling(&self.text[*at..at + HEAD]), *at));
            let at = best.unwrap_or(from);
            literals.extend(self.literals_at(at).into_iter().map(|literal| (at, literal)));
            from = at + 1;
        }
        literals
    }

    fn literals_at(&self, at: usize) -> Vec<Literal> {
        let text = &self.text[at..at + HEAD];
        let any_case = self.alphabet == Alphabet::Hex;
        let mut literals = vec![Literal { bytes: text.to_vec().into(), any_case }];
        if matches!(self.alphabet, Alphabet::Base64 { .. }) {
            let url = super::url_safe(text);
            if url != text {
                literals.push(Literal { bytes: url.into(), any_case });
            }
        }
        literals
    }

    /// The pieces of this spelling in `text`, in order, if it is folded there: one of its literals from `offset` on
    /// stands at `at`.
    pub(in crate::redact) fn folded(
        &self,
        text: &[u8],
        at: usize,
        offset: usize,
    ) -> Option<Vec<Range<usize>>> {
        let found = self.piece(text, at, offset);
        if found.ours.len() < self.shortest_piece() || found.ours.len() == self.text.len() {
            return None;
        }
        let mut pieces = Vec::new();
        let mut first = found.clone();
        while let Some(piece) = self.piece_before(text, &first) {
            pieces.push(std::mem::replace(&mut first, piece));
        }
        pieces.push(first.clone());
        pieces.reverse();
        let mut last = found;
        while let Some(piece) = self.piece_behind(text, &last) {
            pieces.push(piece.clone());
            last = piece;
        }
        let enough = match pieces.len() {
            1 => self.is_enough_alone(text, &first),
            _ => self.must.saturating_sub(last.ours.end - first.ours.start) <= self.unsure(),
        };
        enough.then(|| pieces.into_iter().map(|piece| self.widened(text, &piece)).collect())
    }

    /// Whether a piece counts of which no other one was found. It must be an end of the spelling. A few bytes may be missing
    /// that stand in the next line: alone they are too short to be sure of.
    fn is_enough_alone(&self, text: &[u8], piece: &Piece) -> bool {
        let (ours, theirs) = (&piece.ours, &piece.theirs);
        // What a stream writes begins with a line.
        let is_line_end = |b: &u8| matches!(b, b'\n' | b'"');
        let is_cut = if ours.start == 0 {
            text[theirs.end..].iter().take(GAP).any(is_line_end)
        } else if self.is_whole_behind(piece) {
            theirs.start < GAP || text[theirs.start - GAP..theirs.start].iter().any(is_line_end)
        } else {
            return false;
        };
        let all_but_few = ours.len() >= PIECE && self.text.len() - ours.len() < SHORT;
        let counts = ours.start == 0 || self.ends != Ends::First;
        counts && ours.len() >= self.must || is_cut && all_but_few
    }

    /// How many bytes at the ends of this spelling may be missing where it is folded.
    fn unsure(&self) -> usize {
        (self.must / 4).min(2 * (SHORT - 1))
    }

    /// All that stands around `at` of this spelling, where the byte at `offset` of it stands.
    pub(in crate::redact) fn piece(&self, text: &[u8], at: usize, offset: usize) -> Piece {
        let (before, after) = self.matching(text, at, offset);
        Piece { ours: offset - before..offset + after, theirs: at - before..at + after }
    }

    /// The piece in front of this one.
    pub(in crate::redact) fn piece_before(&self, text: &[u8], piece: &Piece) -> Option<Piece> {
        let (ours, theirs) = (&piece.ours, &piece.theirs);
        if ours.start == 0 {
            return None;
        }
        let may_begin_line = |alike: &usize| {
            let start = theirs.start + alike;
            (*alike == 0 || ours.start >= SHORT)
                && (start == 0 || !text[start - 1].is_ascii_alphanumeric())
        };
        (0..=ALIKE.min(ours.len())).filter(may_begin_line).find_map(|alike| {
            self.piece_that_ends_at(text, ours.start + alike, theirs.start + alike)
        })
    }

    /// The piece in front of a gap that ends at `theirs`, where the byte at `ours` of the spelling stands.
    fn piece_that_ends_at(&self, text: &[u8], ours: usize, theirs: usize) -> Option<Piece> {
        let len = ours.min(CERTAIN);
        if len == 0 {
            return None;
        }
        let wanted = &self.text[ours - len..ours];
        let reach = reach(text[..theirs].iter().rev());
        let gap = &text[theirs - reach..theirs];
        let mut places = (0..=gap.len().checked_sub(len)?).rev();
        let start = if len < SHORT {
            // The end of the line before, and nothing but a frame behind it.
            let line = memchr::memrchr(b'\n', gap)?;
            self.at_end_of(&gap[..line], wanted)?
        } else {
            places.find(|at| {
                self.stands(&gap[*at..], wanted)
                    && self.is_gap(&gap[at + len..], *wanted.last().unwrap_or(&0))
            })?
        };
        let end = theirs - reach + start + len;
        let (before, _) = self.matching(text, end, ours);
        Some(Piece { ours: ours - before..ours, theirs: end - before..end })
    }

    /// The piece behind this one.
    pub(in crate::redact) fn piece_behind(&self, text: &[u8], piece: &Piece) -> Option<Piece> {
        let (ours, theirs) = (&piece.ours, &piece.theirs);
        // All of it is taken: a few bytes more in the next line are not of it, or tell nothing.
        if self.is_whole_behind(piece) {
            return None;
        }
        let left = self.text.len() - ours.end;
        let may_end_line = |alike: &usize| {
            (*alike == 0 || left >= SHORT) && may_be_margin(&text[theirs.end - alike..])
        };
        (0..=ALIKE.min(ours.len())).filter(may_end_line).find_map(|alike| {
            let end = theirs.end - alike;
            self.piece_that_begins_at(text, ours.end - alike, theirs.start..end)
        })
    }

    /// The piece with the byte at `ours` of the spelling and what follows, behind the gap that follows the piece `before`.
    fn piece_that_begins_at(
        &self,
        text: &[u8],
        ours: usize,
        before: Range<usize>,
    ) -> Option<Piece> {
        let theirs = before.end;
        let len = (self.text.len() - ours).min(CERTAIN);
        if len == 0 {
            return None;
        }
        let wanted = &self.text[ours..ours + len];
        let gap = &text[theirs..theirs + reach(text[theirs..].iter())];
        let start = if len < SHORT {
            let next = memchr::memchr(b'\n', gap)? + 1;
            let before = line_with(text, before.start);
            // The first line of a string begins behind a quotation mark, which may not be the last one: the value may be
            // quoted itself.
            let strings = memchr::memchr_iter(b'"', before).map(|quote| &before[quote + 1..]);
            let margins = strings.chain([before]).map(|before| margin(before, &gap[next..]));
            let margin = margins.max().unwrap_or_default();
            let indent = gap[next..].iter().take_while(|b| is_frame(**b)).count();
            let stands = |at: &usize| gap.get(*at..).is_some_and(|text| self.stands(text, wanted));
            (next..=next + margin.max(indent)).rev().find(stands)?
        } else {
            let last = self.text[..ours].last().copied().unwrap_or_default();
            let mut places = 0..=gap.len().checked_sub(len)?;
            places.find(|at| self.stands(&gap[*at..], wanted) && self.is_gap(&gap[..*at], last))?
        };
        let start = theirs + start;
        let (_, after) = self.matching(text, start, ours);
        Some(Piece { ours: ours..ours + after, theirs: start..start + after })
    }

    /// Whether something that ends a line or a string stands between two pieces, of which the first ends with `last`.
    fn is_gap(&self, gap: &[u8], last: u8) -> bool {
        last == b'\n' || gap.iter().any(|b| matches!(b, b'\n' | b'"'))
    }

    fn stands(&self, text: &[u8], wanted: &[u8]) -> bool {
        let same = |(ours, theirs): (&u8, &u8)| self.alphabet.same(*ours, *theirs);
        text.len() >= wanted.len() && wanted.iter().zip(text).all(same)
    }

    /// With the characters beside it that hold some bits of the value.
    fn widened(&self, text: &[u8], piece: &Piece) -> Range<usize> {
        let Alphabet::Base64 { before, after } = self.alphabet else { return piece.theirs.clone() };
        let left = before && piece.ours.start == 0;
        let right = piece.ours.end == self.text.len();
        if right {
            return widen(text, piece.theirs.clone(), left, after);
        }
        let start = piece.theirs.start;
        let shared = left && start > 0 && is_base64(text[start - 1]);
        start - usize::from(shared)..piece.theirs.end
    }

    /// The shortest piece by which this spelling is found.
    fn shortest_piece(&self) -> usize {
        self.text.len().div_ceil(2).min(PIECE)
    }

    /// Whether nothing is missing behind this piece.
    fn is_whole_behind(&self, piece: &Piece) -> bool {
        piece.ours.end == self.text.len()
    }

    /// Whether this spelling may go on in the next line behind a piece in the last line of `text`.
    pub(in crate::redact) fn may_go_on(&self, text: &[u8], piece: &Piece) -> bool {
        let alike = 0..=ALIKE.min(piece.ours.len());
        !self.is_whole_behind(piece)
            && alike.into_iter().any(|alike| may_be_margin(&text[piece.theirs.end - alike..]))
    }

    /// Whether the few bytes that are missing in front of a piece in `text` stand in the line `before` it.
    pub(in crate::redact) fn begins_in(&self, before: &[u8], text: &[u8], piece: &Piece) -> bool {
        if !(1..PIECE).contains(&piece.ours.start) {
            return false;
        }
        let Range { start, end } = piece.theirs;
        let joined = [before, b"\n", &text[..end]].concat();
        let shift = before.len() + 1;
        let piece = Piece { ours: piece.ours.clone(), theirs: start + shift..end + shift };
        self.piece_before(&joined, &piece).is_some()
    }

    /// Where these bytes of the spelling stand at the end of a line, but for a frame.
    fn at_end_of(&self, line: &[u8], wanted: &[u8]) -> Option<usize> {
        let margin = line.iter().rev().take_while(|b| is_frame(**b)).count();
        let last = line.len().checked_sub(wanted.len())?;
        (last.saturating_sub(margin)..=last).rev().find(|at| self.stands(&line[*at..], wanted))
    }

    /// Whether it may be folded into two pieces of which neither is a long one.
    pub(in crate::redact) fn is_short(&self) -> bool {
        self.text.len() < 2 * PIECE
    }

    /// Whether a line ends with a beginning of this spelling, but for a frame.
    pub(in crate::redact) fn begins_at_end_of_line(&self, line: &[u8]) -> bool {
        (HEAD..self.text.len()).any(|len| self.at_end_of(line, &self.text[..len]).is_some())
    }

    /// The places at which these bytes stand in the spelling.
    pub(in crate::redact) fn places_of<'a>(
        &'a self,
        piece: &'a Sought<'a>,
    ) -> impl Iterator<Item = usize> + 'a {
        let finder = match self.alphabet {
            Alphabet::Exact => &piece.exact,
            Alphabet::Hex => &piece.hex,
            Alphabet::Base64 { .. } => &piece.base64,
        };
        // One may begin inside another: eight bytes of an escape that stands three times in a row.
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + finder.find(self.text.get(from..)?)?;
            from = at + 1;
            Some(at)
        })
    }

    /// Everything that must be known to see a piece of this spelling: each four bytes in a row, in each way that its
    /// alphabet has.
    pub(in crate::redact) fn each_four(&self, mut found: impl FnMut([u8; HEAD])) {
        let mut all =
            |text: &[u8]| text.windows(HEAD).filter_map(|w| w.try_into().ok()).for_each(&mut found);
        all(&self.text);
        if matches!(self.alphabet, Alphabet::Base64 { .. }) {
            all(&zeroize::Zeroizing::new(super::url_safe(&self.text)));
        }
    }
}

/// A piece of a text that is looked for in every spelling: as it is, and as spellings of hex and of base64 are kept.
pub(in crate::redact) struct Sought<'a> {
    exact: Finder<'a>,
    hex: Finder<'static>,
    base64: Finder<'static>,
}

impl<'a> Sought<'a> {
    pub(in crate::redact) fn new(piece: &'a [u8]) -> Self {
        let hex = piece.to_ascii_lowercase();
        let base64 = super::standard(piece);
        let owned = |bytes: &[u8]| Finder::new(bytes).into_owned();
        Self { exact: Finder::new(piece), hex: owned(&hex), base64: owned(&base64) }
    }
}

/// How far a gap may reach into these bytes.
fn reach<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    let mut left = GAP;
    let counts = |b: &&u8| {
        left = left.saturating_sub(usize::from(!b.is_ascii_whitespace()));
        left > 0
    };
    bytes.take(WIDEST_GAP).take_while(counts).count()
}

/// The line that `at` is in, up to there and from not too far before that on.
fn line_with(text: &[u8], at: usize) -> &[u8] {
    let line = &text[at.saturating_sub(WIDEST_GAP)..at];
    &line[memchr::memrchr(b'\n', line).map_or(0, |newline| newline + 1)..]
}

/// How many bytes at the start of a line are like those of the line before it, but for numbers: they count lines or time.
fn margin(before: &[u8], line: &[u8]) -> usize {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (mut theirs, mut ours) = (0, 0);
    loop {
        let (before, line) = (&before[theirs..], &line[ours..]);
        match (digits(before), digits(line)) {
            (0, 0) if before.first() == line.first() && !line.is_empty() && line[0] != b'\n' => {
                (theirs, ours) = (theirs + 1, ours + 1);
            }
            (0, _) | (_, 0) => return ours,
            (their, our) => (theirs, ours) = (theirs + their, ours + our),
        }
    }
}

/// Whether what stands behind a piece on its line may be a margin: not more of a word, and no sign that belongs to one.
fn may_be_margin(rest: &[u8]) -> bool {
    rest.first()
        .is_none_or(|b| !b.is_ascii() || b.is_ascii_whitespace() || b"|\"'`\\+,;<".contains(b))
}

/// Whether this may belong to a frame or an indent, and to no word.
fn is_frame(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'\n'
}
