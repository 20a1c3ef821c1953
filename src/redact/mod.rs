//! Redaction: what leaves for the client, its logs and the terminal holds no known value and nothing shaped like a
//! credential.
//!
//! A [`Redactor`] is built once per launch from the injected secrets. Matching is on decoded text: JSON escapes to four
//! levels, percent escapes and line wraps are undone first (`view`); seeds of the known values and keywords of the rules
//! are found in one pass (`finder`); markers such as `[hushpipe:GITHUB_TOKEN]` are spliced into the original bytes
//! (`splice`). A message without a finding is forwarded as the very bytes that came. Where a message must not be
//! rewritten ([`fields`](crate::mcp::fields)) it is blocked. What a manifest has taken out beforehand is found by
//! [`instruct`]. Nothing here fails, whatever the bytes are, and nothing is kept of a message.

mod allow;
mod arguments;
mod control;
mod detect;
mod encoding;
mod finder;
pub mod instruct;
mod json;
mod known;
mod marker;
mod note;
mod own;
mod part;
mod rule;
pub mod settings;
mod splice;
mod stream;
mod view;

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::mcp::fields::Fields;
use crate::secret::{Secret, SecretSet};
pub use allow::{NoPointer, Pointer, STDERR};
use detect::{Detector, Label};
use known::Known;
use marker::{MARKER, Written, marker};
pub use own::{OwnRuleError, built_in, is_built_in};
pub use rule::{Check, Confidence};
use splice::Splice;
pub use stream::StderrCleaner;

/// Finds and replaces secrets. Immutable and shared; it has no `Debug` because it holds values, which are zeroed on drop.
pub struct Redactor {
    detector: Detector,
    names: Vec<String>,
    /// The marker of each name, then of each rule.
    markers: Vec<String>,
    /// The same, to be looked up.
    written: Written,
    weak: Vec<(usize, Zeroizing<Vec<u8>>)>,
    blocks: Vec<Zeroizing<Vec<u8>>>,
}

/// Bytes that may be shown to the client: the only ones its writers take, and only a [`Redactor`] makes them.
pub struct Clean<'a>(Cow<'a, [u8]>);

/// A text after redaction.
#[must_use]
pub struct Cleaned<'a> {
    /// What may leave.
    pub clean: Clean<'a>,
    /// What was found, the first hundred of it.
    pub findings: Vec<Finding>,
}

/// A message that may not leave: a known value stands where nothing may be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("message withheld: it holds {} where nothing can be replaced", list(.findings))]
pub struct Blocked {
    /// The values that block it. Never empty.
    pub findings: Vec<Finding>,
}

/// Something that was found. Names a secret or a rule and a place, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The variable of a known value, or the id of a rule: what stands in the marker.
    pub what: String,
    /// A JSON pointer into the message, or the name of a stream.
    pub place: String,
    /// How many bytes of the original it took.
    pub len: usize,
    /// What was done about it.
    pub action: Action,
}

/// What was done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A marker stands in its place.
    Replaced,
    /// It only looks like a credential and stands where nothing may be rewritten: left as it is.
    Passed,
    /// The message was withheld.
    Blocked,
}

impl Redactor {
    /// A redactor for the secrets of one launch and the credentials among its other variables. Secrets that are not
    /// sensitive are not looked for.
    pub fn new(known: &SecretSet, credentials: &[(String, Secret)]) -> Self {
        let sensitive = known.iter().filter(|injected| injected.sensitive);
        let secrets = sensitive.map(|injected| (injected.variable.as_str(), &injected.value));
        Self::armed(secrets.chain(credentials.iter().map(|(name, value)| (name.as_str(), value))))
    }

    /// A redactor for these values under these names. A name may come several times: before and after a rotation.
    pub fn armed<'a>(values: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Self {
        let mut known = Known::new(values);
        let rules = rule::all();
        let detector = Detector::new(&mut known, rules);
        let Known { mut names, weak, blocks, .. } = known;
        for (index, name) in names.iter_mut().enumerate() {
            // A name that holds a value (`TOKEN=MY_TOKEN_1`) cannot be shown.
            if !detector.text(name.as_bytes()).is_empty() {
                *name = format!("secret-{}", index + 1);
            }
        }
        let shown = names.iter().map(String::as_str).chain(rules.iter().map(|rule| &*rule.id));
        let markers: Vec<_> = shown.map(marker).collect();
        let written = Written::new(&markers);
        Self { detector, names, markers, written, weak, blocks }
    }

    /// Cleans one JSON-RPC message. The end of its line may be given with it and stays as it is.
    ///
    /// # Errors
    /// A known value stands where nothing may be rewritten; the message must not be sent.
    pub fn frame<'a>(&self, frame: &'a [u8], fields: Fields) -> Result<Cleaned<'a>, Blocked> {
        let hits = self.detector.json(frame);
        if hits.is_empty() && self.weak.is_empty() {
            return Ok(Cleaned { clean: Clean(Cow::Borrowed(frame)), findings: Vec::new() });
        }
        Splice::new(self, frame).frame(&hits, fields)
    }

    /// Cleans free text that is complete.
    pub fn text<'a>(&self, text: &'a [u8]) -> Cleaned<'a> {
        Splice::new(self, text).text(&self.detector.text(text), "text")
    }

    /// Starts cleaning a stream of free text: a server's stderr.
    pub fn stderr(&self) -> StderrCleaner<'_> {
        StderrCleaner::new(self)
    }

    /// The weak value that a JSON leaf is as a whole, if it is one.
    fn weak(&self, leaf: &[u8]) -> Option<Label> {
        let longest = self.weak.iter().map(|(_, value)| value.len()).max()?;
        // Six bytes for a byte (`\u0041`) is the longest spelling.
        if leaf.len() > longest * 6 {
            return None;
        }
        let plain = view::Layer::Escapes.peel(leaf).map_or(Cow::Borrowed(leaf), Cow::Owned);
        let same = |(_, value): &&(usize, Zeroizing<Vec<u8>>)| **value == plain.trim_ascii();
        self.weak.iter().find(same).map(|(name, _)| Label::Known(*name))
    }

    fn name(&self, label: Label) -> &str {
        match label {
            Label::Known(name) => &self.names[name],
            Label::Rule(rule) => &rule::all()[rule].id,
        }
    }

    fn marker(&self, label: Label) -> &str {
        match label {
            Label::Known(name) => &self.markers[name],
            Label::Rule(rule) => &self.markers[self.names.len() + rule],
        }
    }
}

impl Clean<'_> {
    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn list(findings: &[Finding]) -> String {
    let one = |finding: &Finding| format!("`{}` at `{}`", finding.what, finding.place);
    findings.iter().take(3).map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod spelling;
#[cfg(test)]
mod tests;
