//! Text in a server's messages that is meant for the model and not for the person: invisible characters, terminal
//! sequences, markup of chat templates, phrases that give orders, and in errors what tells of the network inside.
//!
//! It is found in decoded text and told, or taken out of the original bytes; taken out before redaction, so that
//! nothing is put together afterwards that redaction has not seen. Joiners that a script or an emoji needs stay, and
//! names, URIs and cursors are never rewritten. What is here recognises published tricks; it does not make a server
//! honest.

mod hidden;
pub(super) mod odd;
pub(super) mod phrase;
mod plain;
mod skim;
mod strip;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;

use super::Searched;
use super::json::{Token, Walker};
use crate::mcp::fields::{Fields, Treatment};
use crate::mcp::scan::members::{items, member};
use phrase::Phrases;
use strip::{Edit, Leaf};

/// What a message holds that is not meant for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signs {
    /// What was found, each kind once a text, the first [`SIGNS`] of it. Empty where only something harmless was taken
    /// out.
    pub found: Vec<Sign>,
    /// The message without it, where that was asked for and something could be taken out.
    pub stripped: Option<Vec<u8>>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// What it is.
    pub kind: Kind,
    /// A JSON pointer into the message, safe to show.
    pub place: String,
    /// Whether it stands where nothing is rewritten.
    pub fixed: bool,
}

/// No more than this many signs of one message are listed.
pub const SIGNS: usize = 32;

/// What may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Unicode tags: ASCII that nobody sees, but for the flags of regions.
    Tags,
    /// Embeddings, overrides and isolates of direction where no text needs them.
    Bidi,
    /// Spaces and joiners without width, several in a row or inside a word.
    ZeroWidth,
    /// Variation selectors that vary nothing.
    Variation,
    /// Operators, fillers and hyphens that are not shown.
    Invisible,
    /// Control characters.
    Control,
    /// Sequences that a terminal obeys.
    Ansi,
    /// Tags that chat templates and attacks give a meaning to.
    Markup,
    /// Phrases that give orders to a model.
    Instructions,
    /// An address inside somebody's network, in an error.
    InternalUrl,
    /// A stack trace, in an error.
    StackTrace,
}

impl Kind {
    /// What it is called on stderr.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tags => "unicode-tags",
            Self::Bidi => "bidi",
            Self::ZeroWidth => "zero-width",
            Self::Variation => "variation-selectors",
            Self::Invisible => "invisible",
            Self::Control => "control",
            Self::Ansi => "ansi-escape",
            Self::Markup => "markup",
            Self::Instructions => "instructions",
            Self::InternalUrl => "internal-url",
            Self::StackTrace => "stack-trace",
        }
    }

    /// Whether it is nothing to tell outside an error.
    fn only_in_errors(self) -> bool {
        matches!(self, Self::InternalUrl | Self::StackTrace)
    }

    /// What stands in its place when it is taken out; it needs no escape in JSON, and is no marker.
    fn notice(self) -> &'static str {
        match self {
            Self::Instructions => "[removed by hushpipe: instructions]",
            Self::InternalUrl => "[removed by hushpipe: internal URL]",
            Self::StackTrace => "[removed by hushpipe: stack trace]",
            _ => "",
        }
    }
}

/// Looks for signs in a message that was searched, and takes out what may be if `strip` says so. `None` where there is
/// nothing, which is nearly always and costs little more than a look at each byte.
pub fn look(frame: &[u8], searched: &Searched, fields: Fields, strip: bool) -> Option<Signs> {
    let phrases = phrase::all();
    let met = searched.signs;
    let odd = met.odd && odd::is_odd(frame);
    let error = OnceCell::new();
    let in_error = || *error.get_or_init(|| is_error(frame));
    let spoken = met.phrase || met.phrase_of_error && in_error();
    if !odd && !spoken {
        return None;
    }
    let (found, edits) = (Vec::new(), Vec::new());
    let mut looked = Looked { phrases, in_error, strip, found, edits };
    // The end of the line is no part of a string, not even of one that is never closed.
    let mut walker = Walker::new(frame.trim_ascii_end(), fields);
    while let Some((token, range)) = walker.next() {
        let source = &frame[range.clone()];
        let suspect = token != Token::Bare
            && (odd && odd::is_odd(source) || spoken && phrases.any(source, in_error));
        if suspect {
            looked.leaf(&walker, token, range, source);
        }
    }
    let stripped = (!looked.edits.is_empty()).then(|| strip::splice(frame, &looked.edits));
    let any = stripped.is_some() || !looked.found.is_empty();
    any.then_some(Signs { found: looked.found, stripped })
}

/// Whether nobody sees this character: what is shown to a person should not hold it.
pub fn is_hidden(c: char) -> bool {
    hidden::sort(c.into()) == hidden::Sort::Hidden
}

/// What a walk looks for, and what it has found.
struct Looked<E> {
    phrases: &'static Phrases,
    in_error: E,
    strip: bool,
    found: Vec<Sign>,
    edits: Vec<Edit>,
}

impl<E: Fn() -> bool> Looked<E> {
    /// Looks into one string. Names and other strings of the protocol are text to nobody: only what cannot be seen
    /// counts.
    fn leaf(&mut self, walker: &Walker<'_>, token: Token, range: Range<usize>, source: &[u8]) {
        let treatment = walker.treatment(token);
        if treatment == Treatment::Encoded {
            return;
        }
        let text = token == Token::Text && treatment == Treatment::Replace;
        let leaf = Leaf::new(source, |plain| match text {
            true => self.phrases.find(plain, &self.in_error),
            false => Vec::new(),
        });
        let kinds = leaf.kinds();
        let edits = if self.strip && text { leaf.edits() } else { Vec::new() };
        if kinds.is_empty() && edits.is_empty() {
            return;
        }
        let place = walker.pointer();
        let fixed = !text || is_choice(&place);
        let room = SIGNS.saturating_sub(self.found.len());
        let sign = |kind| Sign { kind, place: place.clone(), fixed };
        self.found.extend(kinds.into_iter().take(room).map(sign));
        if !fixed {
            self.edits.extend(edits.into_iter().map(|edit| edit.behind(range.start)));
        }
    }
}

/// Whether what stands here is part of what a schema allows: rewritten, a tool would be called with what it does not
/// take.
fn is_choice(place: &str) -> bool {
    let mut steps = place.rsplit('/');
    let (last, before) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    let in_schema = steps.any(|step| SCHEMAS.contains(&step)) || SCHEMAS.contains(&before);
    let choice = matches!(last, "const" | "default" | "pattern" | "$ref");
    in_schema && (choice || matches!(before, "enum" | "required"))
}

/// The names under which a schema stands.
const SCHEMAS: &[&str] = &["inputSchema", "outputSchema", "requestedSchema"];

/// Whether a message is an error, or the result of a call that failed, or a batch that has one.
fn is_error(frame: &[u8]) -> bool {
    let said = |at: usize| {
        let value = frame[at + NAME_END.len()..].trim_ascii_start();
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii_start();
        !value.starts_with(b"false")
    };
    let escaped = memmem::find(frame, b"\\u").is_some();
    if !escaped && !memmem::find_iter(frame, NAME_END).any(said) {
        return false;
    }
    let fails = |message: &[u8]| {
        let failed = |result| member(result, "isError") == Some(b"true");
        member(message, "error").is_some() || member(message, "result").is_some_and(failed)
    };
    fails(frame) || items(frame).any(|item| fails(&frame[item]))
}

/// How `error` and `isError` end.
const NAME_END: &[u8] = b"rror\"";
