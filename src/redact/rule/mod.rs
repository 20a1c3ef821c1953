//! Rules: what credentials of known issuers look like.
//!
//! A rule is data (`rule/<issuer>.toml`): keywords that the shared finder looks for, a pattern that is then tried where a
//! keyword stands and nowhere else, and checks of what matched. Patterns are compiled the first time their keyword is
//! seen, so arming them all costs next to nothing. Matching is linear: no pattern looks further than 32 KiB, and one that
//! fails late fails at a boundary that the next keyword cannot be behind. Every example and counter-example is a test.

mod check;

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use check::Check;

/// No token is looked at beyond this many bytes. A key of 16,384 bits is 13 KB in PEM.
pub(super) const REACH: usize = 32 * 1024;

/// One issuer a file, in the order of the alphabet.
const FILES: &[&str] = &[
    include_str!("anthropic.toml"),
    include_str!("aws.toml"),
    include_str!("github.toml"),
    include_str!("jwt.toml"),
    include_str!("openai.toml"),
    include_str!("pem.toml"),
    include_str!("slack.toml"),
];

/// What one kind of credential looks like.
#[derive(Deserialize)]
pub(super) struct Rule {
    /// What stands in the marker.
    pub(super) id: String,
    #[serde(default)]
    confidence: Confidence,
    /// Literals of at least 4 bytes of which every match has one.
    pub(super) keywords: Vec<String>,
    /// How many bytes of the match stand before the keyword.
    #[serde(default)]
    before_keyword: usize,
    /// What may stand in front of the match.
    #[serde(default)]
    boundary: Boundary,
    /// What the match looks like, from its first byte on. If it has a group, only the group is withheld.
    pattern: String,
    /// What a match must pass.
    #[serde(default)]
    checks: Vec<Check>,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
}

/// How sure a match of this rule is to be a credential.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    /// Redacts by default.
    #[default]
    High,
    /// Redacts only when the manifest asks for it.
    Medium,
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

/// All rules.
pub(super) fn all() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "the files are compiled in and a test loads them")]
        let read = |text: &&str| toml::from_str::<File>(text).expect("a rule file is valid").rule;
        FILES.iter().flat_map(read).collect()
    });
    &RULES
}

/// The number of the rule for private keys, whose marker an open PEM block in a stream gets.
pub(super) fn private_key() -> usize {
    all().iter().position(|rule| rule.id == "private-key").unwrap_or_default()
}

impl Rule {
    /// Whether the rule is looked for.
    pub(super) fn is_armed(&self) -> bool {
        self.confidence == Confidence::High
    }

    /// What matches in `text`, given that one of the keywords stands at `keyword`, and whether it passes the checks.
    pub(super) fn find(&self, text: &[u8], keyword: usize) -> Option<(Range<usize>, bool)> {
        let start = keyword.checked_sub(self.before_keyword)?;
        if !self.boundary.allows(text[..start].last().copied()) {
            return None;
        }
        let text = &text[start..text.len().min(start + REACH)];
        let regex = self.regex();
        let secret = if regex.captures_len() > 1 {
            regex.captures(text)?.get(1)?
        } else {
            regex.find(text)?
        };
        let passes = self.checks.iter().all(|check| check.passes(secret.as_bytes()));
        Some((start + secret.start()..start + secret.end(), passes))
    }

    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            let anchored = format!("^(?:{})", self.pattern);
            #[expect(
                clippy::expect_used,
                reason = "patterns are compiled in and a test compiles each"
            )]
            RegexBuilder::new(&anchored).unicode(false).build().expect("a pattern is valid")
        })
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
