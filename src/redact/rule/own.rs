//! Rules of a manifest's own: their keyword may stand anywhere near the beginning of a match.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::check::Match;
use super::{Boundary, REACH, Rule, Start};
use crate::redact::own::OwnRule;
use crate::redact::settings::Level;

/// How far before its keyword a match of a manifest's own rule may begin.
const AHEAD: usize = 256;

/// How much memory the pattern of a manifest's own rule may take, in bytes.
const OWN_LIMIT: usize = 1 << 20;

impl Rule {
    /// A rule of a manifest's own, which has been checked.
    pub(in crate::redact) fn own(own: &OwnRule) -> Self {
        Self {
            id: own.id.clone(),
            description: own.description.clone(),
            source: String::new(),
            confidence: own.confidence,
            keywords: own.keywords.clone(),
            // The pattern says whether case counts.
            any_case: true,
            before_keyword: 0,
            start: Start::Around,
            issuers: Vec::new(),
            boundary: Boundary::None,
            pattern: own.pattern.clone(),
            checks: own.checks.clone(),
            checksum: None,
            compiled: OnceLock::new(),
        }
    }

    /// [`Rule::find`] for a pattern that says nothing of where in a match the keyword is. Linear: what has been
    /// searched in vain is not searched again, but for half of a stretch, which a match may begin in and reach beyond.
    pub(super) fn find_around(
        &self,
        text: &[u8],
        keyword: usize,
        level: Level,
    ) -> Option<(Option<Range<usize>>, usize)> {
        let stretch = &text[..text.len().min(keyword + REACH)];
        let regex = self.regex();
        let mut from = keyword.saturating_sub(AHEAD);
        let whole = loop {
            let Some(whole) = regex.find_at(stretch, from) else {
                let end =
                    if stretch.len() == text.len() { text.len() } else { keyword + REACH / 2 };
                return Some((None, end));
            };
            if whole.start() > keyword {
                return Some((None, whole.start()));
            }
            if whole.end() > keyword {
                break whole;
            }
            // It belongs to an earlier keyword.
            from = whole.end().max(whole.start() + 1);
        };
        let groups = regex.captures_at(stretch, whole.start())?;
        let secret = groups.iter().skip(1).flatten().next().unwrap_or(whole).range();
        let matched = Match { text, secret: secret.clone() };
        let passes =
            !secret.is_empty() && self.checks.iter().all(|check| check.passes(&matched, level));
        Some((passes.then_some(secret), whole.end()))
    }
}

/// Compiles the pattern of a manifest's own rule.
///
/// # Errors
/// It is no pattern, or takes too much memory.
pub(in crate::redact) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(OWN_LIMIT).build()
}
