//! Puts markers where hits are, and leaves every other byte as it came.
//!
//! Markers go into the original bytes, so key order, number spelling and white space survive; a frame that was valid JSON
//! stays valid. Where nothing may be rewritten the frame is blocked instead. A text without a hit is handed back as the
//! very slice that came in.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::block::Block;
use super::hit::{Hit, Label};
use super::json::{Token, Walker};
use super::marker::MARKER;
use super::nested::{self, Inner};
use super::settings::Mode;
use super::{Action, Blocked, Clean, Cleaned, Finding, Redactor, Tools};
use crate::mcp::fields::{Fields, Treatment};

/// Findings beyond this many in one message are not listed; the markers are all there.
const FINDINGS: usize = 100;

/// A text being rewritten.
pub(super) struct Splice<'r, 'a> {
    redactor: &'r Redactor,
    source: &'a [u8],
    out: Vec<u8>,
    copied: usize,
    findings: Vec<Finding>,
    /// The number of the last key that was rewritten, once one was.
    keys: Option<usize>,
    blocked: bool,
    /// Whose answers it has.
    tools: Tools<'r>,
    mode: Mode,
}

impl<'r, 'a> Splice<'r, 'a> {
    pub(super) fn new(
        redactor: &'r Redactor,
        source: &'a [u8],
        tools: Tools<'r>,
        mode: Mode,
    ) -> Self {
        let (out, findings) = (Vec::new(), Vec::new());
        Self { redactor, source, out, copied: 0, findings, keys: None, blocked: false, tools, mode }
    }

    /// A whole text that has no structure; `place` is the name of the stream it belongs to.
    pub(super) fn text(mut self, hits: &[Hit], place: &str) -> Cleaned<'a> {
        let hits = nested::split_in_text(self.source, hits.to_vec());
        let inner = nested::tokens_in_text(self.source, &hits);
        // Where the key ends that is being rewritten.
        let mut key = None;
        for hit in &hits {
            if let Some(end) = key.take_if(|end| *end <= hit.start) {
                self.number_key(end);
            }
            let found = hit.start..hit.end;
            let action = self.find(hit.label, &found, Action::Replaced, || place.to_owned());
            if action == Some(Action::Replaced) {
                let found = whole_chars(self.source, found);
                key = self.replace_in(&inner, found, hit.label).or(key);
            }
        }
        if let Some(end) = key {
            self.number_key(end);
        }
        self.cleaned()
    }

    /// A JSON-RPC message, given what was found in it and in its blocks of base64.
    pub(super) fn frame(
        mut self,
        hits: &[Hit],
        mut blocks: Vec<Block>,
        fields: Fields,
    ) -> Result<Cleaned<'a>, Blocked> {
        blocks.retain_mut(|Block { label, found, place, .. }| {
            let place = std::mem::take(place);
            self.find(*label, found, Action::Replaced, || place) == Some(Action::Replaced)
        });
        let mut blocks = blocks.iter().peekable();
        // The end of the line is no part of any token, not even of a string that is never closed.
        let mut walker = Walker::new(self.source.trim_ascii_end(), fields);
        let mut hits = hits;
        while let Some((token, range)) = walker.next() {
            let behind = hits.iter().take_while(|hit| hit.end <= range.start).count();
            hits = &hits[behind..];
            let inside = hits.iter().take_while(|hit| hit.start < range.end).count();
            if let Some(block) = blocks.next_if(|block| block.taken.start <= range.start) {
                self.copy_to(block.taken.start);
                self.out.extend_from_slice(&block.notice);
                self.copied = block.taken.end;
            }
            // Of what a block took with it, only what may not be rewritten matters: the URI stays.
            if range.start < self.copied && walker.treatment(token) != Treatment::Fixed {
                continue;
            }
            let weak = self.weak_inside(&walker, token, &range, &hits[..inside]);
            if !weak.is_empty() {
                self.token(&mut walker, token, range, &weak);
            } else if inside > 0 {
                self.token(&mut walker, token, range, &hits[..inside]);
            } else if let Some(label) = self.weak(&walker, token, &range) {
                let action = self.find(label, &range, Action::Replaced, || walker.pointer());
                if action == Some(Action::Replaced) {
                    let quote = if token == Token::Bare { "\"" } else { "" };
                    self.replace_with(range, label, quote);
                }
            }
        }
        if self.blocked {
            self.findings.retain(|finding| finding.action == Action::Blocked);
            return Err(Blocked { findings: self.findings });
        }
        Ok(self.cleaned())
    }

    fn token(&mut self, walker: &mut Walker<'_>, token: Token, range: Range<usize>, hits: &[Hit]) {
        let treatment = walker.treatment(token);
        if token == Token::Key {
            walker.withhold_key();
        }
        let (split, inner) = match (token, treatment) {
            (Token::Text, Treatment::Replace) => self.inner(&range, hits),
            _ => (hits.to_vec(), Vec::new()),
        };
        // Where the key ends that is being rewritten.
        let mut key = None;
        for hit in &split {
            if let Some(end) = key.take_if(|end| *end <= hit.start) {
                self.number_key(end);
            }
            let found = hit.start.max(range.start)..hit.end.min(range.end);
            let known = matches!(hit.label, Label::Known(_));
            let action = match treatment {
                Treatment::Replace => Action::Replaced,
                Treatment::Fixed if known => Action::Blocked,
                Treatment::Fixed => Action::Passed,
                // Judged already, as the block that it is.
                Treatment::Encoded => return,
            };
            let action = self.find(hit.label, &found, action, || walker.pointer());
            match action.unwrap_or(Action::Passed) {
                Action::Blocked => self.blocked = true,
                Action::Passed | Action::Reported => {}
                Action::Replaced if token == Token::Bare => {
                    return self.replace_with(range, hit.label, "\"");
                }
                Action::Replaced => {
                    let found = whole_chars(&self.source[..range.end], found);
                    let found = found.start.max(range.start)..found.end;
                    key = match self.replace_in(&inner, found, hit.label) {
                        None if token == Token::Key => Some(range.end),
                        key => key,
                    };
                }
            }
        }
        if let Some(end) = key {
            self.number_key(end);
        }
    }

    /// Replaces what was found in a text with these keys and numbers of JSON in it; where the key ends that it is in.
    fn replace_in(&mut self, inner: &[Inner], found: Range<usize>, label: Label) -> Option<usize> {
        let at = inner.partition_point(|inner| inner.range.end <= found.start);
        let within = inner.get(at).filter(|inner| inner.range.start <= found.start);
        if let Some(number) = within.filter(|inner| inner.token != Token::Key) {
            self.replace_with(number.range.clone(), label, number.quote);
            return None;
        }
        self.replace(found, label);
        within.map(|key| key.range.end)
    }

    /// The hits in this string, cut where they would break JSON in it, and the keys and numbers of that JSON in which
    /// they stand.
    fn inner(&self, range: &Range<usize>, hits: &[Hit]) -> (Vec<Hit>, Vec<Inner>) {
        let mut held: Vec<Hit> = hits.to_vec();
        for hit in &mut held {
            hit.start = hit.start.max(range.start) - range.start;
            hit.end = hit.end.min(range.end) - range.start;
        }
        let content = &self.source[range.clone()];
        let mut split = nested::split_in_string(content, held);
        let mut inner = nested::tokens_in_string(content, &split);
        split.iter_mut().for_each(|hit| hit.shift(range.start));
        for Inner { range: place, .. } in &mut inner {
            *place = place.start + range.start..place.end + range.start;
        }
        (split, inner)
    }

    /// Two keys with the same marker would be one key to most parsers.
    fn number_key(&mut self, end: usize) {
        let number = 1 + self.keys.unwrap_or_else(|| last_number(self.source));
        self.keys = Some(number);
        if number > 1 {
            self.copy_to(end);
            self.out.extend_from_slice(format!("#{number}").as_bytes());
        }
    }

    /// A leaf that as a whole is a value too weak to look for inside text.
    fn weak(&self, walker: &Walker<'_>, token: Token, range: &Range<usize>) -> Option<Label> {
        // The value first: nearly no leaf is one, and where it stands takes longer to tell.
        let label = self.redactor.weak(&self.source[range.clone()])?;
        let may = match token {
            Token::Key => false,
            Token::Text => walker.treatment(token) == Treatment::Replace,
            Token::Bare => walker.in_data(),
        };
        may.then_some(label)
    }

    /// The hits in a string that is JSON with such values among its leaves, together with those; none where there are none.
    fn weak_inside(
        &self,
        walker: &Walker<'_>,
        token: Token,
        range: &Range<usize>,
        hits: &[Hit],
    ) -> Vec<Hit> {
        let mut weak = match token {
            Token::Text => self.redactor.weak_inside(&self.source[range.clone()]),
            Token::Key | Token::Bare => return Vec::new(),
        };
        weak.iter_mut().for_each(|hit| hit.shift(range.start));
        weak.retain(|weak| {
            let behind = hits.partition_point(|hit| hit.end <= weak.start);
            hits.get(behind).is_none_or(|hit| weak.end <= hit.start)
        });
        if !weak.is_empty() && walker.treatment(token) != Treatment::Replace {
            return Vec::new();
        }
        if !weak.is_empty() {
            weak.extend_from_slice(hits);
            weak.sort_unstable_by_key(|hit| hit.start);
        }
        weak
    }

    fn replace(&mut self, found: Range<usize>, label: Label) {
        // Widening to whole characters can reach back into what was replaced before.
        let start = found.start.max(self.copied);
        self.copy_to(start);
        self.out.extend_from_slice(self.redactor.marker(label).as_bytes());
        self.copied = found.end.max(start);
    }

    /// Replaces a leaf: a number becomes a string, a string stays one.
    fn replace_with(&mut self, range: Range<usize>, label: Label, quote: &str) {
        if range.start < self.copied {
            // Something else in it was found before.
            return;
        }
        self.copy_to(range.start);
        let marker = self.redactor.marker(label);
        self.out.extend_from_slice(format!("{quote}{marker}{quote}").as_bytes());
        self.copied = range.end;
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.source[self.copied..end]);
        self.copied = end;
    }

    /// Takes down what was found and would be treated so; what is done in the end, or `None` where it may pass.
    fn find(
        &mut self,
        label: Label,
        found: &Range<usize>,
        action: Action,
        place: impl FnOnce() -> String,
    ) -> Option<Action> {
        let action = if self.mode == Mode::Report { Action::Reported } else { action };
        let listed = self.findings.len() < FINDINGS;
        // What blocks a message must be named whatever came before it.
        let listed = listed || action == Action::Blocked && !self.blocked;
        if listed || self.redactor.lets_something_pass() {
            let found = &self.source[found.clone()];
            let place = place();
            let tool = self.tools.at(&place);
            let finding = self.redactor.judge(label, found, tool, place)?;
            self.findings.extend(listed.then_some(Finding { action, ..finding }));
        }
        Some(action)
    }

    fn cleaned(mut self) -> Cleaned<'a> {
        if self.copied == 0 && self.out.is_empty() {
            return Cleaned {
                clean: Clean::new(Cow::Borrowed(self.source)),
                findings: self.findings,
            };
        }
        self.copy_to(self.source.len());
        Cleaned { clean: Clean::new(Cow::Owned(self.out)), findings: self.findings }
    }
}

/// The highest number that a key beside a marker may have already, in a text that brings markers along.
fn last_number(source: &[u8]) -> usize {
    if memmem::find(source, MARKER.as_bytes()).is_none() {
        return 0;
    }
    let number = |at: usize| {
        let digits = source[at + 1..].iter().take(MOST_DIGITS).take_while(|b| b.is_ascii_digit());
        digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    };
    memchr::memchr_iter(b'#', source).map(number).max().unwrap_or_default().max(1)
}

/// No key that we wrote has a number of more digits.
const MOST_DIGITS: usize = 9;

/// Widens a range so that no character of several bytes is cut. A continuation byte that belongs to no character is no
/// reason to widen: what stands before it may be the end of an escape.
pub(super) fn whole_chars(text: &[u8], found: Range<usize>) -> Range<usize> {
    char_around(text, found.start).start..char_around(text, found.end).end
}

/// The character that `at` is inside of; empty at `at` where it is inside none.
fn char_around(text: &[u8], at: usize) -> Range<usize> {
    let continues = |byte: &u8| byte & 0xC0 == 0x80;
    let before = text[..at].iter().rev().take(3).take_while(|byte| continues(byte)).count() + 1;
    let after = text[at..].iter().take(3).take_while(|byte| continues(byte)).count();
    let first = at.checked_sub(before);
    // The first byte says how many there are, in its leading ones.
    let len = first.map_or(0, |first| text[first].leading_ones() as usize);
    match first {
        Some(first) if after > 0 && len > before => first..(first + len).min(at + after),
        _ => at..at,
    }
}

#[cfg(test)]
mod tests;
