//! Rules: what credentials look like, by their issuer's format or by what stands around them.
//!
//! A rule is data (`rule/<issuer>.toml`): keywords that the shared finder looks for, a pattern that is then tried where a
//! keyword stands and nowhere else, and checks of what matched. Patterns are compiled the first time their keyword is
//! seen, so arming them all costs next to nothing. Matching is linear: no pattern looks further than 32 KiB, and one that
//! fails late fails at a boundary that the next keyword cannot be behind. Every example and counter-example is a test.

mod check;
mod checksum;
mod field;
mod files;
mod manifest;
mod own;
mod plausible;
mod run;
mod set;
mod trail;

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::Check;
use check::Match;
use checksum::Checksum;
use files::FILES;
pub(super) use own::compile;
pub(super) use run::is_run;
pub(super) use set::Rules;
pub(super) use trail::Trail;

use super::finder::Literal;
use super::pem;
use super::settings::Level;

/// What came of trying a rule at a keyword.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tried {
    /// What matches and passes the checks, in order and disjoint. One name may stand before several values.
    pub(super) secrets: Vec<Range<usize>>,
    /// Up to where the rule need not be tried again.
    pub(super) until: usize,
}

/// No token is looked at beyond this many bytes. A key of 16,384 bits is 13 KB in PEM.
pub(super) const REACH: usize = 32 * 1024;

/// What one kind of credential looks like.
#[derive(Deserialize)]
pub(super) struct Rule {
    /// What stands in the marker.
    pub(super) id: String,
    /// What it finds, for people.
    #[serde(default)]
    description: String,
    /// Where its format is documented.
    #[serde(default)]
    source: String,
    #[serde(default)]
    confidence: Confidence,
    /// Literals of at least 4 bytes of which every match has one. A `?` at the end stands for any letter or digit, `_`,
    /// `-`, `.` or `~`: some issuers have prefixes of 3 bytes.
    keywords: Vec<String>,
    /// Whether letters of keywords match in either case.
    #[serde(default)]
    any_case: bool,
    /// How many bytes of the match stand before the keyword.
    #[serde(default)]
    before_keyword: usize,
    /// Whether it is a private key, which goes on in lines that the pattern cannot know.
    #[serde(default)]
    over_lines: bool,
    /// Where the match begins.
    #[serde(default)]
    start: Start,
    /// The names of issuers: beside one, `token` or `key` is the name of a secret.
    #[serde(default)]
    issuers: Vec<String>,
    /// What may stand in front of the match.
    #[serde(default)]
    boundary: Boundary,
    /// What the match looks like, from its first byte on. If it has groups, only the first that matched is withheld.
    /// None for a field: what stands between a name and its value is no regular language.
    #[serde(default)]
    pattern: String,
    /// Whether its keywords begin other words too. Behind those of other tokens any random run is a token (see [`run`]).
    #[serde(default)]
    common_prefix: bool,
    /// What a match must pass.
    #[serde(default)]
    checks: Vec<Check>,
    /// What proves a match, whatever the checks say. A wrong checksum proves nothing.
    checksum: Option<Checksum>,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
    /// The pattern without the anchor at its beginning.
    #[serde(skip)]
    unanchored: OnceLock<Regex>,
}

/// How sure a match of this rule is to be a credential.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Redacts by default.
    #[default]
    High,
    /// Redacts because its checks are strict. Where both match, the surer one is named.
    Medium,
}

/// Where the match of a pattern begins.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Start {
    /// At the keyword, or `before_keyword` bytes before it.
    #[default]
    Keyword,
    /// At the beginning of the word that the keyword is in: letters, digits, `+`, `-`, `.`, `_`.
    Word,
    /// The same, where the keyword ends with the `://` of a URL that names a user: most name none.
    Url,
    /// At the value of the name that the keyword is in, which must be one of a secret.
    Field,
    /// Anywhere in the few hundred bytes before the keyword, or at it.
    Around,
    /// At each value beside the kind that the keyword is; there is no pattern.
    Manifest,
}

/// What may stand in front of a match.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Boundary {
    /// Anything: the keyword is distinctive.
    #[default]
    None,
    /// No letter, digit or `_`.
    Word,
    /// No letter, digit, `_` or `-`.
    Token,
}

#[derive(Deserialize)]
struct File {
    rule: Vec<Rule>,
}

/// How far before a keyword its word is looked for.
const LONGEST_WORD: usize = 64;

/// How far behind `://` a user and a password are looked for.
const LONGEST_AUTHORITY: usize = 512;

/// All rules.
pub(super) fn all() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "the files are compiled in and a test loads them")]
        let read = |text: &&str| toml::from_str::<File>(text).expect("a rule file is valid").rule;
        FILES.iter().flat_map(read).collect()
    });
    &RULES
}

/// What the built-in rule of this id finds, and where that is documented.
pub fn description(id: &str) -> Option<(&'static str, &'static str)> {
    all().iter().find(|rule| rule.id == id).map(|rule| (&*rule.description, &*rule.source))
}

/// The number of the rule for private keys, whose marker an open PEM block in a stream gets.
pub(super) fn private_key() -> usize {
    numbered("private-key")
}

/// The number of the rule for the body of a private key that has no header, of which a stream shows a line at a time.
pub(super) fn key_body() -> usize {
    numbered("key-body")
}

fn numbered(id: &str) -> usize {
    all().iter().position(|rule| rule.id == id).unwrap_or_default()
}

impl Rule {
    /// Whether a match of this rule is surer to be a credential than one of another kind.
    pub(super) fn is_sure(&self) -> bool {
        self.confidence == Confidence::High
    }

    /// Whether it finds the values of a manifest.
    pub(super) fn is_manifest(&self) -> bool {
        self.start == Start::Manifest
    }

    /// What the shared finder looks for.
    pub(super) fn literals(&self) -> impl Iterator<Item = Literal> {
        let literal =
            |text: String, any_case| Literal { bytes: text.into_bytes().into(), any_case };
        self.keywords.iter().flat_map(move |keyword| match keyword.strip_suffix('?') {
            // A manifest's own keywords are what they are.
            _ if self.start == Start::Around => vec![literal(keyword.clone(), true)],
            None => vec![literal(keyword.clone(), self.any_case)],
            // One literal serves both cases, and the pattern sees which it is.
            Some(head) => ('a'..='z')
                .chain('0'..='9')
                .chain("_-.~".chars())
                .map(|c| literal(format!("{head}{c}"), true))
                .collect(),
        })
    }

    /// Tries the rule where one of its keywords stands at `keyword`; `None` where it is not to be tried there. A try in vain
    /// ends at `keyword`.
    pub(super) fn find(&self, text: &[u8], keyword: usize, level: Level) -> Option<Tried> {
        match self.start {
            Start::Around => return self.find_around(text, keyword, 0, level),
            Start::Field => return field::find(text, keyword, &self.issuers, level),
            _ => {}
        }
        if let Start::Manifest = self.start {
            let until = keyword + 1;
            return Some(Tried { secrets: manifest::values_beside(text, keyword), until });
        }
        let start = self.start(text, keyword)?;
        if !self.boundary.allows(text[..start].last().copied()) {
            return None;
        }
        let matched = self.find_pattern(text, start, level);
        let in_vain = || Tried { secrets: Vec::new(), until: keyword };
        let mut tried = matched.unwrap_or_else(in_vain);
        if !self.over_lines {
            return Some(tried);
        }
        tried.secrets.append(&mut match tried.secrets.first() {
            Some(found) if text[found.start] != b'-' => pem::rest_of_body(text, found.start),
            _ => pem::key(text, start),
        });
        tried.until = tried.secrets.iter().map(|secret| secret.end).max().unwrap_or(keyword);
        Some(tried)
    }

    /// Tries the pattern at a place of the text; `None` where it matches nothing.
    fn find_pattern(&self, text: &[u8], start: usize, level: Level) -> Option<Tried> {
        let found = match self.matched(&text[start..text.len().min(start + REACH)]) {
            Some(secret) => self.grown(text, start + secret.start..start + secret.end),
            None => start..self.token_behind(text, start)?,
        };
        let matched = Match { text, secret: found.clone() };
        let proven = self.checksum.is_some_and(|checksum| checksum.is_right(&text[found.clone()]));
        let passes = proven || self.checks.iter().all(|check| check.passes(&matched, level));
        let until = found.end;
        Some(Tried { secrets: passes.then_some(found).into_iter().collect(), until })
    }

    /// What the pattern finds at the start of a text: the first group that matched, or all of it.
    fn matched(&self, text: &[u8]) -> Option<Range<usize>> {
        let regex = self.regex();
        // Most tries end here, and groups cost several times as much.
        let whole = regex.find(text)?;
        if regex.captures_len() == 1 {
            return Some(whole.range());
        }
        let groups = regex.captures(&text[..whole.end()])?;
        Some(groups.iter().skip(1).flatten().next().map_or(whole.range(), |group| group.range()))
    }

    /// What the pattern has found, to the end of its token.
    fn grown(&self, text: &[u8], found: Range<usize>) -> Range<usize> {
        let end = match self.is_open_ended() {
            true => run::token_end(text, found.end),
            false if found.len() >= run::LONG => run::long_value_end(text, found.end),
            false => found.end,
        };
        found.start..end
    }

    /// The end of a token whose length or alphabet is not the documented one, behind the keyword at `start`.
    fn token_behind(&self, text: &[u8], start: usize) -> Option<usize> {
        if !self.takes_any_token() {
            return None;
        }
        let stands = |keyword: &&String| {
            let text = text.get(start..start + keyword.len());
            text.is_some_and(|text| match self.any_case {
                true => text.eq_ignore_ascii_case(keyword.as_bytes()),
                false => text == keyword.as_bytes(),
            })
        };
        let keyword = self.keywords.iter().filter(stands).max_by_key(|keyword| keyword.len())?;
        run::token_behind(text, start + keyword.len(), keyword.as_bytes())
    }

    /// Whether behind a whole keyword any random run is a token.
    fn takes_any_token(&self) -> bool {
        let whole = |keyword: &String| !keyword.ends_with('?');
        !self.common_prefix
            && self.before_keyword == 0
            && self.keywords.iter().any(whole)
            && self.is_open_ended()
    }

    /// Whether the pattern is that of a token, of which only the beginning is sure.
    fn is_open_ended(&self) -> bool {
        self.start == Start::Keyword
            && self.checks.iter().any(|check| matches!(check, Check::Varied | Check::JwtHeader))
            && self.regex().captures_len() == 1
    }

    fn start(&self, text: &[u8], keyword: usize) -> Option<usize> {
        match self.start {
            Start::Around | Start::Field => Some(keyword),
            Start::Keyword | Start::Manifest => keyword.checked_sub(self.before_keyword),
            Start::Word => Some(word_around(text, keyword)),
            Start::Url => names_user(text, keyword).then(|| word_around(text, keyword)),
        }
    }

    /// Whether the keywords are beginnings of words too. A manifest's own are what they are.
    pub(super) fn is_short(&self) -> bool {
        self.start != Start::Around && self.keywords.iter().all(|keyword| keyword.ends_with('?'))
    }

    fn regex(&self) -> &Regex {
        #[expect(
            clippy::expect_used,
            reason = "a test compiles each that is compiled in, and the manifest's are checked when it is read"
        )]
        self.compiled.get_or_init(|| {
            let compiled = match self.start {
                Start::Around => own::compile(&self.pattern),
                _ => {
                    let anchored = format!("^(?:{})", self.pattern);
                    RegexBuilder::new(&anchored).unicode(false).build()
                }
            };
            compiled.expect("a pattern is valid")
        })
    }
}

/// Where the word begins that `at` is in.
fn word_around(text: &[u8], at: usize) -> usize {
    let in_word = |b: &&u8| b.is_ascii_alphanumeric() || b"+-._".contains(b);
    let start = at - text[..at].iter().rev().take(LONGEST_WORD).take_while(in_word).count();
    // The `n` of an escaped line break is no part of the word behind it.
    let escaped = text[..start].ends_with(b"\\");
    (start + usize::from(escaped)).min(at)
}

/// Whether a user stands before the host of the URL whose `://` stands one byte behind `at`. A password may hold what
/// otherwise ends the host.
fn names_user(text: &[u8], at: usize) -> bool {
    let ends = |b: &u8| matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | ..=b' ');
    let authority = text[at..].iter().skip("s://".len()).take(LONGEST_AUTHORITY);
    let mut authority = authority.take_while(|b| !ends(b));
    match authority.find(|b| b"/?#@:".contains(b)) {
        Some(b'@') => true,
        Some(b':') => authority.any(|b| *b == b'@'),
        _ => false,
    }
}

impl Boundary {
    fn allows(self, before: Option<u8>) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        match self {
            Self::None => true,
            Self::Word => !before.is_some_and(word),
            Self::Token => !before.is_some_and(|b| word(b) || b == b'-'),
        }
    }
}

#[cfg(test)]
pub(in crate::redact) mod tests;
