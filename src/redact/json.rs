//! A walk over the tokens of a JSON text: no tree, no recursion, no copy, and nothing that it refuses.
//!
//! Servers emit lone surrogates, `NaN`, huge numbers and deep nesting, and a token is what a client would take for one:
//! text between quotes, or a run of anything that is neither quoted nor structure. Every byte is in a token, structure or
//! white space, so no hit falls between two tokens. The walk is linear in the text and its memory is bounded.

use std::ops::Range;

use memchr::memchr2;

use crate::mcp::fields::{Fields, Treatment, Zone};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The content of a quoted key.
    Key,
    /// The content of a quoted value.
    Text,
    /// A number, a literal, or anything else without quotes.
    Bare,
}

/// What a walk meets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A token, and where its content stands, without its quotes.
    Token(Token, Range<usize>),
    /// The end of an object or array, and where the whole of it stands.
    Closed(Range<usize>),
}

/// A walk over one text.
pub(super) struct Walker<'a> {
    text: &'a [u8],
    at: usize,
    fields: Fields,
    levels: Vec<Level>,
    /// How many containers are open below the last of `levels`.
    deeper: usize,
}

/// So many open containers are told apart. No client reads so deep; below, every string is text and is replaced, keys
/// too, so that a frame of nothing but brackets costs no more memory than its own.
const DEEPEST: usize = 16 * 1024;

/// An object or array that is open.
struct Level {
    /// Where it begins.
    start: usize,
    zone: Zone,
    place: Step,
}

/// Where in its container the walk is.
enum Step {
    /// In an object, at this key; `None` before the first key and after each comma.
    Key(Option<Range<usize>>),
    /// In an object, at a key that must not be shown.
    Withheld,
    /// In an array, at this index.
    Index(usize),
}

/// A pointer is cut beyond this many bytes, and a longer key is left out of it: the beginning of one could be the
/// beginning of a value.
const POINTER_LIMIT: usize = 256;

impl<'a> Walker<'a> {
    /// A walk from the start of `text`.
    pub(super) fn new(text: &'a [u8], fields: Fields) -> Self {
        Self { text, at: 0, fields, levels: Vec::new(), deeper: 0 }
    }

    /// The next token and where its content stands, without its quotes.
    pub(super) fn next(&mut self) -> Option<(Token, Range<usize>)> {
        loop {
            if let Event::Token(token, range) = self.next_event()? {
                return Some((token, range));
            }
        }
    }

    /// The next token, or the next end of an object or array. What nothing closes ends with the text.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b':' => {}
                b'{' => self.open(Step::Key(None)),
                b'[' => self.open(Step::Index(0)),
                b'}' | b']' => {
                    if let Some(closed) = self.close() {
                        return Some(closed);
                    }
                }
                b',' => self.advance(),
                b'"' => {
                    let (token, range) = self.quoted();
                    return Some(Event::Token(token, range));
                }
                _ => return Some(Event::Token(Token::Bare, self.bare())),
            }
        }
        self.deeper = 0;
        self.close()
    }

    /// What may be done with the token that [`Walker::next`] has just returned.
    pub(super) fn treatment(&self, token: Token) -> Treatment {
        match self.innermost() {
            Some(Level { zone, .. }) if token == Token::Key => self.fields.key(*zone),
            Some(Level { zone, place: Step::Key(Some(key)), .. }) => {
                self.fields.value(*zone, &self.text[key.clone()])
            }
            Some(Level { zone, .. }) => self.fields.value(*zone, b""),
            None => Treatment::Replace,
        }
    }

    /// Where the key stands at which the walk is, unless it is kept out of pointers, and where its object begins.
    pub(super) fn key(&self) -> Option<(Range<usize>, usize)> {
        match self.innermost()? {
            Level { start, place: Step::Key(Some(key)), .. } => Some((key.clone(), *start)),
            _ => None,
        }
    }

    /// Whether the walk is inside data of the server's own shape, where no protocol gives numbers a meaning.
    pub(super) fn in_data(&self) -> bool {
        self.innermost().is_some_and(|level| level.zone == Zone::Data)
    }

    /// Keeps the current key out of pointers.
    pub(super) fn withhold_key(&mut self) {
        if let Some(Level { place: place @ Step::Key(Some(_)), .. }) = self.levels.last_mut() {
            *place = Step::Withheld;
        }
    }

    /// The JSON pointer (RFC 6901) of the current token, safe to show: control characters are replaced, long ones cut.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for level in &self.levels {
            if !self.add_step(&mut pointer, &level.place) {
                break;
            }
        }
        pointer
    }

    /// The same for the value at this key of the object that has just ended.
    pub(super) fn pointer_below(&self, key: Range<usize>) -> String {
        let mut pointer = self.pointer();
        self.add_step(&mut pointer, &Step::Key(Some(key)));
        pointer
    }

    /// Lengthens a pointer by one step; false where it is long enough.
    fn add_step(&self, pointer: &mut String, step: &Step) -> bool {
        if pointer.len() > POINTER_LIMIT {
            if !pointer.ends_with('…') {
                pointer.push('…');
            }
            return false;
        }
        pointer.push('/');
        match step {
            Step::Index(index) => pointer.push_str(&index.to_string()),
            Step::Withheld => pointer.push_str("[withheld]"),
            Step::Key(None) => {}
            Step::Key(Some(key)) if key.len() > POINTER_LIMIT => pointer.push('…'),
            Step::Key(Some(key)) => {
                let key = String::from_utf8_lossy(&self.text[key.clone()]);
                let shown = key.replace('~', "~0").replace('/', "~1");
                pointer.extend(shown.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }));
            }
        }
        true
    }

    /// The level that the walk is in, unless it is too deep to be told.
    fn innermost(&self) -> Option<&Level> {
        self.levels.last().filter(|_| self.deeper == 0)
    }

    fn open(&mut self, place: Step) {
        if self.levels.len() == DEEPEST {
            self.deeper += 1;
            return;
        }
        let zone = match self.levels.last() {
            None => self.fields.outermost(),
            Some(Level { zone, place: Step::Key(Some(key)), .. }) => {
                self.fields.enter(*zone, &self.text[key.clone()])
            }
            Some(Level { zone, place: Step::Withheld, .. }) => self.fields.enter(*zone, b""),
            // An element of an array is what the array is.
            Some(Level { zone, .. }) => *zone,
        };
        self.levels.push(Level { start: self.at - 1, zone, place });
    }

    fn close(&mut self) -> Option<Event> {
        match self.deeper.checked_sub(1) {
            Some(left) => {
                self.deeper = left;
                None
            }
            None => self.levels.pop().map(|level| Event::Closed(level.start..self.at)),
        }
    }

    fn advance(&mut self) {
        if self.deeper > 0 {
            return;
        }
        match self.levels.last_mut().map(|level| &mut level.place) {
            Some(Step::Index(index)) => *index += 1,
            Some(place) => *place = Step::Key(None),
            None => {}
        }
    }

    /// The string whose opening quote is behind us. One that never ends reaches to the end of the text.
    fn quoted(&mut self) -> (Token, Range<usize>) {
        let start = self.at;
        let end = loop {
            match memchr2(b'"', b'\\', &self.text[self.at.min(self.text.len())..]) {
                Some(skip) if self.text[self.at + skip] == b'"' => {
                    self.at += skip + 1;
                    break self.at - 1;
                }
                Some(skip) => self.at += skip + 2,
                None => {
                    self.at = self.text.len();
                    break self.at;
                }
            }
        };
        let content = start..end;
        if self.deeper == 0
            && let Some(Level { place: Step::Key(key @ None), .. }) = self.levels.last_mut()
        {
            *key = Some(content.clone());
            return (Token::Key, content);
        }
        (Token::Text, content)
    }

    fn bare(&mut self) -> Range<usize> {
        let start = self.at - 1;
        let ends = |b: &u8| b" \t\r\n:{}[],\"".contains(b);
        let rest = &self.text[start..];
        self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
        start..self.at
    }

    /// How many bytes the account of open containers takes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.levels.capacity() * size_of::<Level>()
    }
}
