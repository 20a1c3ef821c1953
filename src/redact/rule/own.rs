//! Rules of a manifest's own: their keyword may stand anywhere near the beginning of a match.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::check::Match;
use super::{Boundary, REACH, Rule, Start, Tried};
use crate::redact::own::OwnRule;
use crate::redact::settings::Level;

/// How far before its keyword a match of a manifest's own rule may begin.
const AHEAD: usize = 256;

/// How far behind its keyword the end of a match is looked for at first. A pattern such as `key(?:.*end)?` looks as far
/// as it may behind every keyword, and finds no more than the keyword.
const NEAR: usize = 4096;

/// So many matches are passed over before the keyword. Nearly always there is none: a match has a keyword of its own.
const EARLIER: usize = 4;

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
            over_lines: false,
            common_prefix: false,
            start: Start::Around,
            issuers: Vec::new(),
            boundary: Boundary::None,
            pattern: own.pattern.clone(),
            checks: own.checks.clone(),
            checksum: None,
            compiled: OnceLock::new(),
            unanchored: OnceLock::new(),
        }
    }

    /// [`Rule::find`] for a pattern that says nothing of where in a match the keyword is, or how long one is. Linear:
    /// no place before `tried` is looked at again, and what is searched beyond [`NEAR`] is either taken or passed over.
    pub(in crate::redact) fn find_around(
        &self,
        text: &[u8],
        keyword: usize,
        tried: usize,
        level: Level,
    ) -> Option<Tried> {
        let regex = self.regex();
        let upto = |reach: usize| &text[..text.len().min(keyword + reach)];
        let (near, far) = (upto(NEAR), upto(REACH));
        let from = keyword.saturating_sub(AHEAD).max(tried).min(keyword);
        let found = [near, far].into_iter().find_map(|seen| {
            let whole = match_with(regex, seen, from, keyword)?;
            // A match at the very end of what was seen may go on.
            (whole.end < seen.len() || seen.len() == far.len()).then_some((seen, whole))
        });
        let Some((seen, whole)) = found else {
            // Half of what was searched in vain is seen again: a match may begin in it and reach beyond.
            let end = if far.len() == text.len() { text.len() } else { keyword + REACH / 2 };
            return Some(Tried { secrets: Vec::new(), until: end });
        };
        if whole.start > keyword {
            return Some(Tried { secrets: Vec::new(), until: whole.start });
        }
        let groups = regex.captures_at(seen, whole.start)?;
        let secret = groups.iter().skip(1).flatten().next().map_or(whole.clone(), |it| it.range());
        let matched = Match { text, secret: secret.clone() };
        let passes =
            !secret.is_empty() && self.checks.iter().all(|check| check.passes(&matched, level));
        Some(Tried { secrets: passes.then_some(secret).into_iter().collect(), until: whole.end })
    }
}

/// The first match that does not end before the keyword.
fn match_with(regex: &Regex, text: &[u8], mut from: usize, keyword: usize) -> Option<Range<usize>> {
    for _ in 0..EARLIER {
        let whole = regex.find_at(text, from)?.range();
        if whole.end > keyword {
            return Some(whole);
        }
        // It belongs to an earlier keyword.
        from = whole.end.max(whole.start + 1);
    }
    regex.find_at(text, keyword).map(|whole| whole.range())
}

/// Compiles the pattern of a manifest's own rule.
///
/// # Errors
/// It is no pattern, or takes too much memory.
pub(in crate::redact) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(OWN_LIMIT).build()
}
