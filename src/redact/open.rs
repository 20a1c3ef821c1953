//! Whether a folded value may go on behind the end of a line: what a stream has to know before it writes the line.
//!
//! Nearly no line ends with a piece of a value, so a bit table of each four bytes in a row of every spelling says so
//! first: in nearly all lines every fifth is looked up and none is there.

use super::encoding::{Form, PIECE, Sought};
use super::finder::HEAD;

/// How far before the end of a line a piece may end: what a frame, or a column behind the text, may take.
const TAIL: usize = 160;

/// How many bits tell four bytes apart. Of a table of 32 KiB a log touches little.
const BITS: u32 = 18;

/// The pieces of all spellings. It holds one bit for many groups of four bytes, from which nothing can be read back.
pub(super) struct Pieces {
    bits: Box<[u64; 1 << (BITS - u64::BITS.ilog2())]>,
}

/// What the last line of a stream may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// No folded value goes on behind it.
    Closed,
    /// One may begin in it.
    Begins,
    /// One goes on in it that stands in the line before.
    GoesOn,
}

impl Pieces {
    pub(super) fn new(forms: &[(usize, Form)]) -> Self {
        let mut pieces = Self { bits: Box::new([0; 1 << (BITS - u64::BITS.ilog2())]) };
        for (_, form) in forms {
            form.each_four(|four| {
                let (word, bit) = slot(four);
                pieces.bits[word] |= bit;
            });
        }
        pieces
    }

    /// What the last line of `lines` is, and whether its piece begins in the line `before` these, which has been written.
    /// The last piece of the line decides.
    pub(super) fn end(&self, forms: &[(usize, Form)], lines: &[u8], before: &[u8]) -> (End, bool) {
        let text = lines.trim_ascii_end();
        let first = memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        let from = first.max(text.len().saturating_sub(TAIL));
        let (mut end, mut fronted) = (End::Closed, false);
        // What goes on from the line before, then the longest piece, says where in which spelling this is.
        let mut best = (false, 0);
        let (mut until, mut pieces) = (text.len(), 0);
        while !best.0
            && pieces < PIECE
            && let Some(place) = self.last(&text[from..until])
        {
            let sought = Sought::new(&text[from + place..][..PIECE]);
            for (_, form) in forms {
                for offset in form.places_of(&sought) {
                    let piece = form.piece(text, from + place, offset);
                    fronted |= first == 0 && form.begins_in(before, text, &piece);
                    let goes_on = piece.theirs.start < first
                        || first > 0 && form.piece_before(text, &piece).is_some();
                    let rank = (goes_on, piece.theirs.len());
                    if rank > best {
                        (best, end) = (rank, End::Closed);
                    }
                    if rank == best && form.may_go_on(text, &piece) {
                        end = if goes_on { End::GoesOn } else { End::Begins };
                    }
                }
            }
            // A few bytes behind a piece may belong to another spelling only.
            pieces += usize::from(best.1 > 0);
            until = from + place + PIECE - 1;
        }
        if end == End::Closed && !best.0 && self.ends_with_short(forms, &text[from..]) {
            end = End::Begins;
        }
        (end, fronted)
    }

    /// Whether a line ends with the first piece of a spelling so short that no piece of it is long.
    fn ends_with_short(&self, forms: &[(usize, Form)], line: &[u8]) -> bool {
        let word = line.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at + 1);
        let may = |end: usize| end.checked_sub(HEAD).is_some_and(|start| self.has(line, start));
        let may = may(line.len()) || may(word);
        may && forms.iter().any(|(_, form)| form.is_short() && form.begins_at_end_of_line(line))
    }

    /// The last place at which a piece may stand, by each four bytes of it.
    fn last(&self, text: &[u8]) -> Option<usize> {
        let mut end = text.len();
        while let Some(start) = end.checked_sub(PIECE) {
            // A window with four bytes that are none of ours is no piece.
            match (start..=end - HEAD).find(|at| !self.has(text, *at)) {
                Some(none) => end = none + HEAD - 1,
                None => return Some(start),
            }
        }
        None
    }

    fn has(&self, text: &[u8], at: usize) -> bool {
        let (word, bit) = text[at..].first_chunk().map_or((0, 0), |four| slot(*four));
        self.bits[word] & bit != 0
    }
}

/// Where four bytes have their bit. Case is left out: hex has two.
fn slot(four: [u8; HEAD]) -> (usize, u64) {
    let folded = u32::from_le_bytes(four) | 0x2020_2020;
    let hash = (folded.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BITS)) as usize;
    (hash / 64, 1 << (hash % 64))
}
