//! How far each rule has come in one text, so that a text of nothing but keywords is not searched from each of them on.
//!
//! Behind a match a rule goes on at its end. A try in vain says nothing about the next keyword, and it may have looked at
//! all of [`REACH`]. So only some of them are free; from then on one search that is not bound to a keyword finds the next
//! place where the pattern matches at all, which takes linear time, and the keywords before it are passed over. What is
//! found is the same.

use regex::bytes::RegexBuilder;

use super::{LONGEST_WORD, REACH, Rule, Start};

/// So many tries in vain are free in each stretch of [`REACH`] bytes.
const FREE: u32 = 8;

/// A search that passes over fewer bytes was not worth its time: tries fail cheaply here, and more of them are free.
const WORTH: usize = 1024;

/// How far one rule has come.
#[derive(Debug, Clone, Copy)]
pub(in crate::redact) struct Trail {
    /// It is not tried before this place.
    pub(in crate::redact) until: usize,
    /// Where the stretch begins in which tries in vain are counted.
    since: usize,
    vain: u32,
    free: u32,
}

impl Default for Trail {
    fn default() -> Self {
        Self { until: 0, since: 0, vain: 0, free: FREE }
    }
}

impl Trail {
    /// Counts that `rule` was tried in vain at `keyword`, and passes over what is hopeless after one try too many.
    pub(in crate::redact) fn in_vain(&mut self, rule: &Rule, text: &[u8], keyword: usize) {
        if keyword >= self.since + REACH {
            (self.since, self.vain) = (keyword, 0);
        }
        self.vain += 1;
        if self.vain > self.free {
            self.until = rule.hopeless_until(text, keyword);
            if self.until < keyword + WORTH {
                self.free = self.free.saturating_mul(2);
            }
        }
    }
}

impl Rule {
    /// Up to where no keyword begins a match, given that the one at `keyword` does not.
    fn hopeless_until(&self, text: &[u8], keyword: usize) -> usize {
        if self.takes_any_token() {
            // The pattern is not all that finds something here, and none of these looks far.
            return keyword;
        }
        // How far before its keyword a match begins at most.
        let before = match self.start {
            Start::Keyword => self.before_keyword,
            Start::Word | Start::Url => LONGEST_WORD,
            // These try no pattern, or see to it themselves.
            Start::Around | Start::Field | Start::Manifest => return keyword,
        };
        let next = keyword + 1;
        // From each place up to `seen` the search sees as far as a try there would.
        let seen = next + REACH;
        let end = text.len().min(seen + before + REACH);
        let found = self.anywhere().find_at(&text[..end], next.saturating_sub(before));
        match found.map(|found| found.start()) {
            Some(start) => (start + self.before_keyword).clamp(next, seen),
            None if end == text.len() => text.len(),
            None => seen,
        }
    }

    fn anywhere(&self) -> &regex::bytes::Regex {
        #[expect(
            clippy::expect_used,
            reason = "a test compiles each pattern, which is the same but for an anchor"
        )]
        self.unanchored.get_or_init(|| {
            let compiled = RegexBuilder::new(&self.pattern).unicode(false).build();
            compiled.expect("a pattern is valid")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;
    use crate::redact::rule::tests::expand;

    #[test]
    fn a_token_behind_many_keywords_in_vain_is_found_still() {
        let redactor = Redactor::armed([]);
        for (vain, found) in [
            ("Set-Cookie: access=", "\nSet-Cookie: sessionid={base62:32}; Path=/"),
            ("password={", "\npassword = \"{base62:16}\""),
            ("MHcCAQEEI", "\nMHcCAQEEI{base64:80}=="),
            ("server=", "\nServer=db;User Id=app;Password={base62:16};Encrypt=true"),
            ("s://a:", " https://deploy:{base62:20}@git.corp.example/o/r.git"),
            ("ghp_aaaaaaaaaaaaaaaa ", "ghp_{base62:36}"),
        ] {
            for times in [1, 10, 100, 5000] {
                let (token, made) = expand(found, 11);
                let text = vain.repeat(times) + &token;
                let clean = redactor.text(text.as_bytes());
                let clean = String::from_utf8_lossy(clean.clean.as_bytes()).into_owned();
                assert!(!made.iter().any(|secret| clean.contains(secret)), "{times} times {vain}");
            }
        }
    }

    #[test]
    fn a_rule_that_fails_cheaply_is_tried_more_often() {
        let rule = &crate::redact::rule::all()[0];
        let mut trail = Trail::default();
        for keyword in 0..100 {
            trail.in_vain(rule, &[b' '; 200], keyword);
        }
        assert!(trail.free > FREE && trail.free < 1 << 20, "{}", trail.free);
    }
}
