//! Text that talks to the model, or tells what only a developer needs: a table of phrases, each with examples.
//!
//! As with the rules for credentials, a keyword is looked for first and a pattern is tried only where one stands. That
//! is done twice: in the bytes of a message, to pass over nearly all of them, and in the decoded text of what is left.
//! Every pattern is linear and, but for the lines of a stack trace, looks no further than some hundred bytes.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::Kind;
use super::skim::Skim;

/// All phrases.
pub(in crate::redact) struct Phrases {
    list: Vec<Phrase>,
    skim: Skim,
    /// The phrase of each keyword.
    owners: Vec<usize>,
}

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Phrase {
    #[cfg(test)]
    pub(super) id: String,
    pub(super) kind: Kind,
    keywords: Vec<String>,
    #[serde(default)]
    start: Start,
    pattern: String,
    #[cfg(test)]
    pub(super) examples: Vec<String>,
    #[cfg(test)]
    pub(super) non_examples: Vec<String>,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
}

/// Where the match of a pattern begins.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Start {
    /// At the keyword.
    #[default]
    Keyword,
    /// At the beginning of its line.
    Line,
}

/// A phrase in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What it is.
    pub(super) kind: Kind,
    /// What of the text is replaced.
    pub(super) whole: Range<usize>,
    /// Of markup, the brackets: only they are replaced.
    pub(super) brackets: Option<[Range<usize>; 2]>,
}

impl Found {
    /// Takes in one that begins inside this one: nothing of either is left. A phrase in markup takes the markup with
    /// it.
    fn join(&mut self, other: &Self) {
        self.whole.end = self.whole.end.max(other.whole.end);
        if self.kind == Kind::Markup {
            self.kind = other.kind;
        }
        if self.kind != Kind::Markup {
            self.brackets = None;
        }
    }
}

#[derive(Deserialize)]
struct File {
    phrase: Vec<Phrase>,
}

/// How far before a keyword the beginning of its line is looked for, in bytes.
const LONGEST_LINE: usize = 400;

/// The phrases, read once in a process: their keywords are literals of every redactor.
pub(in crate::redact) fn all() -> &'static Phrases {
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "the file is compiled in and a test loads it")]
        let file: File = toml::from_str(include_str!("phrases.toml")).expect("the file is valid");
        let (mut literals, mut owners) = (Vec::new(), Vec::new());
        for (number, phrase) in file.phrase.iter().enumerate() {
            for literal in phrase.keywords.iter().flat_map(|keyword| spellings(keyword)) {
                literals.push(literal.into_bytes());
                owners.push(number);
            }
        }
        Phrases { list: file.phrase, skim: Skim::new(literals), owners }
    });
    &PHRASES
}

impl Phrases {
    /// Whether a JSON text may hold a phrase; `in_error` says whether it is one of an error.
    pub(super) fn any(&self, json: &[u8], in_error: impl Fn() -> bool) -> bool {
        self.skim.any(json, |keyword, at| {
            let phrase = &self.list[self.owners[keyword]];
            // The pattern last: whether this is an error is known after the first time.
            (!phrase.kind.only_in_errors() || in_error()) && phrase.stands(json, at)
        })
    }

    /// The phrases in a decoded text, in order and disjoint.
    pub(super) fn find(&self, text: &[u8], in_error: impl Fn() -> bool) -> Vec<Found> {
        let mut found = Vec::new();
        // Where what each has matched ends: it is not tried inside again.
        let mut taken = vec![0; self.list.len()];
        self.skim.any(text, |keyword, at| {
            let owner = self.owners[keyword];
            let phrase = &self.list[owner];
            let may = at >= taken[owner] && (!phrase.kind.only_in_errors() || in_error());
            if let Some(hit) = may.then(|| phrase.find(text, at)).flatten() {
                taken[owner] = hit.whole.end;
                found.push(hit);
            }
            false
        });
        found.sort_by_key(|hit| (hit.whole.start, std::cmp::Reverse(hit.whole.end)));
        let mut apart: Vec<Found> = Vec::with_capacity(found.len());
        for hit in found {
            match apart.last_mut() {
                Some(last) if hit.whole.start < last.whole.end => last.join(&hit),
                _ => apart.push(hit),
            }
        }
        apart
    }

    /// Every keyword as it stands in decoded text, with the number of its phrase.
    pub(in crate::redact) fn keywords(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.list.iter().enumerate().flat_map(|(number, phrase)| {
            phrase.keywords.iter().map(move |keyword| (number, keyword.as_bytes()))
        })
    }

    /// Whether a phrase is something to tell only in an error.
    pub(in crate::redact) fn only_in_errors(&self, phrase: usize) -> bool {
        self.list[phrase].kind.only_in_errors()
    }

    /// Whether a phrase stands where one of its keywords does.
    pub(in crate::redact) fn stands(&self, phrase: usize, text: &[u8], keyword: usize) -> bool {
        self.list[phrase].stands(text, keyword)
    }

    /// The phrases, for tests of each.
    #[cfg(test)]
    pub(super) fn list(&self) -> &[Phrase] {
        &self.list
    }
}

impl Phrase {
    fn find(&self, text: &[u8], keyword: usize) -> Option<Found> {
        let start = self.start(text, keyword)?;
        let rest = &text[start..];
        // Most tries end here, and groups cost several times as much.
        let end = self.regex().find(rest)?.end();
        let groups = self.regex().captures(&rest[..end])?;
        let mut parts = groups.iter().skip(1).flatten();
        let parts = [parts.next(), parts.next()];
        let shifted = |part: Range<usize>| part.start + start..part.end + start;
        let (whole, brackets) = match parts.map(|part| part.map(|part| shifted(part.range()))) {
            [Some(open), Some(close)] => (open.start..close.end, Some([open, close])),
            [Some(part), None] => (part, None),
            _ => (shifted(0..end), None),
        };
        // A pattern that looks no further may end inside a character.
        let cut = text[whole.end..].iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
        Some(Found { kind: self.kind, whole: whole.start..whole.end + cut, brackets })
    }

    fn stands(&self, text: &[u8], keyword: usize) -> bool {
        self.start(text, keyword).is_some_and(|start| self.regex().is_match(&text[start..]))
    }

    /// Where a match may begin, given that one of the keywords stands at `keyword`.
    fn start(&self, text: &[u8], keyword: usize) -> Option<usize> {
        match self.start {
            Start::Keyword => {
                let before = text[..keyword].last();
                let part_of_word = before.is_some_and(u8::is_ascii_alphanumeric)
                    && text[keyword].is_ascii_alphanumeric()
                    && !ends_in_escape(&text[..keyword]);
                (!part_of_word).then_some(keyword)
            }
            Start::Line => {
                let near = &text[keyword.saturating_sub(LONGEST_LINE)..keyword];
                let ends = |at: &usize| match near[*at] {
                    b'n' => near[..*at].ends_with(b"\\"),
                    byte => byte == b'\n' || byte == b'"',
                };
                let line = (0..near.len()).rev().find(ends).map(|at| keyword - near.len() + at + 1);
                line.or((near.len() == keyword).then_some(0))
            }
        }
    }

    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            let pattern = self
                .pattern
                .replace("{gap}", r"(?:(?:\s|\xC2\xA0|\\[nrt]|\\u00a0){1,16})")
                .replace("{lt}", r"(?:<|\\u003c)")
                .replace("{gt}", r"(?:>|\\u003e)")
                .replace("{slash}", r"(?:\\?/)");
            #[expect(
                clippy::expect_used,
                reason = "patterns are compiled in and a test compiles each"
            )]
            RegexBuilder::new(&format!("^(?:{pattern})"))
                .unicode(false)
                .case_insensitive(true)
                .build()
                .expect("a pattern is valid")
        })
    }
}

/// Whether the letter at the end of a JSON text belongs to an escape such as `\n`.
fn ends_in_escape(text: &[u8]) -> bool {
    matches!(text, [.., b'\\', b'n' | b't' | b'r' | b'f' | b'b'])
        || text.last_chunk::<6>().is_some_and(|last| last.starts_with(b"\\u"))
}

/// The ways in which servers spell this in JSON without a reason to hide it: PHP escapes slashes, Go what HTML gives a
/// meaning to, Python what is not ASCII.
fn spellings(keyword: &str) -> Vec<String> {
    let ascii = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => format!("\\u{:04x}", u32::from(c)),
    };
    let mut spellings = vec![
        keyword.to_owned(),
        keyword.replace('/', "\\/"),
        keyword.replace('<', "\\u003c").replace('>', "\\u003e"),
        keyword.chars().map(ascii).collect(),
    ];
    spellings.sort();
    spellings.dedup();
    spellings
}
