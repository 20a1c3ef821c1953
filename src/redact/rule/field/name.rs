//! Names whose value is a secret: `api_key`, `dbPassword`, `X-Auth-Token`.
//!
//! A name is taken apart into words, so case style makes no difference and `tokenizer` or `password_policy` are names of
//! something else. What counts is what the name ends with. Of the names with *token* in them only those count whatever
//! their value is that mean a credential (design 6): a page, upload or sync token is a handle that the server wants back.

use std::ops::Range;

use super::words::{
    ABOUT, FLAGS, HANDLES, IDENTIFIERS, ISSUED, KEYS, OPAQUE_WORDS, PASSWORD_WORDS, PASSWORDS,
    SECRETS, SESSIONS, TOKENS, TRAILING,
};
use crate::redact::MARKER;
use crate::redact::settings::Level;

/// No name is longer.
const LONGEST: usize = 64;

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A password: people choose those, and choose words.
    Password,
    /// Another secret.
    Secret,
    /// What may be a secret or not: it is one if it is random.
    Opaque,
    /// A token or key of some kind: the same, but a handle where it is a key of JSON.
    Handle,
    /// A session, if it is the name of a cookie.
    Session,
    /// Whether a member beside it is a secret.
    Flag,
}

/// The name that stands around `at`: letters, digits, `_`, `-` and `.`, and a noun behind a space, as in `API key`. The
/// name in a marker is no name of what follows it.
pub(super) fn around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let name = word_around(text, at)?;
    let noun = [&b" key"[..], b" token", b" secret", b" password"].into_iter().find(|noun| {
        let rest = &text[name.end..];
        rest.get(..noun.len()).is_some_and(|start| start.eq_ignore_ascii_case(noun))
            && !rest.get(noun.len()).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    });
    Some(name.start..name.end + noun.map_or(0, <[u8]>::len))
}

fn word_around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let in_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_-.".contains(b);
    let before = text[..at].iter().rev().take(LONGEST).take_while(in_name).count();
    let after = text[at..].iter().take(LONGEST).take_while(in_name).count();
    let in_marker = text[..at - before].ends_with(MARKER.as_bytes());
    let end = at + after;
    // The full stop of a sentence is no part of it.
    let stop = usize::from(after > 1 && text[..end].ends_with(b"."));
    (after > 0 && before + after < LONGEST && !in_marker).then(|| at - before..end - stop)
}

/// What the name at `name` in `text` says of its value; `None` where it names no secret. A word before a space belongs
/// to it: `API key`. At level `strict` whatever ends with *token* names one.
pub(super) fn meaning(
    text: &[u8],
    name: &Range<usize>,
    issuers: &[String],
    level: Level,
) -> Option<Meaning> {
    let own = Words::of(&text[name.clone()]);
    let first = word_before(text, name.start).filter(|_| own.ends.len() == 1);
    let Some(first) = first else { return own.meaning(issuers, level) };
    let mut words = Words::of(&text[first]);
    if words.iter().any(|word| HANDLES.contains(&word)) && level != Level::Strict {
        return own.meaning(issuers, level).filter(|meaning| *meaning == Meaning::Password);
    }
    if let Some(meaning) = own.meaning(issuers, level) {
        return Some(meaning);
    }
    words.add(&text[name.clone()]);
    // Any word may stand before `key` in a sentence.
    words.meaning(issuers, level).filter(|meaning| *meaning != Meaning::Handle)
}

/// The word before a space before `start`.
fn word_before(text: &[u8], start: usize) -> Option<Range<usize>> {
    let (b' ', before) = text[..start].split_last()? else { return None };
    word_around(text, before.len().checked_sub(1)?)
}

/// Whether this is a verb or a noun of sentences too: `pass`, `two-pass`. What follows it there is no value.
pub(super) fn is_word_of_prose(name: &[u8]) -> bool {
    let rest = name.strip_suffix(b"ass");
    rest.is_some_and(|rest| rest.ends_with(b"p") || rest == b"P") && !name.contains(&b'_')
}

/// Whether the name is one that the environment or a header has, not a member of somebody's data: `DEPLOY_TOKEN`,
/// `X-Session-Token`.
pub(super) fn is_setting(name: &[u8]) -> bool {
    let header = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"x-"));
    header || !name.iter().any(u8::is_ascii_lowercase)
}

/// How many letters each word of a name has.
pub(in crate::redact::rule) fn word_lengths(name: &[u8]) -> Vec<usize> {
    Words::of(name).iter().map(str::len).collect()
}

/// The words of a name, in lower case, without digits, one behind the other.
#[derive(Default)]
struct Words {
    joined: String,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Words {
    /// Takes a name apart where case style, a digit or a separator does.
    fn of(name: &[u8]) -> Self {
        let mut words = Self::default();
        words.add(name);
        words
    }

    fn add(&mut self, name: &[u8]) {
        self.joined.reserve(name.len());
        for (at, byte) in name.iter().enumerate() {
            let before = at.checked_sub(1).map_or(b'_', |at| name[at]);
            let after = name.get(at + 1).copied().unwrap_or(b'_');
            let begins = byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_uppercase() && after.is_ascii_lowercase());
            if begins || !byte.is_ascii_alphabetic() {
                self.end();
            }
            if byte.is_ascii_alphabetic() {
                self.joined.push(char::from(byte.to_ascii_lowercase()));
            }
        }
        self.end();
    }

    fn end(&mut self) {
        let end = self.joined.len();
        if end > self.ends.last().copied().unwrap_or_default() {
            self.ends.push(end);
        }
    }

    fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.joined[start..self.ends[number]]
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.ends.len()).map(|number| self.get(number))
    }

    /// Leaves out the last word.
    fn pop(&mut self) {
        self.ends.pop();
        self.joined.truncate(self.ends.last().copied().unwrap_or_default());
    }
}

impl Words {
    fn meaning(mut self, issuers: &[String], level: Level) -> Option<Meaning> {
        let among = |list: &[&str], word: &str| list.contains(&word);
        // `X-Amz-Credential` and its like belong to a presigned URL.
        if self.iter().any(|word| among(&["amz", "goog"], word)) {
            return None;
        }
        if among(FLAGS, &self.joined) {
            return Some(Meaning::Flag);
        }
        if self.iter().rev().skip(1).any(|word| among(ABOUT, word)) {
            return None;
        }
        if let Some(meaning) = self.spelled() {
            return Some(meaning);
        }
        while self.iter().next_back().is_some_and(|word| among(TRAILING, word)) {
            self.pop();
        }
        let last = self.iter().next_back()?;
        if level == Level::Strict && last.ends_with("token") {
            return Some(Meaning::Secret);
        }
        if among(PASSWORD_WORDS, last) {
            return Some(Meaning::Password);
        }
        if among(OPAQUE_WORDS, last) {
            return Some(Meaning::Opaque);
        }
        if self.joined == "token" {
            return Some(Meaning::Secret);
        }
        if let Some(meaning) = self.spelled() {
            return Some(meaning);
        }
        if self.iter().any(|word| among(HANDLES, word)) {
            return None;
        }
        self.qualified("token", TOKENS, issuers)
            .or_else(|| self.qualified("key", KEYS, issuers))
            .or_else(|| {
                let session = SESSIONS.iter().any(|word| self.joined.contains(word));
                session.then_some(Meaning::Session)
            })
    }

    /// The meaning of a name that ends with the name of a secret.
    fn spelled(&self) -> Option<Meaning> {
        let ends = |list: &[&str]| list.iter().any(|end| self.joined.ends_with(end));
        if ends(PASSWORDS) {
            return Some(Meaning::Password);
        }
        ends(SECRETS).then_some(Meaning::Secret)
    }

    /// The meaning of a token or key by the word or the issuer before it.
    fn qualified(&self, noun: &str, by: &[&str], issuers: &[String]) -> Option<Meaning> {
        let rest = self.joined.strip_suffix(noun)?;
        let before = self.iter().nth_back(1).unwrap_or(rest);
        let issued = || {
            let stands = |issuer: &String| rest.starts_with(&**issuer) || rest.ends_with(&**issuer);
            issuers.iter().any(stands)
        };
        if by.contains(&before) {
            return Some(Meaning::Secret);
        }
        if noun == "key" && IDENTIFIERS.contains(&before) {
            return (ISSUED.contains(&before) && issued()).then_some(Meaning::Secret);
        }
        if issued() {
            return Some(Meaning::Secret);
        }
        let own_word = self.ends.len() > 1 && self.iter().next_back() == Some(noun);
        own_word.then_some(Meaning::Handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning_at(level: Level, name: &str) -> Option<Meaning> {
        let issuers = ["gitter".to_owned()];
        let name_at = around(name.as_bytes(), name.len() - 1).expect("a name");
        meaning(name.as_bytes(), &name_at, &issuers, level)
    }

    /// Whether it names a secret whatever the value looks like.
    fn sensitive_at(level: Level, name: &str) -> bool {
        matches!(meaning_at(level, name), Some(Meaning::Password | Meaning::Secret))
    }

    fn sensitive(name: &str) -> bool {
        sensitive_at(Level::Default, name)
    }

    #[test]
    fn every_token_counts_where_that_is_asked_for() {
        for name in ["next_page_token", "nextToken", "upload_token", "csrf_token", "PAGETOKEN"] {
            assert!(sensitive_at(Level::Strict, name) && !sensitive(name), "{name}");
        }
        for name in ["max_tokens", "tokenizer", "token_count", "password_policy"] {
            assert!(!sensitive_at(Level::Strict, name), "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_known_in_any_case_style() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "spring.datasource.password",
            "pwd",
            "api_key",
            "apiKey",
            "APIKEY",
            "X-Api-Key",
            "API key",
            "client_secret",
            "clientSecret",
            "SECRET_KEY_BASE",
            "token",
            "TOKEN",
            "access_token",
            "accessToken",
            "ACCESSTOKEN",
            "refresh-token",
            "X-Auth-Token",
            "personal_access_token",
            "private_key",
            "connectionString",
            "MYSQL_ROOT_PASSWORD_TEST",
            "gitterToken",
            "GITTER_KEY",
            "DB_PASS",
            "password2",
        ] {
            assert!(sensitive(name), "{name}");
        }
    }

    #[test]
    fn handles_and_what_only_speaks_of_secrets_are_not() {
        for name in [
            "next_page_token",
            "pageToken",
            "progressToken",
            "nextToken",
            "upload_token",
            "syncToken",
            "csrf_token",
            "gitter_page_token",
            "tokenizer",
            "max_tokens",
            "token_type",
            "password_policy",
            "secret_name",
            "secretRef",
            "public_key",
            "primary_key",
            "cache_key",
            "key",
            "credentials_id",
            "passed",
            "compass",
            "monkey",
            "author",
            "private_key_id",
            "access_key_id",
            "token_count",
            "keyboard",
        ] {
            assert!(!sensitive(name), "{name}");
        }
    }

    #[test]
    fn the_name_in_a_marker_is_no_name_of_what_follows_it() {
        let text = b"[hushpipe:TOKEN]:=canary";
        assert_eq!(around(text, 12), None);
        assert!(around(&text[9..], 3).is_some());
    }
}
