//! Whether the value of a field is a secret, or what stands in its place in documentation, code and settings.

use memchr::memmem;

use crate::secret::distinct;

/// Whether this is none of the words, references and templates that stand where a secret would.
pub(super) fn is_real(value: &[u8]) -> bool {
    /// Never in a secret, in any case.
    const INSIDE: [&str; 23] = [
        "${",
        "{{",
        "}}",
        "$(",
        "<",
        "****",
        "....",
        "xxxx",
        ":$",
        ":{",
        "[hushpipe:",
        "change_me",
        "changeme",
        "change-me",
        "example",
        "environ",
        "getenv",
        "placeholder",
        "process.env",
        "redacted",
        "replace",
        "your_",
        "your-",
    ];
    /// Not at the beginning of one.
    const BEFORE: [&str; 9] = ["$", "%", "@", "&", "your", "my_", "my-", "enc[", "insert"];
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    let templated = value.ends_with(['%', '}', ')']) && value.contains(['{', '(', '%']);
    !templated
        && !INSIDE.iter().any(|inside| value.contains(inside))
        && !BEFORE.iter().any(|before| value.starts_with(before))
        && distinct(value.as_bytes()) >= 5
}

/// Whether a value is a secret and not a word, an expression, a path or a number. What is quoted is no code.
pub(super) fn is_telling(value: &[u8], quoted: bool) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let symbols = value.iter().filter(|b| b"!@#$%^&*?~+=".contains(b)).count();
    if letters == 0 && digits < 12 || is_path(value) || memmem::find(value, b"://").is_some() {
        return false;
    }
    if quoted {
        return digits + symbols > 0 && value.len() >= 6 || is_jumbled(value);
    }
    (digits >= 2 || symbols >= 1 || digits == 1 && value.len() >= 16 || is_jumbled(value))
        && !is_expression(value)
}

/// Whether this may be a password that is a word, and is none that speaks of passwords, as labels and messages do.
pub(super) fn is_word(value: &[u8]) -> bool {
    const LABELS: [&str; 32] = [
        "auth", "basic", "bearer", "changed", "client", "confirm", "current", "default",
        "disabled", "empty", "enabled", "encrypt", "env", "field", "hash", "hidden", "input",
        "invalid", "label", "login", "missing", "name", "null", "optional", "pass", "plain",
        "prompt", "pwd", "required", "secret", "string", "text",
    ];
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    value.len() >= 8
        && value.iter().all(u8::is_ascii_lowercase)
        && !LABELS.iter().any(|label| lower.contains(label))
}

/// Whether upper and lower case take turns as in no word.
fn is_jumbled(value: &[u8]) -> bool {
    let turns = value.windows(2).filter(|pair| {
        pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
            || pair[0].is_ascii_uppercase() && pair[1].is_ascii_lowercase()
    });
    value.len() >= 12 && turns.count() * 3 >= value.len()
}

fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|b| **b == b'/').count();
    let begins = [&b"/"[..], b"./", b"../", b"~/"].iter().any(|start| value.starts_with(start));
    begins && slashes * 12 >= value.len()
}

/// Whether this is code: `user.password2`, `LOGON32_LOGON`, `auth::Token`.
fn is_expression(value: &[u8]) -> bool {
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.len() <= 24
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let word = |part: &[u8]| {
        let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        letters >= 2 && part.len() - letters <= 3 && part[letters..].iter().all(u8::is_ascii_digit)
    };
    let joined = |by: u8, part: &dyn Fn(&[u8]) -> bool| {
        value.contains(&by) && value.split(|b| *b == by).all(part)
    };
    joined(b'.', &name) || joined(b'_', &word) || memmem::find(value, b"::").is_some()
}
