//! Markers: what stands in place of a secret, and where one is on its way back.
//!
//! A marker that is written over a real credential destroys it, so the arguments of a call are looked through for one.
//! Looked for is exactly what this redactor, or that of another server of the manifest, could have written, in every
//! spelling that a server would read as that: JSON escapes, JSON inside text, percent escapes, HTML's references, and
//! base64, in which tools take the content of a file. The word in it has no letter that a model or an encoder would
//! write as `%68` or `&#104;` (RFC 3986, 2.3, has letters never encoded), so text without that word is passed over. Text
//! that only mentions how markers begin is none. The cost is linear, and next to nothing for text without a trace of one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use memchr::memmem::{self, Finder};

use super::Redactor;
use super::encoding::LENIENT;
use super::json::Walker;
use super::shown::NAMED;
use super::view::LAYERS;
use crate::mcp::fields::Fields;

/// How every marker begins.
pub(super) const MARKER: &str = "[hushpipe:";

/// The base64 of [`MARKER`] behind a multiple of three bytes, one more and two more: what it decides of it, and how
/// many characters before that have a part in it.
const ENCODED: [(&str, usize); 3] =
    [("W2h1c2hwaXBlO", 0), ("todXNocGlwZT", 2), ("baHVzaHBpcGU6", 3)];

/// What stands in place of a secret. A name's odd characters are left out: the marker goes into JSON as it is.
pub(super) fn marker(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' };
    format!("{MARKER}{}]", name.chars().map(plain).collect::<String>())
}

/// A marker on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The marker.
    pub marker: String,
    /// The JSON pointer of what it stands in.
    pub place: String,
}

/// What it is and where.
impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at `{}`", self.marker, self.place)
    }
}

/// The markers that a redactor can have written.
pub(super) struct Written {
    markers: HashSet<String>,
    longest: usize,
}

impl Written {
    /// These are all.
    pub(super) fn new(markers: &[String]) -> Self {
        let longest = markers.iter().map(String::len).max().unwrap_or_default();
        Self { markers: markers.iter().cloned().collect(), longest }
    }

    fn add(&mut self, marker: String) {
        self.longest = self.longest.max(marker.len());
        self.markers.insert(marker);
    }

    /// The first marker in a JSON string as it is spelled, without its quotes.
    fn first_in(&self, leaf: &[u8]) -> Option<&str> {
        if !may_hold_marker(leaf) {
            return None;
        }
        let mut view = Cow::Borrowed(leaf);
        let found = |view: &[u8]| {
            let referred = || self.first_plain(&without_references(view)?);
            self.first_plain(view).or_else(|| self.first_encoded(view)).or_else(referred)
        };
        let mut layers = LAYERS.iter().filter(|layer| layer.is_spelling());
        loop {
            if let Some(marker) = found(&view) {
                return Some(marker);
            }
            view = layers.by_ref().find_map(|layer| layer.peel(&view))?.into();
        }
    }

    fn first_plain(&self, text: &[u8]) -> Option<&str> {
        let begins = |at| self.at_start_of(&text[at..]);
        memmem::find_iter(text, MARKER).find_map(begins)
    }

    /// What stands in place of a block of base64, and in a file that a tool takes as base64.
    fn first_encoded(&self, text: &[u8]) -> Option<&str> {
        // Decoded is no more than a marker takes, so that many beginnings cost no more than long ones.
        let most = self.longest.div_ceil(3) * 4 + 4;
        let decoded = |at: usize| {
            let in_block = |c: &&u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/');
            let run = text[at..].iter().take(most).take_while(in_block).count();
            // A rest of one character decides no byte.
            let run = if run % 4 == 1 { run - 1 } else { run };
            let bytes = LENIENT.decode(&text[at..at + run]).ok()?;
            self.at_start_of(&bytes[memmem::find(&bytes, MARKER.as_bytes())?..])
        };
        ENCODED.iter().find_map(|(part, before)| {
            let begins = |at: usize| decoded(at.checked_sub(*before)?);
            memmem::find_iter(text, part).find_map(begins)
        })
    }

    fn at_start_of(&self, text: &[u8]) -> Option<&str> {
        let within = &text[..text.len().min(self.longest)];
        let end = memchr::memchr(b']', within)? + 1;
        let marker = std::str::from_utf8(&within[..end]).ok()?;
        self.markers.get(marker).map(String::as_str)
    }
}

/// The text with what HTML writes for ASCII characters undone, of those with a name only the ones of a marker; `None`
/// where there is none of that.
fn without_references(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut copied = 0;
    for at in memchr::memchr_iter(b'&', text) {
        let Some((c, end)) = reference(&text[at + 1..]) else { continue };
        plain.extend_from_slice(&text[copied..at]);
        plain.push(c);
        copied = at + 1 + end;
    }
    plain.extend_from_slice(&text[copied..]);
    (copied > 0).then_some(plain)
}

/// The character of which the reference goes on so, behind its `&`, and its length.
fn reference(rest: &[u8]) -> Option<(u8, usize)> {
    const LONGEST: usize = "#0000091".len();
    let end = rest.iter().take(LONGEST + 1).position(|b| *b == b';')?;
    let code = match std::str::from_utf8(&rest[..end]).ok()? {
        "lsqb" | "lbrack" => b'[',
        "rsqb" | "rbrack" => b']',
        "colon" => b':',
        name => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => u8::from_str_radix(digits, 16).ok()?,
            None => name[1..].parse().ok()?,
        },
    };
    code.is_ascii().then_some((code, end + 1))
}

/// Whether there may be a marker in a JSON text, in whatever spelling.
///
/// What no escape hides has the word in it, brackets or not; what one hides has an escape of an ASCII character, and
/// JSON has only this for letters. Hardly any call has either.
fn may_hold_marker(json: &[u8]) -> bool {
    static TRACES: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
        let encoded = ENCODED.iter().map(|(part, _)| *part);
        ["hushpipe", "\\u00"].into_iter().chain(encoded).map(Finder::new).collect()
    });
    TRACES.iter().any(|trace| trace.find(json).is_some())
}

impl Redactor {
    /// The same redactor, which also knows the markers of these names on their way back: another server's answer may have
    /// held one, and this server writes files.
    pub fn beside<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        names.into_iter().for_each(|name| self.written.add(marker(name)));
        self
    }

    /// The first markers in a JSON text that is sent to the server and stands at `place` of its message.
    pub fn markers_in(&self, json: &[u8], place: &str) -> Vec<Returned> {
        let mut found = Vec::new();
        if !may_hold_marker(json) {
            return found;
        }
        let mut walker = Walker::new(json, Fields::default());
        while let Some((_, range)) = walker.next() {
            let Some(marker) = self.written.first_in(&json[range]) else { continue };
            let place = format!("{place}{}", self.pointer_shown(&walker.pointer()));
            found.push(Returned { marker: marker.to_owned(), place });
            if found.len() == NAMED {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
    use serde_json::{Value, json};

    use super::*;
    use crate::redact::spelling::{armed, escape_all};

    /// What is found of the markers of `TOKEN` and of the rules.
    fn found(json: &str) -> Vec<(String, String)> {
        let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
        let found = redactor.markers_in(json.as_bytes(), "");
        found.into_iter().map(|found| (found.marker, found.place)).collect()
    }

    fn token_at(place: &str) -> Vec<(String, String)> {
        vec![("[hushpipe:TOKEN]".to_owned(), place.to_owned())]
    }

    #[test]
    fn a_marker_is_found_wherever_it_stands() {
        let marker = "[hushpipe:TOKEN]";
        for (arguments, place) in [
            (json!({"a": marker}), "/a"),
            (json!({"a": {"b": [0, format!("x{marker}y")]}}), "/a/b/1"),
            (json!({(format!("{marker}#2")): 1}), "/[hushpipe:TOKEN]#2"),
            (json!(marker), ""),
            (json!([[[marker]]]), "/0/0/0"),
            (json!({"a": json!({"b": json!({"c": marker}).to_string()}).to_string()}), "/a"),
            (json!({"a": "[hushpipe:[hushpipe:TOKEN]"}), "/a"),
            (json!({"url": "https://h/?k=%5Bhushpipe%3ATOKEN%5D&x=1"}), "/url"),
        ] {
            assert_eq!(found(&arguments.to_string()), token_at(place), "{arguments}");
        }
        assert_eq!(found(r#"{"a":[hushpipe:TOKEN]}"#).len(), 0, "that is no JSON of any kind");
    }

    #[test]
    fn a_marker_is_found_in_every_spelling_of_json() {
        let marker = "[hushpipe:TOKEN]";
        let mut spellings =
            vec![escape_all(marker), escape_all(marker).to_uppercase().replace("\\U", "\\u")];
        for (at, c) in marker.char_indices() {
            let escaped = format!("\\u{:04x}", u32::from(c));
            spellings.push(format!("{}{escaped}{}", &marker[..at], &marker[at + 1..]));
        }
        for spelling in spellings {
            assert_eq!(
                found(&format!("{{\"a\":\"x {spelling} y\"}}")),
                token_at("/a"),
                "{spelling}"
            );
            let nested = json!({"a": format!("{{\"b\":\"{spelling}\"}}")}).to_string();
            assert_eq!(found(&nested), token_at("/a"), "{nested}");
            let twice = json!({"a": nested}).to_string();
            assert_eq!(found(&twice), token_at("/a"), "{twice}");
        }
    }

    #[test]
    fn a_marker_is_found_where_html_or_an_url_spells_its_brackets() {
        for spelling in [
            "&#91;hushpipe:TOKEN&#93;",
            "&#x5b;hushpipe&#x3A;TOKEN&#x5D;",
            "&#0091;hushpipe&colon;TOKEN&#0093;",
            "&lbrack;hushpipe:TOKEN&rbrack;",
            "&lsqb;hushpipe:TOKEN&rsqb;",
            "%5Bhushpipe:TOKEN%5D",
            "%5bhushpipe%3aTOKEN%5d",
            "%26%2391;hushpipe:TOKEN%26%2393;",
        ] {
            let text = format!("<p title=\"a &amp; b\">{spelling}</p>");
            assert_eq!(found(&json!({"a": text}).to_string()), token_at("/a"), "{spelling}");
        }
        for none in ["&#91;hushpipe:OTHER&#93;", "&#92;hushpipe:TOKEN&#93;", "&#91hushpipe:TOKEN&"]
        {
            assert_eq!(found(&json!({"a": none}).to_string()), [], "{none}");
        }
    }

    #[test]
    fn a_marker_is_found_in_base64_wherever_it_stands_in_it() {
        let encoded = base64::engine::general_purpose::STANDARD.encode("[hushpipe:TOKEN]");
        let bare = STANDARD_NO_PAD.encode("[hushpipe:TOKEN]");
        for text in [
            encoded.clone(),
            bare,
            format!("data:image/png;base64,{encoded}"),
            STANDARD_NO_PAD.encode("[hushpipe:TOKEN] and more"),
            STANDARD_NO_PAD.encode("K=[hushpipe:TOKEN]"),
            STANDARD_NO_PAD.encode("A=1\nKEY=[hushpipe:TOKEN]\nB=2\n"),
            URL_SAFE.encode("ÿ?>~=[hushpipe:TOKEN]?>~ÿ"),
        ] {
            assert_eq!(found(&json!({"data": text}).to_string()), token_at("/data"), "{text}");
        }
        let other = STANDARD_NO_PAD.encode("[hushpipe:OTHER]");
        assert_eq!(found(&json!({"data": other}).to_string()), []);
        assert_eq!(found(&json!({"data": ENCODED[0].0}).to_string()), []);
    }

    #[test]
    fn every_marker_that_this_redactor_writes_is_one() {
        let redactor =
            armed(&[("odd name!", "abcd-1234-efgh"), ("TOKEN=abcd-1234-efgh", "x-1234-efgh-y")]);
        for marker in &redactor.markers {
            let json = json!({"a": marker}).to_string();
            assert_eq!(redactor.markers_in(json.as_bytes(), "").len(), 1, "{marker}");
        }
    }

    #[test]
    fn what_only_mentions_markers_is_none() {
        for text in [
            "[hushpipe:",
            "[hushpipe:]",
            "[hushpipe:NAME]",
            "[hushpipe:TOKEN",
            "hushpipe:TOKEN]",
            "[hushpipe: TOKEN]",
            "[HUSHPIPE:TOKEN]",
            "[hushpipe:token]",
            "[hushpipe:TOKENS]",
            "[hushpipe:TOKE",
            r"caf\u00e9 \u005b",
        ] {
            let json = Value::from(text).to_string();
            assert_eq!(found(&json), [], "{json}");
            assert_eq!(found(&format!("\"{text}\"")), [], "{text}");
        }
        assert_eq!(found(r#"{"a":"[hushpipe:","b":"TOKEN]"}"#), []);
    }

    #[test]
    fn only_the_first_few_are_named() {
        let many = vec!["[hushpipe:TOKEN]"; 100];
        assert_eq!(found(&json!(many).to_string()).len(), NAMED);
    }
}
