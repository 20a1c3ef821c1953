//! JSON documents inside a text: a whole one, or some between words.
//!
//! Text that a server returns is often JSON, and a program may read it once more. Where a document begins and ends is
//! found by reading it strictly. What is none is left behind where the error is, so a text is read once however many
//! brackets are in it.

use std::ops::Range;

use memchr::memchr2;

/// The JSON objects and arrays of a text that stand in no other, in order.
pub(super) fn documents(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr2(b'{', b'[', &text[at..])?;
            let mut reader = Reader { text, at: start, open: Vec::new() };
            let whole = reader.document().is_some();
            // What began soon before an error may hide the beginning of a document: `["see {"a": 1}`.
            at = if whole || reader.at > start + NEAR {
                reader.at.max(start + 1)
            } else {
                start + 1
            };
            if whole {
                return Some(start..at);
            }
        }
    })
}

/// Text is read again from the next bracket on if the error is no further away than this, in bytes.
const NEAR: usize = 64;

/// More open containers than this are no document that anybody reads.
const DEEPEST: usize = 1024;

/// A strict reader of JSON (RFC 8259). Each step is `None` at an error, which `at` is near then.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    /// The end of each open container.
    open: Vec<u8>,
}

impl Reader<'_> {
    /// Reads one object or array.
    fn document(&mut self) -> Option<()> {
        self.value()?;
        while let Some(end) = self.open.last().copied() {
            match self.peek()? {
                b',' => {
                    self.at += 1;
                    self.member(end)?;
                }
                byte if byte == end => self.close(),
                _ => return None,
            }
        }
        Some(())
    }

    /// Reads an element of the container that ends so; of an object, its name too.
    fn member(&mut self, end: u8) -> Option<()> {
        if end == b'}' {
            self.string()?;
            self.take(b':')?;
        }
        self.value()
    }

    /// Reads a value; of a container, up to its first value that is none.
    fn value(&mut self) -> Option<()> {
        loop {
            let end = match self.peek()? {
                b'"' => return self.string(),
                b'{' => b'}',
                b'[' => b']',
                _ => return self.bare(),
            };
            self.at += 1;
            self.open.push(end);
            if self.open.len() > DEEPEST {
                return None;
            }
            if self.peek()? == end {
                self.close();
                return Some(());
            }
            if end == b'}' {
                self.string()?;
                self.take(b':')?;
            }
        }
    }

    fn close(&mut self) {
        self.at += 1;
        self.open.pop();
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.at += memchr2(b'"', b'\\', &self.text[self.at..])?;
            let closes = self.text[self.at] == b'"';
            self.at = (self.at + if closes { 1 } else { 2 }).min(self.text.len());
            if closes {
                return Some(());
            }
        }
    }

    /// Reads a number or a literal.
    fn bare(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let len =
            rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let text = &rest[..len];
        let number = text.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-')
            && text.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        (number || [&b"true"[..], b"false", b"null"].contains(&text)).then(|| self.at += len)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        self.at += self.text[self.at..].iter().take_while(blank).count();
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        documents(text.as_bytes()).map(|document| &text[document]).collect()
    }

    #[test]
    fn documents_are_found_between_words_and_nothing_else_is_one() {
        assert_eq!(found(r#"{"a":[1,{"b":null}]}"#), [r#"{"a":[1,{"b":null}]}"#]);
        assert_eq!(
            found(r#"see {"a": "}"} and [] {x} [1, -2.5e3] ["a"#),
            [r#"{"a": "}"}"#, "[]", "[1, -2.5e3]"]
        );
        assert_eq!(
            found(r#"[info] {"a":1} {"b" 2} {"c":"\"{"} ["x {"d":4}"#),
            [r#"{"a":1}"#, r#"{"c":"\"{"}"#, r#"{"d":4}"#]
        );
        for none in ["", "{", "[1,]", "{\"a\"}", "{,}", "[tru]", "{\"a\":1,}", "[\"a", "[1 2]"] {
            assert_eq!(found(none), [""; 0], "{none}");
        }
        assert_eq!(found(&"[".repeat(100_000)), [""; 0]);
    }
}
