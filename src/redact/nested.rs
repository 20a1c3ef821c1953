//! JSON inside a text, and in its strings two levels deep: what may be replaced there without breaking it.
//!
//! A marker in place of a number must be quoted there too, with the escapes of its depth, or the text is no JSON any
//! more; a key must stay the only one of its name; and what a rule finds across several strings goes string by string.
//! Only what was found in is kept, so a long text costs no more memory than its hits. Prose that begins with a bracket
//! is looked through alike; a number in it counts only where JSON has one.

use std::ops::Range;

use super::document::documents;
use super::hit::{Hit, Label};
use super::json::{Token, Walker};
use super::view::Layer;
use super::weak::{LEVELS, unescaped};
use crate::mcp::fields::Fields;

/// A key or a number.
pub(super) struct Inner {
    /// Which of the two: [`Token::Key`] or [`Token::Bare`].
    pub(super) token: Token,
    /// Where it stands in the string.
    pub(super) range: Range<usize>,
    /// A quotation mark as it is spelled around it.
    pub(super) quote: &'static str,
}

/// A quotation mark in JSON in a text, in JSON in a string, and in JSON in a string of that.
const QUOTES: [&str; LEVELS + 1] = [r#"""#, r#"\""#, r#"\\\""#];

/// The keys and numbers of JSON in the content of a JSON string that hold one of these hits, in order. The hits must be
/// in order and disjoint.
pub(super) fn tokens_in_string(content: &[u8], hits: &[Hit]) -> Vec<Inner> {
    escaped_tokens(1, content, ranges(hits))
}

/// The same of a text that is no string of JSON.
pub(super) fn tokens_in_text(text: &[u8], hits: &[Hit]) -> Vec<Inner> {
    tokens(0, text, &ranges(hits))
}

fn ranges(hits: &[Hit]) -> Vec<Range<usize>> {
    hits.iter().map(|hit| hit.start..hit.end).collect()
}

fn escaped_tokens(level: usize, content: &[u8], mut hits: Vec<Range<usize>>) -> Vec<Inner> {
    if memchr::memchr2(b'{', b'[', content).is_none() {
        return Vec::new();
    }
    let text = unescaped(content);
    let mut inward = Layer::Escapes.cursor(content);
    for hit in &mut hits {
        *hit = inward.view_start(hit.start)..inward.view_end(hit.end);
    }
    let mut found = tokens(level, &text, &hits);
    let mut outward = Layer::Escapes.cursor(content);
    for token in &mut found {
        token.range = outward.start(token.range.start)..outward.end(token.range.end);
    }
    found
}

fn tokens(level: usize, text: &[u8], mut hits: &[Range<usize>]) -> Vec<Inner> {
    let mut found = Vec::new();
    let Some(quote) = QUOTES.get(level) else { return found };
    let mut documents: Vec<_> = documents(text).filter(|document| meets(document, hits)).collect();
    if documents.is_empty() && matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        documents.push(0..text.len());
    }
    for document in documents {
        let mut walker = Walker::new(&text[document.clone()], Fields::default());
        while !hits.is_empty()
            && let Some((token, range)) = walker.next()
        {
            let range = range.start + document.start..range.end + document.start;
            let behind = hits.iter().take_while(|hit| hit.start < range.start).count();
            hits = &hits[behind..];
            let inside = hits.iter().take_while(|hit| hit.end <= range.end).count();
            if inside == 0 {
                // A value as a list of numbers reaches over several: one marker stands for all of them.
                if let Some(hit) = hits.first().filter(|hit| range.contains(&hit.start))
                    && is_number(text, &range)
                    && is_number_list(&text[hit.clone()])
                {
                    let rest = text[hit.end..].iter().take_while(|b| b.is_ascii_digit()).count();
                    found.push(Inner { token, range: range.start..hit.end + rest, quote });
                    hits = &hits[1..];
                }
                continue;
            }
            if token == Token::Text {
                let shifted = |hit: &Range<usize>| hit.start - range.start..hit.end - range.start;
                let held = hits[..inside].iter().map(shifted).collect();
                let mut inner = escaped_tokens(level + 1, &text[range.clone()], held);
                for token in &mut inner {
                    token.range = token.range.start + range.start..token.range.end + range.start;
                }
                found.append(&mut inner);
            } else if token == Token::Key || is_number(text, &range) {
                found.push(Inner { token, range, quote });
            }
        }
    }
    found
}

/// Whether this is several numbers with commas between, as JSON has the bytes of a text.
fn is_number_list(text: &[u8]) -> bool {
    text.contains(&b',')
        && text.iter().all(|b| b.is_ascii_digit() || b.is_ascii_whitespace() || *b == b',')
}

/// Whether one of these ranges, which are in order and disjoint, overlaps this one.
fn meets(range: &Range<usize>, hits: &[Range<usize>]) -> bool {
    let behind = hits.partition_point(|hit| hit.end <= range.start);
    hits.get(behind).is_some_and(|hit| hit.start < range.end)
}

/// Whether what has no quotes is a number between what JSON has around one.
fn is_number(text: &[u8], range: &Range<usize>) -> bool {
    let digits = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
    let before = text[..range.start].trim_ascii_end().last();
    let after = text[range.end..].trim_ascii_start().first();
    text[range.clone()].iter().all(digits)
        && matches!(before, Some(b':' | b',' | b'['))
        && matches!(after, Some(b',' | b']' | b'}'))
}

/// The hits in the content of a JSON string, of which none that a rule has found reaches from one token of JSON in it
/// into the next.
pub(super) fn split_in_string(content: &[u8], hits: Vec<Hit>) -> Vec<Hit> {
    if hits.iter().any(|hit| may_cross(content, hit)) {
        split_escaped(1, content, hits)
    } else {
        hits
    }
}

/// The same in a text that is no string of JSON.
pub(super) fn split_in_text(text: &[u8], hits: Vec<Hit>) -> Vec<Hit> {
    if hits.iter().any(|hit| may_cross(text, hit)) { split(0, text, hits) } else { hits }
}

/// Whether something stands in a hit that may be structure of JSON.
fn may_cross(text: &[u8], hit: &Hit) -> bool {
    text[hit.start..hit.end].iter().any(|byte| b"\"\\,{}[]:".contains(byte))
}

fn split_escaped(level: usize, content: &[u8], mut hits: Vec<Hit>) -> Vec<Hit> {
    let text = unescaped(content);
    let mut inward = Layer::Escapes.cursor(content);
    for hit in &mut hits {
        (hit.start, hit.end) = (inward.view_start(hit.start), inward.view_end(hit.end));
    }
    let mut hits = split(level, &text, hits);
    Layer::Escapes.locate(content, &mut hits);
    hits
}

fn split(level: usize, text: &[u8], hits: Vec<Hit>) -> Vec<Hit> {
    if level >= QUOTES.len() {
        return hits;
    }
    // A known value may be a whole document.
    let (known, found): (Vec<_>, Vec<_>) =
        hits.into_iter().partition(|hit| matches!(hit.label, Label::Known(_)));
    let places = ranges(&found);
    let mut pieces = Vec::new();
    // Everything of the hits before this has its piece.
    let mut done = 0;
    for document in documents(text).filter(|document| meets(document, &places)) {
        pieces.extend(within(&found, done..document.start));
        done = document.end;
        let mut walker = Walker::new(&text[document.clone()], Fields::default());
        while let Some((token, range)) = walker.next() {
            let range = range.start + document.start..range.end + document.start;
            let mut held = within(&found, range.clone());
            // A literal is no secret, and half a number is none.
            if token == Token::Bare && !held.is_empty() {
                held.truncate(usize::from(is_number(text, &range)));
                held.iter_mut().for_each(|hit| (hit.start, hit.end) = (range.start, range.end));
            }
            if token == Token::Text && held.iter().any(|hit| may_cross(text, hit)) {
                held.iter_mut().for_each(|hit| hit.unshift(range.start));
                held = split_escaped(level + 1, &text[range.clone()], held);
                held.iter_mut().for_each(|hit| hit.shift(range.start));
            }
            pieces.append(&mut held);
        }
    }
    pieces.extend(within(&found, done..text.len()));
    pieces.extend(known);
    pieces.sort_unstable_by_key(|hit| hit.start);
    pieces
}

/// What of these hits is inside a range.
fn within(hits: &[Hit], range: Range<usize>) -> Vec<Hit> {
    let behind = hits.partition_point(|hit| hit.end <= range.start);
    let inside = hits[behind..].iter().take_while(|hit| hit.start < range.end);
    let cut = |hit: &Hit| {
        let mut hit = *hit;
        (hit.start, hit.end) = (hit.start.max(range.start), hit.end.min(range.end));
        hit
    };
    inside.map(cut).collect()
}
