//! Says what one line is, byte slice by byte slice: a message with its envelope, a batch, or not JSON.
//!
//! The grammar of a message's top level is JSON's, widened by what real servers write: a byte order mark, lone surrogates,
//! invalid UTF-8, NUL and control characters in strings, `NaN` and `Infinity`, numbers of any length. Nothing else
//! passes: `{ a: 1 }` printed by a debugger is not JSON, because a client that meets it may give up the connection.
//! Inside the members only strings and brackets are followed (`nested.rs`), to any depth. There is no recursion, each
//! byte is looked at once however the slices fall, and memory is one short token however long the line: a frame too big
//! to keep is still scanned for its id, which many servers write last.

pub mod members;
mod nested;
#[cfg(test)]
mod tests;
mod token;

use self::nested::Nested;
pub(crate) use self::nested::places;
use self::token::{Token, is_numeric, is_scalar, is_space, is_word, string_end};
use super::envelope::{Envelope, Member, Names, Value};

/// What a line turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// One JSON object, closed, with nothing but white space around it.
    Object(Envelope),
    /// An array of one or more objects, legal in revision 2025-03-26 only; [`messages`] takes it apart.
    Batch,
    /// Anything else.
    NotJson,
}

/// The most messages that one batch may have. A batch of millions of small messages would take many times its size in
/// memory; the largest batch on record has 100.
pub const MAX_BATCH: usize = 1000;

/// Whether a line that is a [`Shape::Batch`] has more than [`MAX_BATCH`] messages.
pub fn is_long_batch(line: &[u8]) -> bool {
    messages(line).nth(MAX_BATCH).is_some()
}

/// The messages of a line that is a [`Shape::Batch`], in order, each with its bytes.
pub fn messages(line: &[u8]) -> impl Iterator<Item = (&[u8], Envelope)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        // Between the objects of a batch stand only brackets, commas and white space.
        let start = rest.iter().position(|byte| *byte == b'{')?;
        let mut scanner = Scanner::default();
        let mut end = start;
        while end < rest.len() && scanner.state != ScanState::Done {
            end = scanner.step(rest, end);
        }
        let message = &rest[start..end];
        rest = &rest[end..];
        Some((message, scanner.envelope))
    })
}

/// A resumable scanner for one line at a time.
#[derive(Debug, Default)]
pub struct Scanner {
    state: ScanState,
    /// Whether the messages are items of an array.
    batch: bool,
    /// The member of the envelope whose value comes next or is being read.
    member: Option<Member>,
    token: Token,
    nested: Nested,
    envelope: Envelope,
    /// The names met in the message.
    names: Names,
}

/// Where in the grammar the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ScanState {
    /// Before everything.
    #[default]
    Start,
    /// In a byte order mark, with so many bytes of it read.
    Mark(u8),
    /// Before the message or the batch.
    Outside,
    /// In a batch, before a message.
    Message,
    /// In a batch, after a message.
    NextMessage,
    /// After `{`: a name or `}`.
    FirstName,
    /// After `,`.
    Name,
    /// After a name.
    Colon,
    /// After `:`.
    Value,
    /// After a value: `,` or `}`.
    Next,
    /// In a name, perhaps right after a `\`.
    InName { escaped: bool },
    /// In a string value, perhaps right after a `\`.
    InText { escaped: bool },
    /// In a number or a word; `number` while every byte could stand in a number.
    InScalar { number: bool },
    /// In an object or an array.
    InNested,
    /// All is closed; white space may follow.
    Done,
    /// Not JSON, whatever follows.
    Failed,
}

impl Scanner {
    /// Scans the next bytes of the line. A line feed is white space here; lines are told apart by the caller.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            at = self.step(bytes, at);
        }
    }

    /// Ends the line, says what it was, and is ready for the next one.
    pub fn finish(&mut self) -> Shape {
        let state = std::mem::take(&mut self.state);
        let batch = std::mem::take(&mut self.batch);
        let envelope = std::mem::take(&mut self.envelope);
        self.member = None;
        self.names = Names::default();
        match state {
            ScanState::Done if batch => Shape::Batch,
            ScanState::Done => Shape::Object(envelope),
            _ => Shape::NotJson,
        }
    }

    /// Scans one token, or what there is of it, and returns where the next one starts.
    fn step(&mut self, bytes: &[u8], at: usize) -> usize {
        match self.state {
            ScanState::InName { escaped } => self.name(bytes, at, escaped),
            ScanState::InText { escaped } => self.text(bytes, at, escaped),
            ScanState::InScalar { number } => self.scalar(bytes, at, number),
            ScanState::InNested => match self.nested.skip(&bytes[at..]) {
                Some(length) => {
                    self.state = ScanState::Next;
                    at + length
                }
                None => bytes.len(),
            },
            ScanState::Failed => bytes.len(),
            state if is_space(bytes[at]) && !matches!(state, ScanState::Mark(_)) => at + 1,
            _ => {
                self.state = self.after(bytes[at]);
                // The first byte of a number or a word is part of it; every other byte read here has said all it says.
                at + usize::from(!matches!(self.state, ScanState::InScalar { .. }))
            }
        }
    }

    /// The state after a byte that is not white space and not inside a token.
    fn after(&mut self, byte: u8) -> ScanState {
        match (self.state, byte) {
            (ScanState::Start, 0xEF) => ScanState::Mark(1),
            (ScanState::Mark(1), 0xBB) => ScanState::Mark(2),
            (ScanState::Mark(2), 0xBF) => ScanState::Outside,
            (ScanState::Start | ScanState::Outside | ScanState::Message, b'{') => {
                ScanState::FirstName
            }
            (ScanState::Start | ScanState::Outside, b'[') => {
                self.batch = true;
                ScanState::Message
            }
            (ScanState::FirstName | ScanState::Name, b'"') => {
                self.start(ScanState::InName { escaped: false })
            }
            (ScanState::Colon, b':') => ScanState::Value,
            (ScanState::Value, b'"') => self.start(ScanState::InText { escaped: false }),
            (ScanState::Value, b'-' | b'0'..=b'9') => {
                self.start(ScanState::InScalar { number: true })
            }
            (ScanState::Value, b'a'..=b'z' | b'A'..=b'Z') => {
                self.start(ScanState::InScalar { number: false })
            }
            (ScanState::Value, b'{' | b'[') => {
                self.settle(Value::Other);
                self.nested = Nested::opened();
                ScanState::InNested
            }
            (ScanState::Next, b',') => ScanState::Name,
            (ScanState::Next | ScanState::FirstName, b'}') if self.batch => {
                self.envelope = Envelope::default();
                self.names = Names::default();
                ScanState::NextMessage
            }
            (ScanState::Next | ScanState::FirstName, b'}') => ScanState::Done,
            (ScanState::NextMessage, b',') => ScanState::Message,
            (ScanState::NextMessage, b']') => ScanState::Done,
            _ => ScanState::Failed,
        }
    }

    /// Starts a token.
    fn start(&mut self, state: ScanState) -> ScanState {
        self.token.clear();
        state
    }

    /// Reads on in a name; at its end, remembers whether it is a member of the envelope.
    fn name(&mut self, bytes: &[u8], at: usize, escaped: bool) -> usize {
        match string_end(bytes, at, escaped) {
            Ok(end) => {
                let name = self.token.whole(&bytes[at..end]);
                self.member = name.and_then(Member::named);
                self.envelope.ambiguous |= name.is_some_and(|name| self.names.meet(name));
                self.state = ScanState::Colon;
                end + 1
            }
            Err(escaped) => {
                self.token.push(&bytes[at..]);
                self.state = ScanState::InName { escaped };
                bytes.len()
            }
        }
    }

    /// Reads on in a string value; at its end, takes it into the envelope where it belongs there.
    fn text(&mut self, bytes: &[u8], at: usize, escaped: bool) -> usize {
        match string_end(bytes, at, escaped) {
            Ok(end) => {
                let mut token = std::mem::take(&mut self.token);
                self.settle(Value::Text(token.whole(&bytes[at..end])));
                self.token = token;
                self.state = ScanState::Next;
                end + 1
            }
            Err(escaped) => {
                self.token.push(&bytes[at..]);
                self.state = ScanState::InText { escaped };
                bytes.len()
            }
        }
    }

    /// Reads on in a number or a word; at its end, fails unless it is one that we know.
    fn scalar(&mut self, bytes: &[u8], at: usize, number: bool) -> usize {
        let rest = &bytes[at..];
        let length = rest.iter().position(|byte| !is_scalar(*byte)).unwrap_or(rest.len());
        let number = number && rest[..length].iter().copied().all(is_numeric);
        if length == rest.len() {
            self.token.push(rest);
            self.state = ScanState::InScalar { number };
            return bytes.len();
        }
        let mut token = std::mem::take(&mut self.token);
        let text = token.whole(&rest[..length]);
        self.state =
            if number || text.is_some_and(is_word) { ScanState::Next } else { ScanState::Failed };
        self.settle(match text {
            _ if number => Value::Number(text),
            Some(b"null") => Value::Null,
            _ => Value::Other,
        });
        self.token = token;
        at + length
    }

    /// Takes a value into the envelope where its name belongs there.
    fn settle(&mut self, value: Value<'_>) {
        if let Some(member) = self.member.take() {
            self.envelope.take(member, value);
        }
    }
}
