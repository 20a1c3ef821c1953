//! A private key that a program logs line by line, each line the text of a JSON record of its own.
//!
//! The header of a key in one string opens it; from then on the string at the same place of later records is part of
//! the key if it is nothing but base64 of a body's length. The records stay, with a marker for that string, and so does
//! everything else. The END of the key closes it, and so do many lines without a part of it, or as much of it as no key
//! has: the mention of a header costs nothing. What is kept is the place and three numbers.

use memchr::memmem;

use super::encoding::is_base64;
use super::hit::{Hit, Label};
use super::json::{Token, Walker};
use super::pem::{BEGIN, END, is_word};
use super::rule;
use super::stream::{BLOCK, FULL_LINE, open_block};
use super::weak::unescaped;
use crate::mcp::fields::Fields;

/// What is known of the key in the records of a stream.
#[derive(Default)]
pub(super) struct KeyInRecords(Option<Open>);

struct Open {
    /// The JSON pointer of the string that had the header.
    place: String,
    /// How many more lines may come without a part of it.
    lines: usize,
    /// How much more of it may come.
    left: usize,
    /// Whether a line of full length was the last part: the last line of a body is a shorter one.
    full: bool,
}

/// How many lines of others may stand between two of a key.
const BETWEEN: usize = 64;

/// The shortest line of a body that may come first: no word is as long.
const SHORTEST: usize = 40;

impl KeyInRecords {
    /// What of these lines is part of a key that an earlier one has opened, in order; takes down what opens one.
    pub(super) fn parts_in(&mut self, line: &[u8]) -> Vec<Hit> {
        let mut parts = Vec::new();
        let begins = memmem::find(line, BEGIN).is_some();
        if self.0.is_none() && !begins {
            return parts;
        }
        self.0.take_if(|open| open.lines == 0 || open.left == 0);
        if let Some(open) = &mut self.0 {
            open.lines -= 1;
        }
        if !line.trim_ascii_start().starts_with(b"{") {
            return parts;
        }
        let mut walker = Walker::new(line.trim_ascii_end(), Fields::default());
        while let Some((token, range)) = walker.next() {
            if token != Token::Text {
                continue;
            }
            let text = unescaped(&line[range.clone()]);
            if begins && open_block(&text).is_some() {
                let (lines, left) = (BETWEEN, BLOCK);
                self.0 = Some(Open { place: walker.pointer(), lines, left, full: false });
            } else if let Some(open) = &mut self.0
                && open.place == walker.pointer()
            {
                if open.takes(&text) {
                    parts.push(Hit::leaf(range, Label::Rule(rule::private_key())));
                }
                if memmem::find(&text, END).is_some() {
                    self.0 = None;
                }
            }
        }
        parts
    }
}

impl Open {
    /// Whether a string is part of the key.
    fn takes(&mut self, text: &[u8]) -> bool {
        let text = text.trim_ascii();
        let is_line_end = |b: u8| matches!(b, b'\r' | b'\n');
        let in_body = |b: &u8| is_base64(*b) || *b == b'=' || is_line_end(*b);
        let short = self.full && text.len().is_multiple_of(4) && !is_word(text);
        if text.is_empty() || !text.iter().all(in_body) || text.len() < SHORTEST && !short {
            return false;
        }
        self.full = text.len() >= FULL_LINE;
        self.lines = BETWEEN;
        self.left = self.left.saturating_sub(text.len());
        true
    }
}
