//! Names whose value is a secret: `api_key`, `dbPassword`, `X-Auth-Token`.
//!
//! A name is taken apart into words, so case style makes no difference and `tokenizer` or `password_policy` are names of
//! something else. What counts is what the name ends with. Of the names with *token* in them only those count that
//! mean a credential (design 6): a page, upload or sync token is a handle that the server wants back.

use std::ops::Range;

use crate::redact::MARKER;
use crate::redact::settings::Level;

/// No name is longer.
const LONGEST: usize = 64;

/// The name that stands around `at`: letters, digits, `_`, `-` and `.`. The name in a marker is no name of what follows it.
pub(super) fn name_around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let in_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_-.".contains(b);
    let before = text[..at].iter().rev().take(LONGEST).take_while(in_name).count();
    let after = text[at..].iter().take(LONGEST).take_while(in_name).count();
    let in_marker = text[..at - before].ends_with(MARKER.as_bytes());
    (after > 0 && before + after < LONGEST && !in_marker).then(|| at - before..at + after)
}

/// Whether something that assigns a value follows a name that ends at `name.end`: nearly all mentions of a password end
/// here, before anything costly is done.
pub(super) fn is_assigned(text: &[u8], name: &Range<usize>) -> bool {
    if text[..name.end].ends_with(b"-") {
        // `token->next` is no assignment.
        return false;
    }
    let mut rest = text[name.end..].iter().take(24).skip_while(|b| b" \t\"'`])".contains(b));
    match rest.next() {
        Some(b'=' | b':' | b'>' | b'!' | b'?' | b',' | b'\n' | b'\r') => true,
        // `pass(…)` is a method of test libraries.
        Some(b'(') => !text[..name.end].ends_with(b"pass"),
        // The value beside the name in XML, a sentence, an option with its value, SQL's `PASSWORD '…'`.
        Some(b'v' | b'V' | b'i') => true,
        Some(_) => {
            text[name.clone()].starts_with(b"-")
                || matches!(text.get(name.end..), Some([b' ', b'\'' | b'"', ..]))
        }
        None => false,
    }
}

/// Whether the name at `name` in `text` is one of a secret. A word before a space belongs to it: `API key`.
/// At level `strict` whatever ends with *token* is.
pub(super) fn is_sensitive(
    text: &[u8],
    name: &Range<usize>,
    issuers: &[String],
    level: Level,
) -> bool {
    let own = Words::of(&text[name.clone()]);
    let single = own.ends.len() == 1;
    if ends_sensitive(own, issuers, level) {
        return true;
    }
    let Some((b' ', before)) = text[..name.start].split_last() else { return false };
    let first = before.len().checked_sub(1).and_then(|at| name_around(text, at));
    first.filter(|_| single).is_some_and(|first| {
        let mut words = Words::of(&text[first]);
        words.add(&text[name.clone()]);
        ends_sensitive(words, issuers, level)
    })
}

/// How many letters each word of a name has.
pub(super) fn word_lengths(name: &[u8]) -> Vec<usize> {
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

/// Words at the end of a name that say which secret, not what it is.
const TRAILING: &[&str] = &[
    "base",
    "default",
    "dev",
    "development",
    "live",
    "local",
    "prod",
    "production",
    "sandbox",
    "stage",
    "staging",
    "string",
    "test",
    "txt",
    "v",
    "value",
];

/// What ends the name of a secret, whatever is before it.
const SECRETS: &[&str] = &[
    "accesstoken",
    "apikey",
    "authtoken",
    "connectionstring",
    "connstr",
    "credential",
    "credentials",
    "creds",
    "identitytoken",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "secrets",
    "secretkey",
];

/// The same as a word of its own: these are also the end of other words.
const WORDS: &[&str] = &["auth", "pass", "pat", "pw"];

/// The word that makes a credential of a key.
const KEYS: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "authentication",
    "client",
    "consumer",
    "crypto",
    "deploy",
    "developer",
    "encryption",
    "hmac",
    "integration",
    "jwt",
    "licence",
    "license",
    "live",
    "master",
    "private",
    "project",
    "sdk",
    "secret",
    "server",
    "service",
    "session",
    "shared",
    "sign",
    "signature",
    "signing",
    "storage",
    "subscription",
    "tenant",
    "webhook",
    "write",
];

/// The word that makes a credential of a token (design 6).
const TOKENS: &[&str] = &[
    "access",
    "account",
    "api",
    "auth",
    "bearer",
    "bootstrap",
    "bot",
    "id",
    "jwt",
    "oauth",
    "private",
    "refresh",
    "secret",
];

/// Words that make a handle or something public of a token or key, even beside an issuer's name.
const HANDLES: &[&str] = &[
    "cache",
    "continuation",
    "count",
    "csrf",
    "cursor",
    "delta",
    "device",
    "download",
    "foreign",
    "idempotency",
    "max",
    "min",
    "next",
    "object",
    "page",
    "partition",
    "prev",
    "primary",
    "progress",
    "pub",
    "public",
    "push",
    "resume",
    "sort",
    "sync",
    "upload",
    "xsrf",
];

fn ends_sensitive(mut words: Words, issuers: &[String], level: Level) -> bool {
    let among = |list: &[&str], word: &str| list.contains(&word);
    // `X-Amz-Credential` and its like belong to a presigned URL.
    if words.iter().any(|word| among(&["amz", "goog"], word)) {
        return false;
    }
    let spelled = |words: &Words| SECRETS.iter().any(|end| words.joined.ends_with(end));
    if spelled(&words) {
        return true;
    }
    while words.iter().next_back().is_some_and(|word| among(TRAILING, word)) {
        words.pop();
    }
    let Some(last) = words.iter().next_back() else { return false };
    if level == Level::Strict && last.ends_with("token") {
        return true;
    }
    if words.joined == "token" || among(WORDS, last) || spelled(&words) {
        return true;
    }
    if words.iter().any(|word| among(HANDLES, word)) {
        return false;
    }
    let qualified = |noun: &str, by: &[&str]| {
        let Some(rest) = words.joined.strip_suffix(noun) else { return false };
        let before = words.iter().nth_back(1).unwrap_or(rest);
        let issued = |issuer: &String| rest.starts_with(&**issuer) || rest.ends_with(&**issuer);
        among(by, before) || issuers.iter().any(issued)
    };
    qualified("token", TOKENS) || qualified("key", KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensitive_at(level: Level, name: &str) -> bool {
        let issuers = ["gitter".to_owned()];
        let name_at = name_around(name.as_bytes(), name.len() - 1).expect("a name");
        is_sensitive(name.as_bytes(), &name_at, &issuers, level)
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
        assert_eq!(name_around(text, 12), None);
        assert!(name_around(&text[9..], 3).is_some());
    }
}
