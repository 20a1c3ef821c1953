//! Whether the value of a field is a secret, or what stands in its place in documentation, code and settings.

mod code;
mod random;
mod reference;

use memchr::memmem;

use crate::secret::distinct;
pub(super) use code::is_expression;
use code::{is_camel_case, is_constant, is_date_or_color, is_option, is_path};
use random::takes_turns;
pub(super) use random::{is_mixed, is_phrase, is_random, is_shuffled};
pub(super) use reference::is_public;
use reference::{is_reference, is_resource, is_typed_number, names_secret};

/// Whether this is none of the words, references and templates that stand where a secret would.
pub(super) fn is_real(value: &[u8]) -> bool {
    /// Never in a secret, in any case.
    const SYNTAX: [&str; 16] = [
        "${",
        "#{",
        "{{",
        "}}",
        "$(",
        "<",
        "***",
        "[%",
        "%]",
        "...",
        "\u{2026}",
        "xxxx",
        "[hushpipe:",
        "enc[",
        "getenv",
        "process.env",
    ];
    /// What a value says of itself when it is none.
    const WORDS: [&str; 11] = [
        "change_me",
        "changeme",
        "change-me",
        "change_this",
        "changethis",
        "example",
        "environ",
        "placeholder",
        "redacted",
        "replace",
        "your",
    ];
    /// Not at the beginning of one.
    const BEFORE: [&str; 4] = ["your", "my_", "my-", "insert"];
    if is_constant(value) || is_public(value) {
        return false;
    }
    let bytes = value;
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    let templated = value.ends_with(['%', '}', ')']) && value.contains(['{', '(', '%'])
        || value.starts_with("%s")
        || value.ends_with("%s");
    let said = |word: &&str| value.contains(word) && !has_more_than(&value, word);
    !templated
        && !is_reference(&value)
        && !names_secret(&value)
        && !is_resource(bytes)
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

/// What stands in secrets and seldom in names.
const SYMBOLS: &[u8] = b"!@#$%^&*?~+=";

/// Whether a value is a secret and not a word, an expression, a path or a number. What is quoted is no code.
pub(super) fn is_telling(value: &[u8], quoted: bool) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let symbols = value.iter().filter(|b| SYMBOLS.contains(b)).count();
    if letters == 0 && digits < 12
        || is_path(value)
        || is_option(value)
        || is_date_or_color(value)
        || memmem::find(value, b"://").is_some()
    {
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
    let one = digits == 1 && (value.len() >= 16 || value.len() >= 8 && takes_turns(value));
    (digits >= 2 || symbols >= 1 || one || is_jumbled(value)) && !is_expression(value)
}

/// Whether this is a secret in the column of a table: a word with a digit in it.
pub(super) fn is_cell(value: &[u8]) -> bool {
    let word = !value.iter().any(u8::is_ascii_whitespace) && value.iter().any(u8::is_ascii_digit);
    is_telling(value, false)
        || word && value.len() >= 8 && is_telling(value, true) && !is_expression(value)
}

/// Whether this may be a password that is a word, and is none that speaks of passwords, as labels and messages do.
pub(super) fn is_word(value: &[u8]) -> bool {
    const LABELS: [&str; 42] = [
        "auth",
        "basic",
        "bearer",
        "boolean",
        "changed",
        "client",
        "confirm",
        "current",
        "default",
        "disabled",
        "empty",
        "enabled",
        "encrypt",
        "enter",
        "env",
        "field",
        "function",
        "hash",
        "hidden",
        "input",
        "invalid",
        "label",
        "login",
        "missing",
        "name",
        "new",
        "null",
        "number",
        "object",
        "old",
        "optional",
        "plain",
        "prompt",
        "required",
        "secret",
        "string",
        "text",
        "token",
        "type",
        "undefined",
        "user",
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
