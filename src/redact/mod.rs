//! Redaction: no known value and nothing shaped like a credential leaves for the client, its logs or the terminal.
//!
//! A [`Redactor`] is built once per launch from the injected secrets. Matching is on decoded text: JSON escapes to four
//! levels, percent escapes and line wraps are undone first (`view`); seeds of the known values and keywords of the rules
//! are found in one pass (`finder`); markers such as `[hushpipe:GITHUB_TOKEN]` are spliced into the original bytes
//! (`splice`). A message without a finding is forwarded as the very bytes that came. Where a message must not be
//! rewritten ([`fields`](crate::mcp::fields)) it is blocked. Nothing here fails, and nothing is kept of a message.

mod allow;
mod arguments;
mod block;
mod clean;
mod control;
mod detect;
mod document;
mod encoding;
mod finder;
mod gather;
mod hit;
pub mod instruct;
pub mod invisible;
mod json;
mod known;
mod lines;
mod marker;
mod nested;
mod note;
mod open;
mod own;
mod part;
mod pem;
mod quoting;
mod record;
mod rule;
pub mod settings;
mod shown;
mod splice;
mod stream;
mod view;
mod weak;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::mcp::fields::Fields;
use crate::secret::{Secret, SecretSet};
use crate::sys::machine_key::MachineKey;
pub use allow::{NoPointer, OwnedTools, Pointer, STDERR, Tools};
pub use clean::{Clean, Cleaned};
use control::Controls;
use detect::{Detector, Signs};
use hit::{Hit, Label, merge};
use known::Known;
pub use lines::{Format, LineCleaner};
pub use marker::Returned;
use marker::{MARKER, Written, marker};
pub use note::is_note;
pub use own::{OwnRuleError, built_in, is_built_in};
use rule::Rules;
pub use rule::{Check, Confidence, description};
use settings::{Allow, Mode, Settings};
pub use shown::listed;
use splice::Splice;
pub use stream::{Located, StreamCleaner};

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
    mode: Mode,
    allow: Vec<Allow>,
    /// Tells values again that may pass; where there is no key, none does.
    key: Option<MachineKey>,
}

/// What the pass over a message has found. No `Debug`: it says where values are.
pub struct Searched {
    hits: Vec<Hit>,
    signs: Signs,
}

/// A message that may not leave: a known value stands where nothing may be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("message withheld: it holds {} where nothing can be replaced", listed(.findings))]
pub struct Blocked {
    /// The values that block it. Never empty.
    pub findings: Vec<Finding>,
}

/// Something that was found. Names a secret or a rule and a place, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is a known value or what a rule found.
    pub kind: Kind,
    /// The variable of a known value, or the id of a rule: what stands in the marker.
    pub what: String,
    /// A JSON pointer into the message, or the name of a stream.
    pub place: String,
    /// How many bytes of the original it took.
    pub len: usize,
    /// What was done about it.
    pub action: Action,
    /// The HMAC of what a rule found, under this machine's key, where there is one: it names a value that may pass.
    pub hmac: Option<String>,
}

/// What told that something must not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is a value that we injected.
    Value,
    /// It looks like a credential.
    Rule,
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
    /// It is only told: the manifest says so.
    Reported,
}

/// What it is and where.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at `{}`", self.what, self.place)
    }
}

impl Redactor {
    /// A redactor for the secrets of one launch and the credentials among its other variables, as a manifest wants it.
    /// Secrets that are not sensitive are not looked for.
    pub fn new(
        known: &SecretSet,
        credentials: &[(String, Secret)],
        settings: &Settings,
        key: Option<MachineKey>,
    ) -> Self {
        let sensitive = known.iter().filter(|injected| injected.sensitive);
        let secrets = sensitive.map(|injected| (injected.variable.as_str(), &injected.value));
        let credentials = credentials.iter().map(|(name, value)| (name.as_str(), value));
        Self::with(secrets.chain(credentials), settings, key)
    }

    /// A redactor for these values under these names. A name may come several times: before and after a rotation.
    pub fn armed<'a>(values: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Self {
        Self::with(values, &Settings::default(), None)
    }

    /// The same as a manifest wants it. `key` tells the values that it lets pass.
    pub fn with<'a>(
        values: impl IntoIterator<Item = (&'a str, &'a Secret)>,
        settings: &Settings,
        key: Option<MachineKey>,
    ) -> Self {
        let mut known = Known::new(values);
        let rules = Rules::new(&settings.rules, settings.level);
        let detector = Detector::new(&mut known, rules);
        let Known { mut names, weak, blocks, .. } = known;
        for (index, name) in names.iter_mut().enumerate() {
            // A name that holds a value (`TOKEN=MY_TOKEN_1`) cannot be shown.
            if !detector.text(name.as_bytes()).is_empty() {
                *name = format!("secret-{}", index + 1);
            }
        }
        let rules = detector.rules().iter().map(|rule| &*rule.id);
        let markers: Vec<_> = names.iter().map(String::as_str).chain(rules).map(marker).collect();
        let written = Written::new(&markers);
        let (mode, allow) = (settings.mode, settings.allow.clone());
        Self { detector, names, markers, written, weak, blocks, mode, allow, key }
    }

    /// Cleans one JSON-RPC message. The end of its line may be given with it and stays as it is.
    ///
    /// # Errors
    /// A known value stands where nothing may be rewritten; the message must not be sent.
    pub fn frame<'a>(&self, frame: &'a [u8], fields: Fields) -> Result<Cleaned<'a>, Blocked> {
        self.frame_of(frame, fields, Tools::NONE)
    }

    /// The same for what tools answer: what is let pass may be so only there.
    ///
    /// # Errors
    /// As [`Redactor::frame`].
    pub fn frame_of<'a>(
        &self,
        frame: &'a [u8],
        fields: Fields,
        tools: Tools<'_>,
    ) -> Result<Cleaned<'a>, Blocked> {
        self.found(frame, self.search(frame), fields, tools)
    }

    /// Looks through one JSON-RPC message: the one pass, for redaction and for [`instruct::look`].
    pub fn search(&self, frame: &[u8]) -> Searched {
        let (hits, signs) = self.detector.json(frame);
        Searched { hits, signs }
    }

    /// Cleans one JSON text of the lines of a stream, in which `parts` of a key were found besides.
    ///
    /// # Errors
    /// As [`Redactor::frame`].
    fn line<'a>(&self, line: &'a [u8], parts: Vec<Hit>) -> Result<Cleaned<'a>, Blocked> {
        let mut searched = self.search(line);
        if !parts.is_empty() {
            searched.hits = merge([searched.hits, parts].concat());
        }
        self.found(line, searched, Fields { data: true, ..Fields::default() }, Tools::NONE)
    }

    /// What is found in lines of text that belong together and no other line says; of a key, nothing.
    fn hits_over_lines(&self, text: &[u8]) -> Vec<Hit> {
        let keys = [rule::private_key(), rule::key_body()].map(Label::Rule);
        let mut hits = self.detector.text(text);
        hits.retain(|hit| !keys.contains(&hit.label));
        hits
    }

    /// Cleans a message that was searched, as it is now.
    ///
    /// # Errors
    /// As [`Redactor::frame`].
    pub fn found<'a>(
        &self,
        frame: &'a [u8],
        searched: Searched,
        fields: Fields,
        tools: Tools<'_>,
    ) -> Result<Cleaned<'a>, Blocked> {
        self.spliced(frame, searched, fields, tools, self.mode)
    }

    /// The same for a message that other threads hold too.
    ///
    /// # Errors
    /// As [`Redactor::frame`].
    pub fn found_shared(
        &self,
        frame: &Arc<Vec<u8>>,
        searched: Searched,
        fields: Fields,
        tools: OwnedTools,
    ) -> Result<Cleaned<'static>, Blocked> {
        let found = tools.with(|tools| self.found(frame, searched, fields, tools))?;
        Ok(Cleaned { clean: found.clean.or_shared(frame), findings: found.findings })
    }

    /// Cleans a message for a file, which holds no secret in clear even where the client is shown them.
    ///
    /// # Errors
    /// As [`Redactor::frame`].
    pub fn recorded<'a>(&self, frame: &'a [u8], fields: Fields) -> Result<Cleaned<'a>, Blocked> {
        self.spliced(frame, self.search(frame), fields, Tools::NONE, Mode::Redact)
    }

    fn spliced<'a>(
        &self,
        frame: &'a [u8],
        Searched { hits, signs }: Searched,
        fields: Fields,
        tools: Tools<'_>,
        mode: Mode,
    ) -> Result<Cleaned<'a>, Blocked> {
        let blocks = if signs.block { self.blocks(frame, fields, &hits) } else { Vec::new() };
        if hits.is_empty() && blocks.is_empty() && self.weak.is_empty() {
            return Ok(Cleaned { clean: Clean::new(Cow::Borrowed(frame)), findings: Vec::new() });
        }
        Splice::new(self, frame, tools, mode).frame(&hits, blocks, fields)
    }

    /// Whether findings are only told, and nothing of what the client gets is withheld.
    pub fn reports(&self) -> bool {
        self.mode == Mode::Report
    }

    /// Cleans free text that is complete, even where findings are only told.
    pub fn text<'a>(&self, text: &'a [u8]) -> Cleaned<'a> {
        Splice::new(self, text, Tools::NONE, Mode::Redact).text(&self.detector.text(text), "text")
    }

    /// Starts cleaning a server's stderr, control characters too.
    pub fn stderr(&self) -> StreamCleaner<'_> {
        StreamCleaner::new(self, Controls::Shown)
    }

    /// Starts cleaning a stream of free text, of which everything else stays as it is.
    pub fn stream(&self) -> StreamCleaner<'_> {
        StreamCleaner::new(self, Controls::Kept)
    }

    /// Starts cleaning a stream of lines, which may be JSON.
    pub fn lines(&self, format: Format) -> LineCleaner<'_> {
        LineCleaner::new(self, format)
    }

    /// Whether anything that a rule finds may pass.
    fn lets_something_pass(&self) -> bool {
        !self.allow.is_empty()
    }

    /// A finding, to be replaced, given the bytes that it stands in and where that is; `None` where it may pass.
    fn judge(
        &self,
        label: Label,
        found: &[u8],
        tool: Option<&str>,
        place: String,
    ) -> Option<Finding> {
        let mut label = label;
        let (kind, hmac) = match label {
            Label::Known(_) => (Kind::Value, None),
            Label::Rule(_) => (Kind::Rule, self.key.as_ref().map(|key| key.hmac(&plain(found)))),
        };
        if let Label::Rule(rule) = label {
            let is_value = |allow: &Allow| match allow {
                Allow::Value { hmac: allowed } => hmac.as_ref() == Some(allowed),
                Allow::Place { .. } => false,
            };
            if self.allow.iter().any(is_value) {
                return None;
            }
            let passes = |rule: usize| {
                let what = self.name(Label::Rule(rule));
                self.allow.iter().any(|allow| allow.covers(what, &place, tool))
            };
            if passes(rule) {
                // What another rule finds does not pass because it stands in more that does.
                label = Label::Rule(self.detector.rule_in(found, |other| !passes(other))?);
            }
        }
        let (what, len, action) = (self.name(label).to_owned(), found.len(), Action::Replaced);
        Some(Finding { kind, what, place, len, action, hmac })
    }

    /// The same in a stream, with what is done about it.
    fn judged_in_stream(&self, label: Label, found: &[u8]) -> Option<Finding> {
        let mut finding = self.judge(label, found, None, STDERR.to_owned())?;
        if self.reports() {
            finding.action = Action::Reported;
        }
        Some(finding)
    }

    fn name(&self, label: Label) -> &str {
        match label {
            Label::Known(name) => &self.names[name],
            Label::Rule(rule) => &self.detector.rules()[rule].id,
        }
    }

    fn marker(&self, label: Label) -> &str {
        match label {
            Label::Known(name) => &self.markers[name],
            Label::Rule(rule) => &self.markers[self.names.len() + rule],
        }
    }
}

/// What was found, without the escapes of JSON: a value is the same one wherever it stands.
fn plain(found: &[u8]) -> Cow<'_, [u8]> {
    let mut plain = Cow::Borrowed(found);
    for layer in view::LAYERS.iter().take_while(|layer| **layer == view::Layer::Escapes) {
        match layer.peel(&plain) {
            Some(peeled) => plain = Cow::Owned(peeled),
            None => break,
        }
    }
    plain
}

#[cfg(test)]
mod margins;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod spelling;
#[cfg(test)]
mod tests;
