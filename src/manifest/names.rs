//! What may be a name in a manifest, and which known name an unknown one was probably meant to be.

use super::excerpt::looks_opaque;

/// A name as a message may show it: not when it looks like a token that stands in the wrong place.
pub(super) fn shown(name: &str) -> &str {
    if looks_opaque(name) || name.len() > 256 { "…" } else { name }
}

/// Whether `text` can name a server: `[A-Za-z0-9._-]{1,64}`, and neither `.` nor `..`, since servers have folders.
pub fn is_server(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !matches!(text, "." | "..")
}

/// Whether `text` can name an environment variable: a letter or `_`, then letters, digits, `_`; 128 bytes at most.
pub fn is_variable(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether `text` can stand in `pass`: a variable's name in which `*` stands for any characters. Parentheses are for
/// `ProgramFiles(x86)`.
pub(super) fn is_pattern(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_*()".contains(&b))
}

/// The known name closest to `text`, if one is close enough to have been meant.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&text, &name.to_ascii_lowercase());
    known
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_servers_and_variables() {
        for name in ["github", "a.b-C_9", "0"] {
            assert!(is_server(name), "{name}");
        }
        for name in ["", "a b", "..", "a/b", "ä", &"x".repeat(65)] {
            assert!(!is_server(name), "{name}");
        }
        assert!(is_variable("_A9") && is_variable("npm_x"));
        assert!(
            !is_variable("9A") && !is_variable("A=B") && !is_variable("") && !is_variable("A-B")
        );
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["secrets", "env", "args", "integrity"];
        assert_eq!(nearest("secret", known), Some("secrets"));
        assert_eq!(nearest("Env", known), Some("env"));
        assert_eq!(nearest("arsg", known), Some("args"));
        assert_eq!(nearest("url", known), None);
    }
}
