//! Looks into a whole message: the members of an object, the items of an array, each as the bytes it was spelled with.
//!
//! As tolerant as the scanner: only strings and brackets are followed, and whatever does not go on as JSON would ends the
//! walk. A value that no bracket closes reaches to the end of the bytes. Nothing is copied or decoded.

use std::borrow::Cow;
use std::ops::Range;

use super::nested::Nested;
use super::token::{is_scalar, is_space, string_end};

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Its name as it is spelled, without the quotes.
    pub name: &'a [u8],
    /// Its value as it is spelled.
    pub value: &'a [u8],
}

impl<'a> Pair<'a> {
    /// The name that is meant; as it is spelled where its escapes mean nothing.
    pub fn plain_name(&self) -> Cow<'a, str> {
        plain(self.name)
    }
}

/// The members of the object that `bytes` are, in order; none where they are no object.
pub fn members(bytes: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut walk = BracketWalk::into(bytes, b'{');
    std::iter::from_fn(move || {
        let name = walk.value()?;
        let name = bytes[name].strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        walk.skip(b':')?;
        let value = &bytes[walk.value()?];
        walk.next();
        Some(Pair { name, value })
    })
}

/// Where the items of the array that `bytes` are stand in them, in order; none where they are no array.
pub fn items(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut walk = BracketWalk::into(bytes, b'[');
    std::iter::from_fn(move || {
        let item = walk.value()?;
        walk.next();
        Some(item)
    })
}

/// The value of the member of this name; of several the last, as every SDK reads it.
pub fn member<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    members(bytes).filter(|pair| pair.plain_name() == name).last().map(|pair| pair.value)
}

/// The first member of this name, from its value on to the end of the bytes: one pass less for who looks into it next.
pub fn from_member<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut walk = BracketWalk::into(bytes, b'{');
    loop {
        let found = walk.value()?;
        let found = bytes[found].strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        walk.skip(b':')?;
        if plain(found) == name {
            return Some(&bytes[walk.at..]);
        }
        walk.value()?;
        walk.next();
    }
}

/// Where in `whole` a slice of it stands.
pub fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// The text of a string as it is spelled, quotes included; `None` when it is none, or not Unicode.
pub fn text(value: &[u8]) -> Option<String> {
    serde_json::from_slice(value).ok()
}

/// What a name means, which stands without its quotes.
pub(crate) fn plain(name: &[u8]) -> Cow<'_, str> {
    match name.contains(&b'\\') {
        true => text(&[b"\"", name, b"\""].concat()).map(Cow::Owned),
        false => None,
    }
    .unwrap_or_else(|| String::from_utf8_lossy(name))
}

/// Where the object or array ends that begins at `start`; one that nothing closes, at the end of the bytes.
pub fn end_of(bytes: &[u8], start: usize) -> usize {
    let length = Nested::opened().skip(&bytes[start + 1..]);
    length.map_or(bytes.len(), |length| start + 1 + length)
}

/// A walk from value to value inside one bracket.
struct BracketWalk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether another value may come.
    open: bool,
}

impl<'a> BracketWalk<'a> {
    /// Starts behind the bracket that the bytes begin with.
    fn into(bytes: &'a [u8], bracket: u8) -> Self {
        let mark: &[u8] = b"\xEF\xBB\xBF";
        let at = if bytes.starts_with(mark) { mark.len() } else { 0 };
        let mut walk = Self { bytes, at, open: false };
        walk.open = walk.skip(bracket).is_some();
        walk
    }

    fn space(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len());
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    /// Goes on to the next value, if a comma says that there is one.
    fn next(&mut self) {
        self.open = self.skip(b',').is_some();
    }

    /// Passes one value and says where it stands.
    fn value(&mut self) -> Option<Range<usize>> {
        if !self.open {
            return None;
        }
        self.space();
        let start = self.at;
        self.at = match self.bytes.get(start)? {
            b'"' => {
                string_end(self.bytes, start + 1, false).map_or(self.bytes.len(), |end| end + 1)
            }
            b'{' | b'[' => end_of(self.bytes, start),
            _ => {
                let rest = &self.bytes[start..];
                start + rest.iter().position(|byte| !is_scalar(*byte)).unwrap_or(rest.len())
            }
        };
        (self.at > start).then_some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &str) -> Vec<(String, String)> {
        let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        members(bytes.as_bytes()).map(|pair| (utf8(pair.name), utf8(pair.value))).collect()
    }

    #[test]
    fn members_are_found_as_they_are_spelled() {
        let object = r#" {"a" : "x\"}", "\u0062":[1,{"c":"]"}] ,"d":NaN,"e":{} } "#;
        let expected =
            [("a", r#""x\"}""#), (r"\u0062", r#"[1,{"c":"]"}]"#), ("d", "NaN"), ("e", "{}")];
        assert_eq!(
            shown(object),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(member(object.as_bytes(), "b"), Some(&br#"[1,{"c":"]"}]"#[..]));
        assert_eq!(member(br#"{"a":1,"a":2}"#, "a"), Some(&b"2"[..]));
        assert_eq!(member(object.as_bytes(), "c"), None);
        let behind = from_member(object.as_bytes(), "d").map(<[u8]>::trim_ascii);
        assert_eq!(behind, Some(&br#"NaN,"e":{} }"#[..]));
        assert_eq!(from_member(object.as_bytes(), "c"), None);
        assert_eq!(member("\u{FEFF}{\"a\":1}".as_bytes(), "a"), Some(&b"1"[..]));
    }

    #[test]
    fn items_are_found_where_they_stand() {
        let array = br#"[ {"a":[","]}, "x" ,3]"#;
        let found: Vec<_> = items(array).map(|item| &array[item]).collect();
        assert_eq!(found, [&br#"{"a":[","]}"#[..], br#""x""#, b"3"]);
        assert_eq!(items(b"[]").count() + items(b"{}").count() + items(b"7").count(), 0);
    }

    #[test]
    fn what_is_cut_off_or_odd_ends_the_walk() {
        for (odd, found) in
            [("{\"a\":1", 1), ("{\"a\"", 0), ("{a:1}", 0), ("{\"a\":1 \"b\":2}", 1), ("", 0)]
        {
            assert_eq!(shown(odd).len(), found, "{odd}");
        }
        assert_eq!(shown("{\"a\":[1").first().map(|pair| &*pair.1), Some("[1"));
    }
}
