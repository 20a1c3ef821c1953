//! Whether the value of a field is a secret, or what stands in its place in documentation, code and settings.

use memchr::memmem;

use super::field;
use crate::secret::distinct;

/// Whether this is none of the words, references and templates that stand where a secret would.
pub(super) fn is_real(value: &[u8]) -> bool {
    /// Never in a secret, in any case.
    const SYNTAX: [&str; 15] = [
        "${",
        "#{",
        "{{",
        "}}",
        "$(",
        "<",
        "****",
        "...",
        "\u{2026}",
        "xxxx",
        "%s",
        "[hushpipe:",
        "enc[",
        "getenv",
        "process.env",
    ];
    /// What a value says of itself when it is none.
    const WORDS: [&str; 9] = [
        "change_me",
        "changeme",
        "change-me",
        "example",
        "environ",
        "placeholder",
        "redacted",
        "replace",
        "your",
    ];
    /// Not at the beginning of one.
    const BEFORE: [&str; 4] = ["your", "my_", "my-", "insert"];
    if is_constant(value) {
        return false;
    }
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    let templated = value.ends_with(['%', '}', ')']) && value.contains(['{', '(', '%']);
    let said = |word: &&str| value.contains(word) && !has_more_than(&value, word);
    !templated
        && !is_reference(&value)
        && !value.split_once(':').is_some_and(|(_, password)| is_reference(password))
        && !is_typed_number(&value)
        && !SYNTAX.iter().any(|syntax| value.contains(syntax))
        && !WORDS.iter().any(said)
        && !BEFORE.iter().any(|word| value.starts_with(word) && said(word))
        && distinct(value.as_bytes()) >= 5
}

/// Whether a password was made around a word: eight more characters, of which one is a digit and one a symbol.
fn has_more_than(value: &str, word: &str) -> bool {
    let rest = value.replacen(word, "", 1);
    rest.len() >= 8
        && rest.contains(|c: char| c.is_ascii_digit())
        && rest.contains(|c: char| "!@#$%^&*?~".contains(c))
}

/// Whether this is a sign and a name: `$DB_PASSWORD`, `%PASSWORD%`, `@Model.Password`, `&password`.
fn is_reference(value: &str) -> bool {
    value.strip_prefix(['$', '%', '@', '&']).is_some_and(|name| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:$%-[](){}>\\".contains(c))
    })
}

/// Whether this is a number in code: `-1069416440i32`.
fn is_typed_number(value: &str) -> bool {
    const TYPES: [&str; 6] = ["i32", "i64", "isize", "u32", "u64", "usize"];
    let digits = TYPES.iter().find_map(|kind| value.strip_suffix(kind));
    let digits = digits.map(|number| number.strip_prefix('-').unwrap_or(number));
    digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

/// What stands in secrets and seldom in names.
const SYMBOLS: &[u8] = b"!@#$%^&*?~+=";

/// Whether a value is a secret and not a word, an expression, a path or a number. What is quoted is no code.
pub(super) fn is_telling(value: &[u8], quoted: bool) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let symbols = value.iter().filter(|b| SYMBOLS.contains(b)).count();
    if letters == 0 && digits < 12 || is_path(value) || memmem::find(value, b"://").is_some() {
        return false;
    }
    if quoted {
        return digits + symbols > 0 && value.len() >= 6 || is_jumbled(value);
    }
    // At the beginning they are an operator, and so is the last one of `name='value'`.
    let before = value.iter().take_while(|b| **b == b'!').count();
    let after = value[before..].iter().rev().take_while(|b| **b == b'=').count();
    let value = &value[before..value.len() - after];
    let symbols = value.iter().skip(1).filter(|b| SYMBOLS.contains(b)).count();
    (digits >= 2 || symbols >= 1 || digits == 1 && value.len() >= 16 || is_jumbled(value))
        && !is_expression(value)
}

/// Whether this may be a password that is a word, and is none that speaks of passwords, as labels and messages do.
pub(super) fn is_word(value: &[u8]) -> bool {
    const LABELS: [&str; 37] = [
        "auth", "basic", "bearer", "changed", "client", "confirm", "current", "default",
        "disabled", "empty", "enabled", "encrypt", "enter", "env", "field", "hash", "hidden",
        "input", "invalid", "label", "login", "missing", "name", "new", "null", "old", "optional",
        "plain", "prompt", "required", "secret", "string", "text", "token", "type", "user",
        "value",
    ];
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    value.len() >= 8
        && value.iter().all(u8::is_ascii_lowercase)
        && !lower.starts_with("pass")
        && !LABELS.iter().any(|label| lower.contains(label))
}

/// Whether upper and lower case take turns as in no word and no name.
pub(super) fn is_jumbled(value: &[u8]) -> bool {
    let turns = value.windows(2).filter(|pair| {
        pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
            || pair[0].is_ascii_uppercase() && pair[1].is_ascii_lowercase()
    });
    value.len() >= 12 && turns.count() * 3 >= value.len() && !is_camel_case(value)
}

/// Whether a machine made this: what no name and no word looks like.
pub(super) fn is_token(value: &[u8]) -> bool {
    value.len() >= 20 && value.iter().filter(|b| b.is_ascii_digit()).count() >= 3
}

fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|b| **b == b'/').count();
    let begins = [&b"/"[..], b"./", b"../", b"~/"].iter().any(|start| value.starts_with(start));
    begins && slashes * 12 >= value.len()
}

/// Whether this is code: `user.password2`, `LOGON32_LOGON`, `auth::Token`, `PKCS7PrivateKeyTypes`.
fn is_expression(value: &[u8]) -> bool {
    // Of `get_access_token::Input` the first colon was taken for what assigns.
    let value = value.strip_prefix(b":").unwrap_or(value);
    // The number of a curve is part of a word: `ed25519.Ed25519PrivateKey`.
    let digits = |part: &[u8]| {
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        digits - if memmem::find(part, b"25519").is_some() { 5 } else { 0 }
    };
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.len() <= 24
            && digits(part) <= 4
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let word = |part: &[u8]| {
        let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        letters >= 2 && part.len() - letters <= 3 && part[letters..].iter().all(u8::is_ascii_digit)
    };
    let joined = |by: u8, part: &dyn Fn(&[u8]) -> bool| {
        value.contains(&by) && value.split(|b| *b == by).all(part)
    };
    joined(b'.', &name)
        || joined(b'_', &word)
        || is_constant(value)
        || is_camel_case(value)
        || is_named_secret(value)
        || value.split(|b| *b == b'?').skip(1).any(|rest| rest.contains(&b':'))
        || [&b"::"[..], b"?."].iter().any(|operator| memmem::find(value, operator).is_some())
}

/// Whether this is a name of words in camel case: `CredReadDomainCredentialsFn`, `_resolveConfig$withCr`. Of random
/// letters and digits as long as a key one in four hundred looks like that.
fn is_camel_case(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"_").unwrap_or(value);
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'$' && name.len() < value.len();
    let digits = name.iter().filter(|b| b.is_ascii_digit()).count();
    let numbered = name.iter().rev().take_while(|b| b.is_ascii_digit()).count() > 1;
    if !name.first().is_some_and(u8::is_ascii_alphabetic)
        || !name.iter().all(in_name)
        || numbered
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

/// Whether this is a constant: capitals, of which four fifths are in words between underscores.
fn is_constant(value: &[u8]) -> bool {
    let capitals = value.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let words = value.split(|b| *b == b'_');
    let words = words.filter(|word| word.len() >= 4 && word.iter().all(u8::is_ascii_uppercase));
    let letters = value.iter().filter(|b| b.is_ascii_uppercase()).count();
    capitals && value.contains(&b'_') && words.map(<[u8]>::len).sum::<usize>() * 4 >= letters * 3
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
