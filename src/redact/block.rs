//! Blocks of base64 in a message: images, sounds, files.
//!
//! What they hold is decoded and looked at: text as any text, everything else for known values only, because a rule sees
//! tokens in noise. A hit takes the whole block, as half a file is none, and text stands in its place: a client that shows
//! images would show a broken one.

use std::ops::Range;

use base64::Engine;

use super::Redactor;
use super::detect::{Hit, Label};
use super::encoding::LENIENT;
use super::json::{Token, Walker};
use super::view::Layer;
use crate::mcp::fields::{ENCODED, Fields, Treatment};
use crate::mcp::scan::members::{member, text};

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

impl Redactor {
    /// The blocks of a message that hold something, in order and disjoint, given the hits in the message as it is.
    pub(super) fn blocks(&self, frame: &[u8], fields: Fields, hits: &[Hit]) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let source = frame.trim_ascii_end();
        let mut walker = Walker::new(source, fields);
        while let Some((token, range)) = walker.next() {
            let behind = hits.partition_point(|hit| hit.end <= range.start);
            let inside = hits[behind..].iter().take_while(|hit| hit.start < range.end);
            let inside: Vec<Hit> = inside.copied().collect();
            if token == Token::Key && !inside.is_empty() {
                // The place of a block below it is told, and written down.
                walker.withhold_key();
            }
            let Some(object) = walker.object_of(|key| ENCODED.contains(&key)) else { continue };
            if token != Token::Text || walker.treatment(token) != Treatment::Encoded {
                continue;
            }
            let Some(label) = self.held(&source[range.clone()], &source[object.clone()], &inside)
            else {
                continue;
            };
            let (taken, notice) = self.notice(label, source, object, range.clone());
            // A block in a block goes with it.
            blocks.retain(|block| block.taken.start < taken.start);
            if blocks.last().is_none_or(|block| block.taken.end <= taken.start) {
                blocks.push(Block { label, found: range, taken, notice, place: walker.pointer() });
            }
        }
        blocks
    }

    /// What a block holds, if anything: `hits` are those in its base64.
    fn held(&self, encoded: &[u8], object: &[u8], hits: &[Hit]) -> Option<Label> {
        if let Some(hit) = hits.iter().find(|hit| matches!(hit.label, Label::Known(_))) {
            return Some(hit.label);
        }
        // What is no base64 is text in the wrong place.
        let Some(bytes) = decoded(encoded) else { return Some(hits.first()?.label) };
        let found = match media_type(object) {
            Some(kind) if is_text(&kind) => self.detector.text(&bytes),
            None if std::str::from_utf8(&bytes).is_ok() => self.detector.text(&bytes),
            _ => self.detector.values(&bytes),
        };
        let known = found.iter().find(|hit| matches!(hit.label, Label::Known(_)));
        Some(known.or(found.first())?.label)
    }

    /// What is taken out with a block, and what is put there. Contents of a resource stay contents, with their URI.
    fn notice(
        &self,
        label: Label,
        source: &[u8],
        object: Range<usize>,
        encoded: Range<usize>,
    ) -> (Range<usize>, Vec<u8>) {
        let marker = self.marker(label);
        let within = &source[object.clone()];
        let allowed = |c: &char| c.is_ascii_alphanumeric() || "/+.-".contains(*c);
        let kind = media_type(within).unwrap_or_else(|| "data".to_owned());
        let kind: String = kind.chars().filter(allowed).take(LONGEST_TYPE).collect();
        let said = format!("{marker} stands in place of a block of {kind} that was withheld whole");
        if let Some(uri) = member(within, "uri") {
            let head = [br#"{"uri":"#, uri].concat();
            let tail = format!(r#","mimeType":"text/plain","text":"{said}"}}"#);
            return (object, [&head, tail.as_bytes()].concat());
        }
        if member(within, "type").is_some() {
            return (object, format!(r#"{{"type":"text","text":"{said}"}}"#).into_bytes());
        }
        (encoded, marker.as_bytes().to_vec())
    }
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

fn media_type(object: &[u8]) -> Option<String> {
    text(member(object, "mimeType")?)
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
