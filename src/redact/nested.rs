//! JSON inside a JSON string, two levels deep: the keys and numbers of it in which something was found.
//!
//! A marker in place of a number must be quoted there too, with the escapes of its depth, or the text is no JSON any
//! more; a key must stay the only one of its name. Only what was found in is kept, so a long text costs no more memory
//! than its hits. Prose that begins with a bracket is looked through alike; a number in it counts only where JSON has
//! one.

use std::ops::Range;

use super::detect::Hit;
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

/// A quotation mark in JSON in a string, and in JSON in a string of that.
const QUOTES: [&str; LEVELS] = [r#"\""#, r#"\\\""#];

/// The keys and numbers that hold one of these hits, in order, if the content of a JSON string is JSON. The hits must be
/// in order and disjoint.
pub(super) fn tokens(content: &[u8], hits: &[Hit]) -> Vec<Inner> {
    // Nearly all texts are prose, and told by their first byte; `\n` and the like may stand before a bracket.
    let may = matches!(content.first(), Some(b'{' | b'[' | b'\\' | b' '));
    let ranges = || hits.iter().map(|hit| hit.start..hit.end).collect();
    if may { tokens_at(0, content, ranges()) } else { Vec::new() }
}

fn tokens_at(level: usize, content: &[u8], mut hits: Vec<Range<usize>>) -> Vec<Inner> {
    let mut found = Vec::new();
    let Some(quote) = QUOTES.get(level) else { return found };
    let text = unescaped(content);
    if !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return found;
    }
    let mut inward = Layer::Escapes.cursor(content);
    for hit in &mut hits {
        *hit = inward.view_start(hit.start)..inward.view_end(hit.end);
    }
    let mut hits = &hits[..];
    let mut walker = Walker::new(&text, Fields::default());
    while !hits.is_empty()
        && let Some((token, range)) = walker.next()
    {
        let behind = hits.iter().take_while(|hit| hit.start < range.start).count();
        hits = &hits[behind..];
        let inside = hits.iter().take_while(|hit| hit.end <= range.end).count();
        if inside == 0 {
            // A value as a list of numbers reaches over several: one marker stands for all of them.
            if let Some(hit) = hits.first().filter(|hit| range.contains(&hit.start))
                && is_number(&text, &range)
                && is_number_list(&text[hit.clone()])
            {
                let rest = text[hit.end..].iter().take_while(|b| b.is_ascii_digit()).count();
                let range = range.start..hit.end + rest;
                found.push(Inner { token: Token::Bare, range, quote });
                hits = &hits[1..];
            }
            continue;
        }
        if token == Token::Text {
            let shifted = |hit: &Range<usize>| hit.start - range.start..hit.end - range.start;
            let held = hits[..inside].iter().map(shifted).collect();
            let mut inner = tokens_at(level + 1, &text[range.clone()], held);
            for token in &mut inner {
                token.range = token.range.start + range.start..token.range.end + range.start;
            }
            found.append(&mut inner);
        } else if token == Token::Key || is_number(&text, &range) {
            found.push(Inner { token, range, quote });
        }
    }
    let mut outward = Layer::Escapes.cursor(content);
    for token in &mut found {
        token.range = outward.start(token.range.start)..outward.end(token.range.end);
    }
    found
}

/// The numbers of a list in brackets, `[103, 104]`, in which a value was found, to the end of the last one. Somewhere in
/// prose it may be JSON, so what stands for it must be a string. In a text that is JSON [`tokens`] knows better.
pub(super) fn list_in_prose(
    text: &[u8],
    found: &Range<usize>,
    offset: usize,
) -> Option<Range<usize>> {
    let Range { start, end } = found.start - offset..found.end - offset;
    if !is_number_list(&text[start..end]) || matches!(text.first(), Some(b'{' | b'[')) {
        return None;
    }
    let end = end + text[end..].iter().take_while(|b| b.is_ascii_digit()).count();
    let opened = text[..start].trim_ascii_end().ends_with(b"[");
    let closed = text[end..].trim_ascii_start().starts_with(b"]");
    (opened && closed).then_some(start + offset..end + offset)
}

/// Whether this is several numbers with commas between, as JSON has the bytes of a text.
fn is_number_list(text: &[u8]) -> bool {
    text.contains(&b',')
        && text.iter().all(|b| b.is_ascii_digit() || b.is_ascii_whitespace() || *b == b',')
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
