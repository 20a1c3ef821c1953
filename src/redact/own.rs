//! Rules of a manifest's own, checked when it is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finder::HEAD;
use super::rule::{self, Check, Confidence, Rule};

/// A rule as a manifest writes it. [`OwnRule::check`] says whether it can be one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnRule {
    /// What stands in the marker: letters, digits, `-` and `_`. No built-in rule may have it.
    pub id: String,
    /// What it finds, for people.
    #[serde(default)]
    pub description: String,
    /// Texts of at least 4 bytes, in either case, of which every match has one within its first 256 bytes.
    pub keywords: Vec<String>,
    /// A regular expression (syntax of the Rust crate `regex`, on bytes). If it has groups, only the first that matched is
    /// withheld.
    pub pattern: String,
    /// Where two rules find the same, the `high` one is named.
    #[serde(default)]
    pub confidence: Confidence,
    /// What a match must pass besides; level `strict` drops those that keep placeholders out.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Texts in which it must find something, which `hushpipe check` proves.
    #[serde(default)]
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    #[serde(default)]
    pub non_examples: Vec<String>,
}

/// Why a rule cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnRuleError {
    /// Its id has other characters, none, or more than 64.
    #[error("`id` takes 1 to 64 letters, digits, `-`, `_`")]
    Id,
    /// A built-in rule has its id.
    #[error("there is a built-in rule of this id")]
    Taken,
    /// It has no keyword.
    #[error("it needs a keyword: a text of at least 4 bytes that stands in every match")]
    NoKeyword,
    /// A keyword is too short to be looked for in everything.
    #[error("its keyword `{0}` is shorter than 4 bytes")]
    ShortKeyword(String),
    /// The pattern does not compile.
    #[error("its pattern does not compile{}: {reason}", at.map(|at| format!(" at character {at}")).unwrap_or_default())]
    Pattern {
        /// Where in the pattern, from 1 on, where that can be told.
        at: Option<usize>,
        /// Why.
        reason: String,
    },
    /// The pattern compiles to too much.
    #[error("its pattern takes more than 1 MiB when it is compiled")]
    Large,
    /// The pattern matches an empty text.
    #[error("its pattern matches an empty text")]
    Empty,
}

impl OwnRule {
    /// Whether it can be a rule; its examples are another matter.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), OwnRuleError> {
        let in_id = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if !(1..=64).contains(&self.id.len()) || !self.id.bytes().all(in_id) {
            return Err(OwnRuleError::Id);
        }
        if is_built_in(&self.id) {
            return Err(OwnRuleError::Taken);
        }
        if self.keywords.is_empty() {
            return Err(OwnRuleError::NoKeyword);
        }
        if let Some(short) = self.keywords.iter().find(|keyword| keyword.len() < HEAD) {
            return Err(OwnRuleError::ShortKeyword(short.clone()));
        }
        let regex = rule::compile_own(&self.pattern).map_err(|error| refused(&error))?;
        if regex.is_match(b"") { Err(OwnRuleError::Empty) } else { Ok(()) }
    }

    /// Whether this rule, by itself, finds something in a text.
    pub fn finds_in(&self, text: &str) -> bool {
        let rule = Rule::own(self);
        let finder = super::finder::Finder::new(rule.literals().collect());
        let mut found = false;
        finder.each(text.as_bytes(), |_, at| {
            found |= rule.find(text.as_bytes(), at).is_some_and(|(_, passes)| passes);
        });
        found
    }
}

/// Whether this is the id of a built-in rule.
pub fn is_built_in(id: &str) -> bool {
    built_in().any(|known| known == id)
}

/// The ids of the built-in rules.
pub fn built_in() -> impl Iterator<Item = &'static str> {
    rule::all().iter().map(|rule| &*rule.id)
}

/// What the `regex` crate says of a pattern, without the pattern.
fn refused(error: &regex::Error) -> OwnRuleError {
    if let regex::Error::CompiledTooBig(_) = error {
        return OwnRuleError::Large;
    }
    let message = error.to_string();
    let mut lines = message.lines().rev();
    let reason = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    // The line before points at the place with a caret, below the pattern, which is four characters in.
    let caret = lines.next().and_then(|line| line.find('^'));
    OwnRuleError::Pattern { at: caret.and_then(|at| at.checked_sub(3)), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str) -> OwnRule {
        OwnRule {
            id: "acme".into(),
            description: String::new(),
            keywords: vec!["acme_".into()],
            pattern: pattern.into(),
            confidence: Confidence::High,
            checks: Vec::new(),
            examples: Vec::new(),
            non_examples: Vec::new(),
        }
    }

    #[test]
    fn a_pattern_that_does_not_compile_says_where_and_why() {
        let refused = |pattern| rule(pattern).check().unwrap_err().to_string();
        assert_eq!(
            refused("acme_[a-z"),
            "its pattern does not compile at character 6: unclosed character class"
        );
        assert!(refused("(?:acme_[a-z]{1000}){1000}").contains("more than 1 MiB"));
        assert_eq!(refused("(?:acme_)?"), "its pattern matches an empty text");
        assert_eq!(rule("acme_[a-z]+").check(), Ok(()));
    }

    #[test]
    fn a_match_may_begin_before_its_keyword_and_must_have_it() {
        let own = rule("(?:[a-z]+-)?acme_([0-9]{8})");
        assert!(
            own.finds_in("my-acme_12345678") && own.finds_in("at first acme_, then acme_12345678")
        );
        assert!(!own.finds_in("acme_1234 and 12345678"));
        assert!(rule("ACME_[0-9]{8}").finds_in("ACME_12345678"));
        assert!(!rule("zeta_[0-9]{8}").finds_in("acme_ zeta_12345678"));
    }
}
