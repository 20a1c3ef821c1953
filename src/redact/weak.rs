//! Values too weak to be looked for inside other text: a JSON leaf is compared with them as a whole.
//!
//! A leaf of JSON inside a text is one too: servers repeat a structured result as text. Two levels deep, as everything
//! else is looked for; where no value is weak, which is nearly always, none of this runs.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::Redactor;
use super::hit::{Hit, Label};
use super::json::{Token, Walker};
use super::view::Layer;
use crate::mcp::fields::Fields;

/// How deep JSON may stand in JSON.
pub(super) const LEVELS: usize = 2;

impl Redactor {
    /// The weak value that a JSON leaf is as a whole, if it is one.
    pub(super) fn weak(&self, leaf: &[u8]) -> Option<Label> {
        let longest = self.weak.iter().map(|(_, value)| value.len()).max()?;
        // Six bytes for a byte (`\u0041`) is the longest spelling.
        if leaf.len() > longest * 6 {
            return None;
        }
        let plain = unescaped(leaf);
        let same = |(_, value): &&(usize, Zeroizing<Vec<u8>>)| **value == plain.trim_ascii();
        self.weak.iter().find(same).map(|(name, _)| Label::Known(*name))
    }

    /// The weak values among the leaves of the JSON that the content of a JSON string is, in order; none where it is
    /// not JSON.
    pub(super) fn weak_inside(&self, content: &[u8]) -> Vec<Hit> {
        // Nearly all texts are prose, and told by their first byte; `\n` and the like may stand before a bracket.
        let may = matches!(content.first(), Some(b'{' | b'[' | b'\\' | b' '));
        if may && !self.weak.is_empty() { self.weak_leaves(content, LEVELS) } else { Vec::new() }
    }

    fn weak_leaves(&self, content: &[u8], levels: usize) -> Vec<Hit> {
        let text = unescaped(content);
        let mut hits = Vec::new();
        if levels == 0 || !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return hits;
        }
        let mut walker = Walker::new(&text, Fields::default());
        while let Some((token, range)) = walker.next() {
            let leaf = &text[range.clone()];
            // Without quotes a number only: prose may begin with a bracket as well.
            let may = match token {
                Token::Key => false,
                Token::Text => true,
                Token::Bare => matches!(leaf.first(), Some(b'0'..=b'9' | b'-')),
            };
            if !may {
                continue;
            }
            if let Some(label) = self.weak(leaf) {
                hits.push(Hit::leaf(range, label));
            } else if token == Token::Text {
                let mut inner = self.weak_leaves(leaf, levels - 1);
                inner.iter_mut().for_each(|hit| hit.shift(range.start));
                hits.append(&mut inner);
            }
        }
        if let Cow::Owned(_) = text {
            Layer::Escapes.locate(content, &mut hits);
        }
        hits
    }
}

/// The content of a JSON string without its escapes.
pub(super) fn unescaped(content: &[u8]) -> Cow<'_, [u8]> {
    Layer::Escapes.peel(content).map_or(Cow::Borrowed(content), Cow::Owned)
}
