//! Where a secret is: `scheme://path?query#field`, design section 4.
//!
//! The URI is sugar for a table (`{ provider, path, version, field }`); both become a [`SecretRef`]. This type knows the
//! grammar only. What a path or a query key means is each provider's matter, and a key a provider does not know is an
//! error there, never ignored.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A parsed secret reference. Shown as its URI; it names a place and holds no value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The scheme: a built-in provider (`keychain`, `local`, `env`, `file`, …) or the name of a `[providers.<name>]`.
    pub provider: String,
    /// Everything between `://` and `?` or `#`, percent-decoded.
    pub path: String,
    /// Coordinates that pin or select: `version`, `stage`, `version_id`, … in key order.
    pub query: BTreeMap<String, String>,
    /// One field of a structured value: a key, or a dotted path into JSON.
    pub field: Option<String>,
}

impl SecretRef {
    /// The same place without the field: two references that differ only by field are one fetch.
    pub fn coordinate(&self) -> SecretRef {
        SecretRef { field: None, ..self.clone() }
    }
}

impl FromStr for SecretRef {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, rest) = text.split_once("://").ok_or(ReferenceError::NoScheme)?;
        if !is_name(provider) {
            return Err(ReferenceError::BadScheme);
        }
        let (rest, field) = match rest.split_once('#') {
            Some((rest, field)) => (rest, Some(decode(field)?)),
            None => (rest, None),
        };
        if field.as_deref() == Some("") {
            return Err(ReferenceError::EmptyField);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, parse_query(query)?),
            None => (rest, BTreeMap::new()),
        };
        if path.is_empty() {
            return Err(ReferenceError::EmptyPath);
        }
        Ok(Self { provider: provider.to_owned(), path: decode(path)?, query, field })
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.provider, encode(&self.path))?;
        for (index, (key, value)) in self.query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            write!(f, "{separator}{}={}", encode(key), encode(value))?;
        }
        match &self.field {
            Some(field) => write!(f, "#{}", encode(field)),
            None => Ok(()),
        }
    }
}

/// A provider or scheme name: a letter, then letters, digits, `.`, `_`, `-`; 64 bytes at most.
pub fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn parse_query(query: &str) -> Result<BTreeMap<String, String>, ReferenceError> {
    let mut pairs = BTreeMap::new();
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').ok_or(ReferenceError::BadQuery)?;
        if key.is_empty()
            || value.is_empty()
            || pairs.insert(decode(key)?, decode(value)?).is_some()
        {
            return Err(ReferenceError::BadQuery);
        }
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<String, ReferenceError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |b: &u8| char::from(*b).to_digit(16).ok_or(ReferenceError::BadEscape);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
                rest = after;
            }
            (b'%', _) => return Err(ReferenceError::BadEscape),
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| ReferenceError::BadEscape)
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' | '?' | '#' | '&' | '=' | ' ' => out.push_str(&format!("%{:02X}", c as u32)),
            c if c.is_control() => {
                c.to_string().bytes().for_each(|b| out.push_str(&format!("%{b:02X}")));
            }
            c => out.push(c),
        }
    }
    out
}

/// Why a text is not a secret reference. Never shows the text: someone may have pasted a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// There is no `://`.
    #[error("a secret must be a reference such as `local://name`, not the value itself")]
    NoScheme,
    /// The scheme is not a name.
    #[error("the part before `://` is not a provider name")]
    BadScheme,
    /// Nothing after `://`.
    #[error("the reference has no path after `://`")]
    EmptyPath,
    /// A `#` with nothing behind it.
    #[error("the reference has an empty field after `#`")]
    EmptyField,
    /// Not `key=value&…`, or a key twice.
    #[error("the part after `?` is not `key=value` pairs, each key once")]
    BadQuery,
    /// A `%` without two hex digits, or bytes that are not UTF-8.
    #[error("a `%` in the reference is not followed by two hex digits of UTF-8 text")]
    BadEscape,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_round_trips() {
        for text in [
            "local://github-token",
            "vault://kv/mcp/orders?version=3#url",
            "file:///run/secrets/token",
            "awssm://prod/mcp/tls?stage=AWSCURRENT&version_id=a-b#json.key",
            "local://with%20space",
        ] {
            let parsed: SecretRef = text.parse().expect(text);
            assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn coordinates_drop_only_the_field() {
        let a: SecretRef = "corp://db/creds?version=1#user".parse().expect("valid");
        let b: SecretRef = "corp://db/creds?version=1#pass".parse().expect("valid");
        assert_eq!(a.coordinate(), b.coordinate());
    }

    #[test]
    fn bad_references_say_what_is_wrong_without_the_text() {
        let error = |text: &str| text.parse::<SecretRef>().expect_err(text);
        assert_eq!(error("ghp_0123456789"), ReferenceError::NoScheme);
        assert_eq!(error("1x://a"), ReferenceError::BadScheme);
        assert_eq!(error("local://"), ReferenceError::EmptyPath);
        assert_eq!(error("local://a#"), ReferenceError::EmptyField);
        assert_eq!(error("local://a?v"), ReferenceError::BadQuery);
        assert_eq!(error("local://a?v=1&v=2"), ReferenceError::BadQuery);
        assert_eq!(error("local://a%zz"), ReferenceError::BadEscape);
        assert!(!error("ghp_0123456789").to_string().contains("ghp_"));
    }
}
