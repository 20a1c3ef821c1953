//! The values of a Secret in JSON, or in the notation of Python with single quotes.

use std::ops::Range;

use memchr::memmem;

use super::{DATA, ITEMS, KINDS};

/// The values of the data in the object whose kind stands at `kind`, which is the quote before its name.
pub(super) fn values(text: &[u8], kind: usize) -> Vec<Range<usize>> {
    let Some(start) = object_around(text, kind) else { return Vec::new() };
    let after = text[kind + 1..].iter().skip_while(|byte| **byte != text[kind]).take(64);
    let named: Vec<u8> = after.map(u8::to_ascii_lowercase).collect();
    let quote = char::from(text[kind]);
    let list = memmem::find(&named, format!("{quote}secretlist{quote}").as_bytes()).is_some();
    let mut walk = Walk { text, at: start, values: Vec::new(), kinds: 0 };
    // What the walk has seen before the end, or before what is no JSON, counts: texts are cut.
    walk.object(if list { Place::List } else { Place::Secret }, 0);
    walk.values
}

/// Where the object begins that the key at `at` is in. No other kind may stand before that.
fn object_around(text: &[u8], at: usize) -> Option<usize> {
    let quote = text[at];
    let (mut depth, mut place) = (0_usize, at);
    while let Some(before) = place.checked_sub(1) {
        place = before;
        match text[place] {
            b'}' | b']' => depth += 1,
            b'{' if depth == 0 => return Some(place),
            b'{' | b'[' => depth = depth.checked_sub(1)?,
            byte if byte == quote => {
                let end = place;
                loop {
                    place = memchr::memrchr(quote, &text[..place])?;
                    let escapes = text[..place].iter().rev().take_while(|b| **b == b'\\').count();
                    if escapes.is_multiple_of(2) {
                        break;
                    }
                }
                if text[place + 1..end].eq_ignore_ascii_case(b"kind") {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A Secret.
    Secret,
    /// A list of Secrets.
    List,
    /// The data of a Secret.
    Data,
    /// Anything else.
    Other,
}

/// A strict walk through one object. Each step is `None` where the text is no JSON or ends.
struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    values: Vec<Range<usize>>,
    kinds: usize,
}

/// Objects deeper than this are no manifest.
const DEEPEST: usize = 24;

impl Walk<'_> {
    fn object(&mut self, place: Place, depth: usize) -> Option<()> {
        self.take(b'{')?;
        while self.peek()? != b'}' {
            let name = self.string()?;
            self.take(b':')?;
            let name = &self.text[name];
            self.kinds += usize::from(name.eq_ignore_ascii_case(b"kind"));
            if self.kinds > KINDS {
                return None;
            }
            let inner = match place {
                Place::Secret if DATA.contains(&name) => Place::Data,
                Place::List if name == ITEMS => Place::Secret,
                _ => Place::Other,
            };
            self.value(inner, place == Place::Data, depth + 1)?;
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.take(b'}')
    }

    /// A value; `secret` says that it is one of the data.
    fn value(&mut self, place: Place, secret: bool, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(place, depth),
            b'[' => {
                self.at += 1;
                while self.peek()? != b']' {
                    self.value(place, false, depth + 1)?;
                    if self.peek()? == b',' {
                        self.at += 1;
                    }
                }
                self.take(b']')
            }
            b'"' | b'\'' => {
                let value = self.string()?;
                // One that ends in its middle is the value of a text that was decoded once too often.
                let ends = matches!(self.peek(), None | Some(b',' | b'}' | b']'));
                if secret && ends {
                    self.values.push(value);
                }
                ends.then_some(())
            }
            _ => {
                let bare = |byte: &&u8| !matches!(byte, b',' | b'}' | b']' | b'{' | b'[' | b'"');
                self.at += self.text[self.at..].iter().take_while(bare).count();
                Some(())
            }
        }
    }

    /// The content of the string that comes next.
    fn string(&mut self) -> Option<Range<usize>> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let start = self.at + 1;
        let mut at = start;
        loop {
            at += memchr::memchr2(quote, b'\\', self.text.get(at..)?)?;
            if self.text[at] == quote {
                self.at = at + 1;
                return Some(start..at);
            }
            at += 2;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let blank = self.text.get(self.at..)?.iter().take_while(|b| b.is_ascii_whitespace());
        self.at += blank.count();
        self.text.get(self.at).copied()
    }
}
