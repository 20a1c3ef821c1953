//! Which parts of a value are secrets of their own.
//!
//! A server given a connection string prints the password, one given a service account's JSON prints the key, one given
//! a PEM prints it line by line. Parts that are public (a host, a user's name, a PEM header) are left out: hiding them
//! would wreck answers and protect nothing.

use std::ops::Range;

use base64::Engine;
use memchr::memmem;
use zeroize::Zeroizing;

use super::encoding::{LENIENT, standard};
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
    if is_json(value) {
        return leaves(value);
    }
    let mut parts = Vec::new();
    let named = userinfo(value).into_iter().chain(assignments(value)).chain(header(value));
    for found in named.chain(random_words(value)) {
        let part = &value[found];
        parts.push(Part::Value(part.to_vec().into()));
        if let Some(decoded) = Layer::Percent.peel(part) {
            parts.push(Part::Value(decoded.into()));
        }
        if let Some(inside) = decoded(part).filter(|_| part.len() < value.len()) {
            parts.extend(of(&inside));
            parts.push(Part::Value(inside));
        }
    }
    parts.extend(settings(value).map(|setting| Part::Value(setting.into())));
    if let Some(inside) = decoded(value) {
        parts.extend(of(&inside));
        parts.push(Part::Value(inside));
    }
    if value.contains(&b'\n') {
        let lines = value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        parts.extend(lines.filter(|l| is_telling(l)).map(|l| Part::Line(l.to_vec().into())));
    }
    parts
}

/// Whether a value is an object or a list of JSON. A TOML or INI file may begin with `[` as well.
fn is_json(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(value).is_ok()
}

/// The password in `scheme://user:password@host` or in Go's `user:password@tcp(host)`; a lone `token@` is one too. With it
/// go `user:password`, which is what Basic encodes, and a user that is a token, as in `https://TOKEN:x-oauth-basic@host`.
fn userinfo(value: &[u8]) -> Vec<Range<usize>> {
    let Some(Range { start, end }) = login(value) else { return Vec::new() };
    let Some(colon) = value[start..end].iter().position(|b| *b == b':') else {
        // Without a scheme this is a mail address.
        return Vec::from_iter((start > 0).then_some(start..end));
    };
    let (user, password) = (start..start + colon, start + colon + 1..end);
    let (is_token, is_word) =
        (is_random(&value[user.clone()], 16), !is_random(&value[password.clone()], 8));
    match is_token && is_word {
        true => vec![user, start..end],
        false => vec![password, start..end],
    }
}

/// What stands before the `@` of a URL or of Go's data source names.
fn login(value: &[u8]) -> Option<Range<usize>> {
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
    Some(start..start + end)
}

/// The value of a secret that is a line of a header (`X-Api-Key: value`), a scheme and its credential (`Bearer value`), or a
/// user and a password (`user:password`).
fn header(value: &[u8]) -> Vec<Range<usize>> {
    let is_token = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    let name = value.iter().take_while(|b| is_token(b)).count();
    let start = match &value[name..] {
        [b':', ..] if name > 0 && !value.contains(&b'@') => name + 1,
        [b' ', ..] if SCHEMES.iter().any(|scheme| value[..name].eq_ignore_ascii_case(scheme)) => 0,
        _ => return Vec::new(),
    };
    let blank = value[start..].iter().take_while(|b| **b == b' ').count();
    let (start, end) = (start + blank, value.len());
    let rest = &value[start..];
    // A host and its port, a path behind a drive letter, a URL.
    if rest.iter().all(u8::is_ascii_digit) || rest.starts_with(b"/") || rest.starts_with(b"\\") {
        return Vec::new();
    }
    let mut found = Vec::from_iter((start > 0).then_some(start..end));
    if let Some(space) = rest.iter().position(|b| *b == b' ')
        && SCHEMES.iter().any(|scheme| rest[..space].eq_ignore_ascii_case(scheme))
    {
        found.push(start + space + 1..end);
    }
    found.retain(|found| found.len() >= MIN_CONTIGUOUS && !value[found.clone()].contains(&b'\n'));
    found
}

/// Schemes of `Authorization` (RFC 9110, 11.4), and what vendors write in their place.
const SCHEMES: [&[u8]; 5] = [b"Bearer", b"Basic", b"Token", b"ApiKey", b"Api-Key"];

/// The values of the lines of a YAML, TOML, INI or dotenv file, and of quoted values of a connection string, without their
/// quotes: those with a sensitive name, and those that look like nothing but a key.
fn settings(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lines = value.split(|b| *b == b'\n').filter_map(|line| {
        let at = line.iter().position(|b| matches!(b, b'=' | b':'))?;
        let (name, text) = (line[..at].trim_ascii(), line[at + 1..].trim_ascii());
        let name = name.strip_prefix(b"export ").unwrap_or(name);
        let text = unquoted(text).unwrap_or_else(|| text.to_vec());
        (text.len() >= MIN_CONTIGUOUS && (is_sensitive(name) || is_opaque(&text))).then_some(text)
    });
    // One line without a quote is a header, a login or a URL, which are taken apart elsewhere.
    let lines =
        lines.filter(|_| value.contains(&b'\n') || value.ends_with(b"\"") || value.ends_with(b"'"));
    let quotes = value.iter().enumerate().filter(|(_, b)| matches!(b, b'\'' | b'"'));
    let quoted = quotes.filter_map(|(at, _)| {
        is_sensitive(name_before(&value[..at])).then(|| unquoted(&value[at..]))?
    });
    lines.chain(quoted).chain(passwords_in_words(value))
}

/// The word behind the word `password`, as in `.netrc`.
fn passwords_in_words(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let pairs = words.clone().zip(words.skip(1));
    pairs.filter(|(name, _)| *name == b"password").map(|(_, password)| password.to_vec())
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

/// What the quoted text at the start of `text` says: a doubled quote and one behind a backslash are quotes.
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let quote = *text.first().filter(|b| matches!(b, b'\'' | b'"'))?;
    let mut said = Vec::with_capacity(text.len());
    let mut rest = text[1..].iter().peekable();
    while let Some(byte) = rest.next() {
        match *byte {
            b'\\' if rest.peek().is_some_and(|next| **next == quote || **next == b'\\') => {
                said.extend(rest.next());
            }
            byte if byte == quote => match rest.next_if(|next| **next == quote) {
                Some(doubled) => said.push(*doubled),
                None => return Some(said),
            },
            byte => said.push(byte),
        }
    }
    None
}

/// The text that a value is in base64, if it is JSON or a login.
fn decoded(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let value = value.strip_prefix(b"Basic ").unwrap_or(value);
    let bytes = Zeroizing::new(LENIENT.decode(standard(value)).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?;
    let is_login = text.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty() && password.len() >= MIN_CONTIGUOUS && !text.contains(char::is_whitespace)
    });
    (is_json(text.as_bytes()) || is_login).then_some(bytes)
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

/// The words of a value of several that look made by a machine and are under no name that says where, who or what: keys in
/// a path, a query, a cookie, an element or attribute of XML, a dictionary of Python, a line of `.netrc`.
fn random_words(value: &[u8]) -> Vec<Range<usize>> {
    const SHORTEST: usize = 16;
    let is_of_word = |b: u8| b.is_ascii_alphanumeric() || b"-_.~+%$!*^".contains(&b);
    let mut found = Vec::new();
    let mut start = 0;
    while start < value.len() {
        let len = value[start..].iter().take_while(|b| is_of_word(**b)).count();
        let word = &value[start..start + len];
        // A host, a file, a version.
        let is_dotted = word.contains(&b'.');
        let is_whole = word.len() == value.len();
        if is_random(word, SHORTEST) && !is_whole && !is_dotted && !is_uuid(word) {
            let name = name_before(&value[..start]);
            if !is_public_name(name) {
                found.push(start..start + len);
            }
        }
        start += len + 1;
    }
    found
}

/// The name that ends with `=` or `:` in front of a word, both with or without quotes; empty where there is none.
fn name_before(before: &[u8]) -> &[u8] {
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b' ');
    let trimmed = |text: &[u8]| text.len() - text.iter().rev().take_while(|b| is_quote(b)).count();
    let before = &before[..trimmed(before)];
    let Some(name) = before.strip_suffix(b"=").or_else(|| before.strip_suffix(b":")) else {
        return b"";
    };
    let name = &name[..trimmed(name)];
    &name[name.iter().rposition(|b| !is_of_name(*b)).map_or(0, |at| at + 1)..]
}

/// Whether a word is an identifier of 32 hex digits with dashes: mostly that of a tenant, a project, an account.
fn is_uuid(word: &[u8]) -> bool {
    let is_of_uuid = |(at, b): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    word.len() == 36 && word.iter().enumerate().all(is_of_uuid)
}

/// The sensitive leaves of a JSON value: by the name they have, or because they look like nothing else.
fn leaves(value: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut walker = Walker::new(value, Fields::default());
    // In a list that stands alone each string is as secret as the whole.
    let is_list = value.starts_with(b"[");
    let mut name = if is_list { b"secret".to_vec() } else { Vec::new() };
    while let Some((token, range)) = walker.next() {
        let text = &value[range];
        match token {
            Token::Key => name = text.to_vec(),
            Token::Text => {
                let leaf = Zeroizing::new(Layer::Escapes.peel(text).unwrap_or(text.to_vec()));
                let is_public = leaf.contains(&b'@') || memmem::find(&leaf, b"://").is_some();
                if is_sensitive(&name)
                    || is_opaque(&leaf)
                    || !is_public && is_random(&leaf, 12) && !is_public_name(&name)
                {
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
    let plain = plain_name(name);
    MARKS.iter().any(|mark| plain.contains(mark)) && !is_public_name(name)
}

/// Whether a field of this name says where, who or what, and is no secret even in a secret's JSON.
fn is_public_name(name: &[u8]) -> bool {
    const PUBLIC: [&str; 13] = [
        "uri",
        "url",
        "id",
        "type",
        "email",
        "name",
        "method",
        "public",
        "expiry",
        "host",
        "region",
        "version",
        "fingerprint",
    ];
    let plain = plain_name(name);
    plain.starts_with("public") || PUBLIC.iter().any(|public| plain.ends_with(public))
}

fn plain_name(name: &[u8]) -> String {
    let plain = name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    String::from_utf8_lossy(&plain.collect::<Vec<u8>>()).into_owned()
}

/// Whether a text of at least so many bytes looks made by a machine: one word of letters and digits, of many kinds.
fn is_random(text: &[u8], least: usize) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    text.len() >= least
        && digits >= 2
        && text.iter().any(u8::is_ascii_alphabetic)
        && !text.iter().any(u8::is_ascii_whitespace)
        && distinct(text) >= 8
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
