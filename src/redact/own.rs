//! Rules of a manifest's own, checked when it is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finder::{Finder, HEAD};
use super::rule::{self, Check, Confidence, Rule};
use super::settings::Level;
use crate::error::{Fault, Kind};

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
    /// A regular expression (syntax of the Rust crate `regex`, on bytes). If it has groups, only the first that matched
    /// is withheld. Of several ways to match, one that ends within 4 KiB is taken.
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

/// An example of a rule says something else than the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "rule `{rule}` finds {} in the text {number} of its `{}`",
    if *finds { "something" } else { "nothing" },
    if *finds { "non_examples" } else { "examples" }
)]
pub struct Unproven {
    /// The id of the rule.
    rule: String,
    /// Whether it finds something there.
    finds: bool,
    /// Which of the texts, from 1 on.
    number: usize,
}

impl Fault for Unproven {
    fn kind(&self) -> Kind {
        Kind::Config
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.finds {
            true => "make the pattern say more, or give the rule a check such as `varied`",
            false => "see that a keyword of the rule stands in it, and that the pattern matches",
        };
        Some(hint.to_owned())
    }
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
        let regex = rule::compile(&self.pattern).map_err(|error| refused(&error))?;
        if regex.is_match(b"") { Err(OwnRuleError::Empty) } else { Ok(()) }
    }

    /// Whether it finds something in each of its examples and nothing in the others.
    ///
    /// # Errors
    /// It does not, in the first of them.
    pub fn prove(&self) -> Result<(), Unproven> {
        let unproven = |finds, number| Unproven { rule: self.id.clone(), finds, number };
        if let Some(at) = self.examples.iter().position(|text| !self.finds_in(text)) {
            return Err(unproven(false, at + 1));
        }
        match self.non_examples.iter().position(|text| self.finds_in(text)) {
            Some(at) => Err(unproven(true, at + 1)),
            None => Ok(()),
        }
    }

    /// Whether this rule, by itself, finds something in a text.
    fn finds_in(&self, text: &str) -> bool {
        let rule = Rule::own(self);
        let finder = Finder::new(rule.literals().collect());
        let mut found = false;
        finder.each(text.as_bytes(), |_, at| {
            found |= rule
                .find(text.as_bytes(), at, Level::Default)
                .is_some_and(|tried| !tried.secrets.is_empty());
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
    use crate::redact::rule::Tried;

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
    fn examples_prove_a_rule_or_name_the_one_that_does_not() {
        let mut own = rule("acme_[0-9]{8}");
        own.examples = vec!["acme_12345678".into(), "acme_1234".into()];
        let unproven = own.prove().unwrap_err().to_string();
        assert_eq!(unproven, "rule `acme` finds nothing in the text 2 of its `examples`");
        own.examples.pop();
        own.non_examples = vec!["acme_123456789".into()];
        let unproven = own.prove().unwrap_err().to_string();
        assert_eq!(unproven, "rule `acme` finds something in the text 1 of its `non_examples`");
        own.non_examples.clear();
        assert_eq!(own.prove(), Ok(()));
    }

    #[test]
    fn a_match_may_begin_before_its_keyword_and_must_have_it() {
        let own = rule("(?:[a-z]+-)?acme_([0-9]{8})");
        assert!(
            own.finds_in("my-acme_12345678") && own.finds_in("at first acme_, then acme_12345678")
        );
        assert!(!own.finds_in("acme_1234 and 12345678"));
        let odd = OwnRule { keywords: vec!["key?".into()], ..rule("key\\?[0-9]{8}") };
        assert!(odd.finds_in("key?12345678"), "no character stands for another");
        assert!(rule("ACME_[0-9]{8}").finds_in("ACME_12345678"));
        assert!(!rule("zeta_[0-9]{8}").finds_in("acme_ zeta_12345678"));
    }

    fn tried(secret: Option<std::ops::Range<usize>>, until: usize) -> Option<Tried> {
        Some(Tried { secrets: secret.into_iter().collect(), until })
    }

    #[test]
    fn of_two_matches_the_one_that_is_near_is_taken_and_a_long_one_is_whole() {
        let find = |pattern: &str, text: &str| {
            Rule::own(&rule(pattern)).find(text.as_bytes(), 0, Level::Default)
        };
        let tail = |len: usize| format!("acme_1{}; acme_2", "x".repeat(len));
        let whole = |end: usize| tried(Some(0..end), end);
        assert_eq!(find("acme_(?:[^;]*;)?", &tail(3000)), whole(3007));
        assert_eq!(
            find("acme_(?:[^;]*;)?", &tail(5000)),
            whole(5),
            "what is far is not looked for"
        );
        assert_eq!(find("acme_1x+", &tail(9000)), whole(9006), "what goes on is");
        assert_eq!(find("acme_[^;]*;", &tail(9000)), whole(9007));
        assert_eq!(find("acme_1x+\\B", "acme_1xxx"), whole(8), "a cut is no end of a word");
    }

    /// Else a text of nothing but keywords would be searched from each of them on.
    #[test]
    fn what_was_searched_is_not_searched_again() {
        let own = Rule::own(&rule("acme_([0-9])(?:acme_x)*"));
        let find = |text: &[u8], at| own.find(text, at, Level::Default);
        assert_eq!(find(b"acme_1acme_xacme_x end", 0), tried(Some(5..6), 18));
        assert_eq!(find(b"acme_x acme_x", 0), tried(None, 13));
        assert_eq!(find(b"acme_x acme_1", 0), tried(None, 7));
        assert_eq!(find(b"acme_2 acme_1", 7), tried(Some(12..13), 13));
        // What comes before was tried, or one keyword after another would be compared with the whole stretch.
        let before = Rule::own(&rule("(?:[a-z]+-)?acme_[0-9]"));
        let find_from = |from| before.find_around(b"my-acme_1", 3, from, Level::Default);
        assert_eq!((find_from(0), find_from(2)), (tried(Some(0..9), 9), tried(Some(3..9), 9)));
        let long = "acme_x ".repeat(10_000);
        let Tried { secrets, until } = find(long.as_bytes(), 0).unwrap();
        assert!(secrets.is_empty() && (1 << 14..long.len()).contains(&until), "{until}");
    }
}
