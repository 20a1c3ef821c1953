//! Which parts of a value are secrets of their own.
//!
//! A server given a connection string prints the password, one given a service account's JSON prints the key, one given
//! a PEM prints it line by line. Parts that are public (a host, a user's name, a PEM header) are left out: hiding them
//! would wreck answers and protect nothing.

use std::ops::Range;

use zeroize::Zeroizing;

use super::json::{Token, Walker};
use super::view::Layer;
use crate::mcp::fields::Fields;
use crate::secret::{MIN_CONTIGUOUS, distinct};

/// A part of a value.
pub(super) enum Part {
    /// A secret by itself, looked for in every spelling.
    Value(Zeroizing<Vec<u8>>),
    /// One line of several, looked for as it is: the other spellings are those of the whole value.
    Line(Zeroizing<Vec<u8>>),
}

/// The parts of `value`, which has no white space around it.
pub(super) fn of(value: &[u8]) -> Vec<Part> {
    if matches!(value.first(), Some(b'{' | b'[')) {
        return leaves(value);
    }
    let mut parts = Vec::new();
    for found in userinfo(value).into_iter().chain(assignments(value)) {
        let part = &value[found];
        parts.push(Part::Value(part.to_vec().into()));
        if let Some(decoded) = Layer::Percent.peel(part) {
            parts.push(Part::Value(decoded.into()));
        }
    }
    if value.contains(&b'\n') {
        let lines = value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        parts.extend(lines.filter(|l| is_telling(l)).map(|l| Part::Line(l.to_vec().into())));
    }
    parts
}

/// The password in `scheme://user:password@host` or in Go's `user:password@tcp(host)`; a lone `token@` is one too.
fn userinfo(value: &[u8]) -> Option<Range<usize>> {
    let start = memchr::memmem::find(value, b"://").map_or(0, |at| at + 3);
    let rest = &value[start..];
    let authority = rest.iter().position(|b| b"/?#".contains(b)).unwrap_or(rest.len());
    let last_at = |text: &[u8]| text.iter().rposition(|b| *b == b'@');
    // Passwords with an unescaped `/` are common enough that drivers accept them.
    let end = last_at(&rest[..authority]).or_else(|| last_at(rest))?;
    let userinfo = &rest[..end];
    if userinfo.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    match userinfo.iter().position(|b| *b == b':') {
        Some(colon) => Some(start + colon + 1..start + end),
        // Without a scheme this is a mail address.
        None => (start > 0).then_some(start..start + end),
    }
}

/// The values of `name=value` with a sensitive name: connection strings, JDBC and URL parameters.
fn assignments(value: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for piece in value.split(|b| b"?&; \t\r\n".contains(b)) {
        if let Some(equals) = piece.iter().position(|b| *b == b'=')
            && is_sensitive(&piece[..equals])
        {
            found.push(start + equals + 1..start + piece.len());
        }
        start += piece.len() + 1;
    }
    found
}

/// The sensitive leaves of a JSON value: by the name they have, or because they look like nothing else.
fn leaves(value: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut walker = Walker::new(value, Fields::default());
    let mut name = Vec::new();
    while let Some((token, range)) = walker.next() {
        let text = &value[range];
        match token {
            Token::Key => name = text.to_vec(),
            Token::Text => {
                let leaf = Zeroizing::new(Layer::Escapes.peel(text).unwrap_or(text.to_vec()));
                if is_sensitive(&name) || is_opaque(&leaf) {
                    parts.extend(of(&leaf));
                    parts.push(Part::Value(leaf));
                }
            }
            Token::Bare => {
                if is_sensitive(&name) && text.iter().any(u8::is_ascii_digit) {
                    parts.push(Part::Value(text.to_vec().into()));
                }
            }
        }
    }
    parts
}

/// Whether a field of this name holds a secret, in any case style.
fn is_sensitive(name: &[u8]) -> bool {
    const MARKS: [&str; 11] = [
        "secret",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "token",
        "key",
        "credential",
        "auth",
        "connectionstring",
        "dsn",
    ];
    const PUBLIC: [&str; 9] =
        ["uri", "url", "id", "type", "email", "name", "method", "public", "expiry"];
    let plain = name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let plain = String::from_utf8_lossy(&plain.collect::<Vec<u8>>()).into_owned();
    MARKS.iter().any(|mark| plain.contains(mark))
        && !PUBLIC.iter().any(|public| plain.ends_with(public) || plain.starts_with("public"))
}

/// Whether a leaf looks like a key and like nothing else, whatever its name.
fn is_opaque(leaf: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| leaf.iter().any(class);
    let hex = leaf.len() >= 32 && leaf.iter().all(u8::is_ascii_hexdigit);
    let mixed = leaf.len() >= 24
        && leaf.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(b))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit);
    hex || mixed
}

/// Whether a line alone would give something away: no header, no separator, not the same few bytes over and over.
fn is_telling(line: &[u8]) -> bool {
    let header = line.starts_with(b"-----")
        || line.starts_with(b"#")
        || line.starts_with(b"Proc-Type:")
        || line.starts_with(b"DEK-Info:")
        || line.ends_with(b":");
    !header && line.len() >= MIN_CONTIGUOUS && distinct(line) >= 6
}
