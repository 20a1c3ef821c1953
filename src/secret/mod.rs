//! Secrets as types: a value that cannot be printed, the reference that names where it is, the set one server gets.
//!
//! [`Secret`] has no `Display`, `Serialize` or `Clone`; its `Debug` says `Secret(…)`; its bytes are zeroed on drop.
//! [`Secret::expose`] is a disallowed method (`.clippy.toml`): every place that may call it says why.

pub mod reference;
pub mod set;
pub mod userinfo;

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};
use zeroize::Zeroizing;

pub use reference::SecretRef;
pub use set::{Delivery, Injected, SecretRequest, SecretSet};

/// Values shorter than this (in bytes) are matched as whole leaves only, never inside other text.
pub const MIN_CONTIGUOUS: usize = 8;

/// The value of a secret.
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Takes the bytes; the vector they came in becomes the secret's own storage or is zeroed.
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(SecretSlice::from(bytes.to_vec()))
    }

    /// Returns the bytes. A named, linted place: see the module documentation.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one door to the bytes; callers are linted in turn"
    )]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The length in bytes. Lengths may be shown; values may not.
    #[expect(clippy::disallowed_methods, reason = "only the length leaves")]
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why this value is too weak to be found reliably inside other text, if it is (design, promise 1).
    #[expect(clippy::disallowed_methods, reason = "only a verdict leaves")]
    pub fn weakness(&self) -> Option<Weakness> {
        let bytes = self.expose();
        if bytes.len() < MIN_CONTIGUOUS {
            return Some(Weakness::Short);
        }
        if distinct(bytes) < 5 {
            return Some(Weakness::FewDistinctBytes);
        }
        let word = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        COMMON_WORDS.lines().any(|common| common == word).then_some(Weakness::CommonWord)
    }
}

/// How many different bytes there are.
pub(crate) fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().filter(|b| !std::mem::replace(&mut seen[usize::from(**b)], true)).count()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a value can only be matched as a whole leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Shorter than [`MIN_CONTIGUOUS`] bytes.
    Short,
    /// Fewer than 5 distinct bytes.
    FewDistinctBytes,
    /// On the committed list of common words.
    CommonWord,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "shorter than 8 bytes",
            Self::FewDistinctBytes => "made of fewer than 5 distinct bytes",
            Self::CommonWord => "a common word",
        })
    }
}

/// Words of at least [`MIN_CONTIGUOUS`] bytes that stand in ordinary text, one a line, lower case.
const COMMON_WORDS: &str = include_str!("common_words.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        assert_eq!(format!("{:?}", Secret::new(b"correct horse".to_vec())), "Secret(…)");
    }

    #[test]
    fn weak_values_are_named() {
        let weakness = |text: &str| Secret::new(text.as_bytes().to_vec()).weakness();
        assert_eq!(weakness("abc"), Some(Weakness::Short));
        assert_eq!(weakness("abababababab"), Some(Weakness::FewDistinctBytes));
        assert_eq!(weakness("Password"), Some(Weakness::CommonWord));
        assert_eq!(weakness("ghp_16C7e42F292c6912E7"), None);
    }
}
