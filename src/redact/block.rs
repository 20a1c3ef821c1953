//! Blocks of base64 in a message: images, sounds, files.
//!
//! What they hold is decoded and looked at: text as any text, everything else for known values only, because a rule sees
//! tokens in noise. A hit takes the whole block, as half a file is none, and text stands in its place: a client that shows
//! images would show a broken one.

use std::cmp::Reverse;
use std::ops::Range;

use base64::Engine;

use super::Redactor;
use super::encoding::LENIENT;
use super::finder::HEAD;
use super::hit::{Hit, Label};
use super::json::{Event, Token, Walker};
use super::view::Layer;
use crate::mcp::fields::{ENCODED, Fields, Treatment};
use crate::mcp::scan::members::{plain, text};

/// A block that must not leave as it is.
pub(super) struct Block {
    /// What stands in it.
    pub(super) label: Label,
    /// Where its base64 is.
    pub(super) found: Range<usize>,
    /// What is taken out: the object that the block is, or only the base64 of what is no block of the protocol.
    pub(super) taken: Range<usize>,
    /// What is put there.
    pub(super) notice: Vec<u8>,
    /// The JSON pointer of the base64.
    pub(super) place: String,
}

/// A media type in a notice is cut beyond this many characters.
const LONGEST_TYPE: usize = 64;

/// An object of the message that is still open: what is known of it so far.
struct Object {
    start: usize,
    media_type: Option<Range<usize>>,
    /// With its quotes.
    uri: Option<Range<usize>>,
    /// Whether it has a `type`, as content of the protocol does.
    typed: bool,
    /// What has not been looked into yet: the media type may follow.
    unseen: Vec<Member>,
    held: Vec<(Label, Member)>,
}

/// A member that is base64.
struct Member {
    key: Range<usize>,
    /// Without its quotes.
    value: Range<usize>,
}

/// So many members of one object wait for its media type. No block of the protocol has more than one.
const WAITING: usize = 256;

/// How far what a block holds is looked into.
#[derive(Clone, Copy)]
enum Content {
    Text,
    /// Text if it is UTF-8.
    Unknown,
    Other,
}

/// A walk over a message that looks into its blocks. Each object is judged once, where it ends, so that the time is linear
/// whatever is repeated or nested.
struct Search<'a> {
    redactor: &'a Redactor,
    source: &'a [u8],
    hits: &'a [Hit],
    /// One within the other.
    objects: Vec<Object>,
    blocks: Vec<Block>,
}

impl Redactor {
    /// The blocks of a message that hold something, in order and disjoint, given the hits in the message as it is.
    pub(super) fn blocks(&self, frame: &[u8], fields: Fields, hits: &[Hit]) -> Vec<Block> {
        let source = frame.trim_ascii_end();
        let (objects, blocks) = (Vec::new(), Vec::new());
        let mut search = Search { redactor: self, source, hits, objects, blocks };
        let mut walker = Walker::new(source, fields);
        while let Some(event) = walker.next_event() {
            match event {
                Event::Token(Token::Key, range) if !search.hits_in(&range).is_empty() => {
                    // The place of a block below it is told, and written down.
                    walker.withhold_key();
                }
                Event::Token(Token::Key, _) => {}
                Event::Token(token, range) => search.value(&walker, token, range),
                Event::Closed(range) => search.object(&walker, &range),
            }
        }
        let mut blocks = search.blocks;
        // A block in a block goes with it.
        blocks.sort_by_key(|block| (block.taken.start, Reverse(block.taken.end)));
        let mut end = 0;
        blocks.retain(|block| {
            let apart = block.taken.start >= end;
            end = end.max(block.taken.end);
            apart
        });
        blocks
    }
}

impl Search<'_> {
    /// The hits in a token.
    fn hits_in(&self, range: &Range<usize>) -> &[Hit] {
        let first = self.hits.partition_point(|hit| hit.end <= range.start);
        let count = self.hits[first..].iter().take_while(|hit| hit.start < range.end).count();
        &self.hits[first..first + count]
    }

    /// Keeps a value that matters for a block.
    fn value(&mut self, walker: &Walker<'_>, token: Token, range: Range<usize>) {
        let Some((key, start)) = walker.key() else { return };
        let source = self.source;
        let name = plain(&source[key.clone()]);
        match &*name {
            "type" => self.at(start).typed = true,
            "uri" if token == Token::Text => self.at(start).uri = Some(quoted(source, &range)),
            "uri" => self.at(start).uri = Some(range),
            "mimeType" if token == Token::Text => self.at(start).media_type = Some(range),
            name if ENCODED.contains(&name)
                && token == Token::Text
                && walker.treatment(token) == Treatment::Encoded =>
            {
                let object = self.at(start);
                object.unseen.push(Member { key, value: range });
                if object.unseen.len() == WAITING
                    && let Some(mut object) = self.objects.pop()
                {
                    self.look(&mut object);
                    self.objects.push(object);
                }
            }
            _ => {}
        }
    }

    /// The object that begins here, which is the innermost one.
    fn at(&mut self, start: usize) -> &mut Object {
        if self.objects.last().is_none_or(|object| object.start != start) {
            let (unseen, held) = (Vec::new(), Vec::new());
            let object = Object { start, media_type: None, uri: None, typed: false, unseen, held };
            self.objects.push(object);
        }
        let last = self.objects.len() - 1;
        &mut self.objects[last]
    }

    /// Judges an object that has ended.
    fn object(&mut self, walker: &Walker<'_>, range: &Range<usize>) {
        let ended = self.objects.pop_if(|object| object.start == range.start);
        let Some(mut object) = ended else { return };
        self.look(&mut object);
        // The whole object goes with the last of them, where it goes.
        let whole = object.uri.is_some() || object.typed;
        let from = if whole { object.held.len().saturating_sub(1) } else { 0 };
        for (label, Member { key, value }) in object.held.split_off(from) {
            let (taken, notice) = self.notice(label, &object, range, &value);
            let place = walker.pointer_below(key);
            self.blocks.push(Block { label, found: value, taken, notice, place });
        }
    }

    /// Looks into what waits in an object.
    fn look(&self, object: &mut Object) {
        let content = match object.media_type.as_ref().and_then(|kind| self.text(kind)) {
            Some(kind) if is_text(&kind) => Content::Text,
            Some(_) => Content::Other,
            None => Content::Unknown,
        };
        for member in std::mem::take(&mut object.unseen) {
            let held = self.held(&member.value, content);
            object.held.extend(held.map(|label| (label, member)));
        }
    }

    /// What a block holds, if anything.
    fn held(&self, encoded: &Range<usize>, content: Content) -> Option<Label> {
        let hits = self.hits_in(encoded);
        if let Some(hit) = hits.iter().find(|hit| matches!(hit.label, Label::Known(_))) {
            return Some(hit.label);
        }
        // What is no base64 is text in the wrong place.
        let Some(bytes) = decoded(&self.source[encoded.clone()]) else {
            return Some(hits.first()?.label);
        };
        if bytes.len() < HEAD {
            return None;
        }
        let detector = &self.redactor.detector;
        let found = match content {
            Content::Text => detector.text(&bytes),
            Content::Unknown if std::str::from_utf8(&bytes).is_ok() => detector.text(&bytes),
            Content::Unknown | Content::Other => detector.values(&bytes),
        };
        let known = found.iter().find(|hit| matches!(hit.label, Label::Known(_)));
        Some(known.or(found.first())?.label)
    }

    /// What is taken out with a block, and what is put there. Contents of a resource stay contents, with their URI.
    fn notice(
        &self,
        label: Label,
        object: &Object,
        whole: &Range<usize>,
        encoded: &Range<usize>,
    ) -> (Range<usize>, Vec<u8>) {
        let marker = self.redactor.marker(label);
        let allowed = |c: &char| c.is_ascii_alphanumeric() || "/+.-".contains(*c);
        let kind = object.media_type.as_ref().and_then(|kind| self.text(kind));
        let kind = kind.unwrap_or_else(|| "data".to_owned());
        let kind: String = kind.chars().filter(allowed).take(LONGEST_TYPE).collect();
        let said = format!("{marker} stands in place of a block of {kind} that was withheld whole");
        if let Some(uri) = &object.uri {
            let head = [br#"{"uri":"#, &self.source[uri.clone()]].concat();
            let tail = format!(r#","mimeType":"text/plain","text":"{said}"}}"#);
            return (whole.clone(), [&head, tail.as_bytes()].concat());
        }
        if object.typed {
            return (whole.clone(), format!(r#"{{"type":"text","text":"{said}"}}"#).into_bytes());
        }
        (encoded.clone(), marker.as_bytes().to_vec())
    }

    /// The text of a string, given where it stands without its quotes.
    fn text(&self, string: &Range<usize>) -> Option<String> {
        text(&self.source[quoted(self.source, string)])
    }
}

/// Where a string stands with its quotes; the last one may be missing.
fn quoted(source: &[u8], string: &Range<usize>) -> Range<usize> {
    string.start - 1..source.len().min(string.end + 1)
}

/// What base64 stands for, as it is spelled in a JSON string.
fn decoded(encoded: &[u8]) -> Option<Vec<u8>> {
    if let Ok(bytes) = LENIENT.decode(encoded) {
        return Some(bytes);
    }
    let mut plain = Layer::Escapes.peel(encoded).unwrap_or_else(|| encoded.to_vec());
    plain.retain(|byte| !byte.is_ascii_whitespace());
    for byte in &mut plain {
        *byte = match *byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
    }
    LENIENT.decode(plain).ok()
}

/// Whether a media type is one of text: by its name, or by the suffixes of RFC 6839.
fn is_text(kind: &str) -> bool {
    const TEXTS: &[&str] = &[
        "json",
        "xml",
        "yaml",
        "x-yaml",
        "toml",
        "javascript",
        "x-javascript",
        "typescript",
        "sql",
        "graphql",
        "x-sh",
        "x-ndjson",
        "jsonl",
        "x-pem-file",
        "x-www-form-urlencoded",
        "x-httpd-php",
        "x-python",
        "rtf",
    ];
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((class, name)) = kind.split_once('/') else { return false };
    let suffix = name.rsplit('+').next().unwrap_or_default();
    class == "text" || ["json", "xml", "yaml"].contains(&suffix) || TEXTS.contains(&name)
}

#[cfg(test)]
mod tests;
