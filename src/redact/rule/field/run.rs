//! Where a value begins and ends by its own characters: in quotes or bare.

use std::ops::Range;

use memchr::memmem;

use crate::redact::rule::REACH;

/// A value without quotes.
pub(super) struct Run {
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it has characters that end a value elsewhere.
    pub(super) odd: bool,
    /// Where all that belongs to it ends: a comma, a final full stop.
    pub(super) next: usize,
}

/// So many blanks stand between a name and its value at most, where tables are aligned.
const BLANKS: usize = 32;

/// How a quotation mark is spelled in HTML.
const ENTITIES: [&[u8]; 5] = [b"&quot;", b"&#34;", b"&#39;", b"&apos;", b"&#x27;"];

/// So many quotation marks of its own kind stand inside of a value in quotes at most.
const INNER: usize = 3;

/// The bytes behind `at` and the blanks there.
pub(super) fn skip_blanks(text: &[u8], at: usize) -> usize {
    let at = at.min(text.len());
    at + text[at..].iter().take(BLANKS).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Where what is said of a name with an owner begins: `for ana is V`, `of the staging server: V`.
pub(super) fn after_owner(text: &[u8], at: usize) -> Option<usize> {
    let owner = [&b"for "[..], b"of "].iter().find(|word| text[at..].starts_with(word))?.len();
    let near = &text[at + owner..text.len().min(at + owner + 40)];
    let line = near.split(|b| matches!(b, b'\n' | b'\r' | b'.' | b',')).next().unwrap_or_default();
    let signs = [&b": "[..], b" is ", b" = ", b" - ", " — ".as_bytes()];
    let sign = |sign: &&[u8]| memmem::find(line, sign).map(|begin| (begin, sign.len()));
    let (begin, len) = signs.iter().filter_map(sign).min()?;
    Some(at + owner + begin + len)
}

/// The quotation mark of HTML that a text begins with.
pub(super) fn entity(text: &[u8]) -> Option<&'static [u8]> {
    ENTITIES.into_iter().find(|entity| text.starts_with(entity))
}

/// What stands in quotes at `at`, on one line. A quote inside of it is one that is escaped or that no separator follows.
pub(super) fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..text.len().min(at + REACH))?;
    if let Some(entity) = entity(rest) {
        let start = at + entity.len();
        let len = memmem::find(&rest[entity.len()..], entity)?;
        let line = !text[start..start + len].contains(&b'\n');
        return line.then(|| trimmed(text, start..start + len));
    }
    let (open, close): (usize, &[u8]) = match rest {
        [b'"', b'"', b'"', ..] => (3, b"\"\"\""),
        [b'"', ..] => (1, b"\""),
        [b'\'', ..] => (1, b"'"),
        [b'`', ..] => (1, b"`"),
        [0xe2, 0x80, 0x9c, ..] => (3, "”".as_bytes()),
        _ => return None,
    };
    let (mut escaped, mut inner) = (false, 0);
    for (len, byte) in rest[open..].iter().enumerate() {
        let here = &rest[open + len..];
        if matches!(byte, b'\n' | b'\r') {
            return None;
        }
        if !escaped && here.starts_with(close) {
            if ends_quote(here, close.len()) {
                return Some(trimmed(text, at + open..at + open + len));
            }
            inner += 1;
            // No password has more, and a text of nothing but opening quotes would be read from each of them on.
            if inner > INNER {
                return None;
            }
        }
        escaped = *byte == b'\\' && !escaped;
    }
    None
}

/// Whether what follows a quotation mark can follow a value: no letter, no digit, no symbol of a password.
fn ends_quote(text: &[u8], len: usize) -> bool {
    !text.get(len).is_some_and(|b| b.is_ascii_alphanumeric() || b"!@#$^*~_".contains(b))
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let value = &text[range.clone()];
    let start = range.start + (value.len() - value.trim_ascii_start().len());
    start..start + value.trim_ascii().len()
}

/// Whether a name begins its line, as in a file of settings; what shells and Docker write before one may stand there.
pub(super) fn begins_line(text: &[u8], name: usize) -> bool {
    const BEFORE: [&[u8]; 9] =
        [b"", b"export", b"set", b"setx", b"ENV", b"ARG", b"env", b"-e", b"-"];
    let near = &text[name.saturating_sub(64)..name];
    // Or the text that is a JSON string begins there.
    let line = near.rsplit(|b| matches!(b, b'\n' | b'"')).next().unwrap_or_default();
    if line.len() == near.len() && near.len() == 64 {
        return false;
    }
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"#").or_else(|| line.strip_prefix(b"//")).unwrap_or(line);
    BEFORE.contains(&line.trim_ascii())
}

/// The head of an expression is shorter, in bytes: a call, an index. What is longer is a value that ends with a bracket, or a
/// text of nothing but names would be read up to the next bracket from each of them on.
const EXPRESSION: usize = 256;

/// The value without quotes at `at`; in a line of settings it may hold what is code elsewhere. Nothing where an
/// expression begins.
pub(super) fn bare(text: &[u8], at: usize, line: bool) -> Option<Run> {
    let reach = &text[..text.len().min(at + REACH)];
    let (mut end, mut odd) = (at, false);
    while let Some(byte) = reach.get(end) {
        let after = &reach[end + 1..];
        let goes_on = after.first().is_some_and(|b| in_value(*b));
        match byte {
            b'"' | b'\'' | b'`' | b'<' | b'>' => break,
            b if *b <= b' ' => break,
            // The escape of a quote, a line's end or a character, in JSON that is spelled in a text.
            b'\\' if !matches!(after.first(), Some(b) if b.is_ascii_alphanumeric() && !b"nrtu".contains(b)) =>
            {
                break;
            }
            b'(' | b'{' | b'[' if !line && end - at < EXPRESSION => return None,
            b'(' | b'{' | b'[' if !line => break,
            b'(' | b'{' | b'[' => odd = true,
            b')' | b'}' | b']' if !line || !goes_on => break,
            b')' | b'}' | b']' => odd = true,
            b'&' | b';' | b',' | b'|' if !goes_on || begins_pair(after) => break,
            b';' | b',' | b'|' if !line => break,
            b'&' | b';' | b',' | b'|' => odd = true,
            _ => {}
        }
        end += 1;
    }
    let next = end;
    let value = &text[at..end];
    // Three of them say that something was left out.
    let full = value.strip_suffix(b".").filter(|full| !full.ends_with(b".")).unwrap_or(value);
    let full = full.strip_suffix(b"**").unwrap_or(full);
    (!full.is_empty()).then_some(Run { end: at + full.len(), odd, next })
}

fn in_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!@#$%^*?~+=_-./:".contains(&byte)
}

/// Whether another name and its value begin here: `user=me`, `amp;user=me`.
fn begins_pair(text: &[u8]) -> bool {
    let name = text
        .iter()
        .take(40)
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-.%".contains(b))
        .count();
    match text.get(name) {
        Some(b'=' | b':') => name > 0,
        Some(b';') => entity_name(&text[..name]),
        _ => false,
    }
}

fn entity_name(name: &[u8]) -> bool {
    [&b"amp"[..], b"lt", b"gt", b"quot", b"apos"].contains(&name)
}
