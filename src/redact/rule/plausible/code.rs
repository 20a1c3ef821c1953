//! What code, settings and paths look like, which stand where a secret would.

use memchr::memmem;

use super::{is_random, takes_turns};
use crate::redact::rule::field;

pub(super) fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|b| **b == b'/').count();
    let begins = [&b"/"[..], b"./", b"../", b"~/"].iter().any(|start| value.starts_with(start));
    begins && (slashes * 12 >= value.len() || value.starts_with(b".") && !is_random(value))
}

/// Whether this is an option of a command whose value follows: `--username=`.
pub(super) fn is_option(value: &[u8]) -> bool {
    value.starts_with(b"-") && value.ends_with(b"=")
}

/// Whether this is a date and time, or a colour: `2026-01-05T10:00:00Z`, `#d8dee9`.
pub(super) fn is_date_or_color(value: &[u8]) -> bool {
    let dated = |b: &u8| b.is_ascii_digit() || b"-:TZ.+ ".contains(b);
    let date = value.len() >= 10 && value[4] == b'-' && value[7] == b'-' && value.iter().all(dated);
    let color = value
        .strip_prefix(b"#")
        .is_some_and(|hex| matches!(hex.len(), 3 | 6 | 8) && hex.iter().all(u8::is_ascii_hexdigit));
    date || color
}

/// Whether this is code: `user.password2`, `LOGON32_LOGON`, `auth::Token`, `PKCS7PrivateKeyTypes`.
pub(in crate::redact::rule) fn is_expression(value: &[u8]) -> bool {
    // Of `get_access_token::Input` the first colon was taken for what assigns.
    let value = value.strip_prefix(b":").unwrap_or(value);
    // TypeScript's `settings.secret!`.
    let value = value.strip_suffix(b"!").filter(|value| value.contains(&b'.')).unwrap_or(value);
    // The number of a curve is part of a word: `ed25519.Ed25519PrivateKey`.
    let digits = |part: &[u8]| {
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        digits - if memmem::find(part, b"25519").is_some() { 5 } else { 0 }
    };
    let in_words = |word: &[u8]| word.len() < 8 || !takes_turns(word) || is_named_secret(word);
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && (is_camel_case(part) || part.split(|b| *b == b'_').all(in_words))
            && digits(part) <= 4
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let word = |part: &[u8]| {
        let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        letters >= 2 && part.len() - letters <= 3 && part[letters..].iter().all(u8::is_ascii_digit)
    };
    let word_or_number = |part: &[u8]| {
        word(part) || !part.is_empty() && part.len() <= 4 && part.iter().all(u8::is_ascii_digit)
    };
    let joined = |by: u8, part: &dyn Fn(&[u8]) -> bool| {
        value.contains(&by) && value.split(|b| *b == by).all(part)
    };
    joined(b'.', &name)
        || joined(b'_', &|part| part.len() == 1 || word_or_number(part))
        || joined(b'-', &word_or_number)
        || is_constant(value)
        || is_camel_case(value)
        || is_named_secret(value)
        || value.split(|b| *b == b'?').skip(1).any(|rest| rest.contains(&b':'))
        || [&b"::"[..], b"?."].iter().any(|operator| memmem::find(value, operator).is_some())
}

/// Whether this is a name of words in camel case: `CredReadDomainCredentialsFn`, `_resolveConfig$withCr`. Of random
/// letters and digits as long as a key one in four hundred looks like that.
pub(super) fn is_camel_case(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"_").unwrap_or(value);
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'$' && name.len() < value.len();
    let digits = name.iter().filter(|b| b.is_ascii_digit()).count();
    let numbered = name.iter().rev().take_while(|b| b.is_ascii_digit()).count() > 1;
    if !name.first().is_some_and(u8::is_ascii_alphabetic)
        || !name.iter().all(in_name)
        || numbered
        || digits > 1 && !name.iter().any(u8::is_ascii_uppercase)
        || digits > 2
        || digits * 6 > name.len()
    {
        return false;
    }
    let words = field::word_lengths(name);
    let letters: usize = words.iter().sum();
    let in_words: usize = words.iter().filter(|len| **len >= 3).sum();
    words.len() > 1 && letters >= 4 * words.len() && in_words * 5 >= letters * 4
}

/// Whether this is a constant: words in capitals with underscores between, three fourths of it letters, or a name in
/// Python that begins and ends with two.
pub(super) fn is_constant(value: &[u8]) -> bool {
    let capitals = value.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let letters = value.iter().filter(|b| b.is_ascii_uppercase()).count();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    capitals && value.contains(&b'_') && letters >= 3 * digits && letters * 4 >= value.len() * 3 - 6
        || value.starts_with(b"__") && value.ends_with(b"__") && value.iter().all(in_name)
}

/// Whether a name in code says what it holds: `Ed25519PrivateKey`, `NCryptFreeSecretFn`.
fn is_named_secret(value: &[u8]) -> bool {
    const WORDS: [&str; 4] = ["key", "token", "credential", "secret"];
    let name = String::from_utf8_lossy(value).to_ascii_lowercase();
    let digits = value.iter().any(u8::is_ascii_digit);
    let said = |word: &&str| match name.split_once(word) {
        Some((_, rest)) => !digits || matches!(rest, "" | "s"),
        None => false,
    };
    value.first().is_some_and(u8::is_ascii_alphabetic)
        && value.len() <= 32
        && value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && WORDS.iter().any(said)
}
