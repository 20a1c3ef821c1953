//! What stands behind the name of a secret: how the value is bound to the name, and where it begins and ends.
//!
//! This knows the ways in which programs and people write a name and its value, and nothing of what a secret looks like.
//! It looks at each byte once and no further than [`REACH`] behind the name.

use std::ops::Range;

use memchr::memchr3;

use super::beside;
use super::run::{self, Run};
use crate::redact::rule::REACH;

/// A value and what binds it to its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it stands, without its quotes.
    pub(super) range: Range<usize>,
    pub(super) bond: Bond,
    /// Whether it has quotes, so that it is no code.
    pub(super) quoted: bool,
    /// Whether it has characters that end a value elsewhere, or end a statement: `a&b`, `a;b`, `a(b`.
    pub(super) odd: bool,
}

/// What binds a value to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    /// `name = V`, `name: V`, `<name>V</name>`, `--name V`.
    Assigned,
    /// The same, and the name is a key in quotes: `"name": V`.
    Member,
    /// `name == 'V'`.
    Compared,
    /// The other argument of a call: `define('NAME', 'V')`.
    Pair,
    /// What follows the name in a list or in a call: `f(a, 'NAME', 'V')`.
    Next,
    /// The member beside the one with the name: `"name": "NAME", "value": V`.
    Neighbour,
    /// The border of a cell: `| name | V |`, `<td>name</td><td>V</td>`.
    Cell,
    /// Nothing but a blank, a dash or a line's end: `NAME V`.
    Beside,
    /// A sentence: `the name is V`.
    Said,
}

/// Whether a value may follow a name that ends at `end`: nearly all mentions of a password end here, before anything
/// costly is done.
pub(super) fn may_follow(text: &[u8], end: usize) -> bool {
    // `token->next` is no assignment.
    !text[..end].ends_with(b"-")
        && match text.get(end) {
            None => false,
            Some(b' ') => match text.get(end + 1) {
                Some(b) => {
                    !b.is_ascii_lowercase() || said(text, end + 1).is_some() || {
                        // A value in lower case has a digit, and words have none.
                        text[end + 1..]
                            .iter()
                            .take(12)
                            .take_while(|b| **b > b' ')
                            .any(u8::is_ascii_digit)
                            || [&b"value"[..], b"for ", b"of "]
                                .iter()
                                .any(|word| text[end + 1..].starts_with(word))
                            || text[..end]
                                .iter()
                                .rev()
                                .take(64)
                                .take_while(|b| **b > b' ')
                                .any(|b| *b == b'-')
                    }
                }
                None => false,
            },
            Some(b) => !b.is_ascii_alphanumeric() && *b != b'.' && *b != b'/',
        }
}

/// The value of the name at `name`, whatever it looks like.
pub(super) fn behind(text: &[u8], name: &Range<usize>) -> Option<Value> {
    let (closed, quote) = closed(text, name.end);
    let at = run::skip_blanks(text, closed);
    let gap = &text[closed..at];
    let assigned = |len: usize| assigned(text, name, at + len, quote);
    let compared = |len: usize| quoted(text, at + len, Bond::Compared);
    match &text[at..] {
        [b'=', b'=', b'=', ..] | [b'!', b'=', b'=', ..] => compared(3),
        [b'=', b'=', ..] | [b'!', b'=', ..] => compared(2),
        [b'=', b'~', ..] => None,
        [b'=', b'>', ..] | [b'?', b'=' | b':', ..] | [b'+', b'=', ..] => assigned(2),
        [b'=', ..] => assigned(1),
        [b':', ..] => {
            let colons = text[at..].iter().take(4).take_while(|b| **b == b':').count();
            match text.get(at + colons) {
                Some(b'=') => assigned(colons + 1),
                Some(b'?') if text.get(at + colons + 1) == Some(&b'=') => assigned(colons + 2),
                // `get_access_token::Input`
                _ if colons > 1 => None,
                _ => assigned(1),
            }
        }
        [b'>', ..] => element(text, at + 1),
        [b'<', b'/', ..] => beside::next_element(text, at),
        [b',', ..] => beside::neighbour(text, at).or_else(|| argument(text, name, at + 1)),
        [b'(', ..] if !names_in_call(&text[name.clone()]) => quoted(text, at + 1, Bond::Assigned),
        [b'|', b'|', b'=', ..] => assigned(3),
        [b'|', b'|', ..] | [b'?', b'?', ..] => quoted(text, at + 2, Bond::Assigned),
        [b'|', ..] => beside::cell(text, at + 1),
        [b'\n' | b'\r', ..] => {
            let alone = || beside::next_line(text, at, Bond::Beside);
            // `(no token)` is a remark, a heading ends with the name.
            let heading = !matches!(text[at - 1], b')' | b']');
            beside::neighbour(text, at).or_else(|| heading.then(alone).flatten())
        }
        [b'{', ..] if !gap.is_empty() => beside::object(text, at),
        [b'-', b'>', ..] if !gap.is_empty() => beside::after_blank(text, at + 2, Bond::Beside),
        [b'-', b' ', ..] | [0xe2, 0x80, 0x93 | 0x94, ..] if !gap.is_empty() => {
            let dash = if text[at] == b'-' { 1 } else { 3 };
            beside::after_blank(text, run::skip_blanks(text, at + dash), Bond::Beside)
        }
        _ if gap.is_empty() => None,
        rest => {
            if rest.starts_with(b"value") {
                return beside::neighbour(text, at);
            }
            if let Some(sign) = run::after_owner(text, at) {
                return beside::after_blank(text, sign, Bond::Said);
            }
            if let Some(words) = said(text, at) {
                return beside::after_blank(text, at + words, Bond::Said);
            }
            let option = text[name.clone()].starts_with(b"-");
            beside::after_blank(text, at, if option { Bond::Assigned } else { Bond::Beside })
        }
    }
}

/// Whether a call of this function is given a name and not a value: `get_secret("db")`. `pass(…)` is a method of test
/// libraries.
fn names_in_call(function: &[u8]) -> bool {
    const VERBS: [&[u8]; 10] = [
        b"get", b"read", b"fetch", b"load", b"find", b"lookup", b"has", b"is", b"require",
        b"delete",
    ];
    let function = function.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let starts =
        |verb: &&[u8]| function.get(..verb.len()).is_some_and(|f| f.eq_ignore_ascii_case(verb));
    function.ends_with(b"pass") || VERBS.iter().any(starts)
}

/// How long a verb and its blank are that say what a name is: `is V`, `was V`, `set to V`.
fn said(text: &[u8], at: usize) -> Option<usize> {
    let verbs = [&b"is "[..], b"is: ", b"was ", b"to ", b"set to ", b"= "];
    verbs.into_iter().find(|verb| text[at..].starts_with(verb)).map(<[u8]>::len)
}

/// Where what closes the name ends: a quote, bold letters, brackets. Returns the quote too.
fn closed(text: &[u8], end: usize) -> (usize, &[u8]) {
    let (mut at, mut quote) = (end, &b""[..]);
    for _ in 0..4 {
        let rest = &text[at..];
        let len = match rest {
            [b'"' | b'\'' | b'`', ..] if quote.is_empty() => 1,
            [b'&', ..] if quote.is_empty() => run::entity(rest).map_or(0, <[u8]>::len),
            [b'*', b'*', ..] => 2,
            [b']' | b')', ..] => 1,
            _ => 0,
        };
        if len == 0 {
            break;
        }
        if !matches!(rest[0], b'*' | b']' | b')') {
            quote = &rest[..len];
        }
        at += len;
    }
    (at, quote)
}

/// The value behind what assigns it.
fn assigned(text: &[u8], name: &Range<usize>, at: usize, quote: &[u8]) -> Option<Value> {
    let member = !quote.is_empty() && !text[..name.start].ends_with(b"[\"");
    let bond = if member { Bond::Member } else { Bond::Assigned };
    let mut at = at;
    // `**Name:** V`
    if text[at..].starts_with(b"**") {
        at += 2;
    }
    at = run::skip_blanks(text, at);
    if let [b'\n' | b'\r', ..] = &text[at..] {
        return beside::next_line(text, at, bond);
    }
    let opened = match &text[at..] {
        [b'|' | b'>', ..] => beside::block(text, name.start, at),
        [b'{', ..] => beside::object(text, at),
        [b'[', b']', ..] if text[at..].starts_with(b"[]byte(") => quoted(text, at + 7, bond),
        [b'[', ..] => quoted(text, at + 1, bond),
        // A verbatim string of C#.
        [b'@', b'"', ..] => quoted(text, at + 1, bond),
        _ => None,
    };
    if opened.is_some() {
        return opened;
    }
    if let Some(value) = quoted(text, at, bond) {
        return Some(value);
    }
    if let Some(inner) = wrapped(text, at) {
        return quoted(text, inner, bond);
    }
    let line = run::begins_line(text, name.start);
    let Run { end, odd, next } = run::bare(text, at, line)?;
    // `name: str = "V"`, `name = other || "V"`
    let behind = run::skip_blanks(text, next);
    match &text[behind..] {
        [b'=', b' ' | b'"' | b'\'', ..] => {
            let behind = run::skip_blanks(text, behind + 1);
            quoted(text, wrapped(text, behind).unwrap_or(behind), Bond::Assigned)
        }
        [b'|', b'|', ..] | [b'?', b'?', ..] => quoted(text, behind + 2, Bond::Assigned),
        _ => Some(Value { range: at..end, bond, quoted: false, odd }),
    }
}

/// A value in quotes at `at`, if there is one.
pub(super) fn quoted(text: &[u8], at: usize, bond: Bond) -> Option<Value> {
    let at = run::skip_blanks(text, at);
    let range = run::quoted(text, at)?;
    // Documentation writes code in backticks.
    Some(Value { range, bond, quoted: text[at] != b'`', odd: false })
}

/// Where the one argument begins of what makes a secret of a string: `Some("V")`, `SecretString::from("V")`.
fn wrapped(text: &[u8], at: usize) -> Option<usize> {
    const WRAPPERS: [&[u8]; 16] = [
        b"Some",
        b"Ok",
        b"from",
        b"new",
        b"String",
        b"Secret",
        b"SecretString",
        b"SecretStr",
        b"SecureString",
        b"Password",
        b"bytes",
        b"str",
        b"b",
        b"r",
        b"u",
        b"ConvertTo-SecureString",
    ];
    let in_path = |b: &&u8| b.is_ascii_alphanumeric() || b"_-.:".contains(b);
    let mut at = at;
    if text[at..].starts_with(b"new ") {
        at += 4;
    }
    let path = &text[at..at + text[at..].iter().take(48).take_while(in_path).count()];
    let last = path.rsplit(|b| matches!(b, b'.' | b':')).next().unwrap_or_default();
    if path.is_empty() || !WRAPPERS.contains(&last) {
        return None;
    }
    let behind = at + path.len();
    match &text[behind..] {
        [b'(', ..] => {
            let inner = run::skip_blanks(text, behind + 1);
            Some(wrapped(text, inner).unwrap_or(inner))
        }
        [b'"' | b'\'', ..] if last.len() == 1 => Some(behind),
        [b' ', b'"' | b'\'', ..] if last.len() > 8 => Some(behind + 1),
        rest if rest.starts_with(b" -String ") => Some(behind + b" -String ".len()),
        _ => None,
    }
}

/// The text of an element of XML: `<name>V</name>`.
fn element(text: &[u8], at: usize) -> Option<Value> {
    let reach = &text[at..text.len().min(at + REACH)];
    // The text of an element has no `>`: that ends what is no element, or each `name>` would be read to the next `<`.
    let len = memchr3(b'<', b'>', b'\n', reach)?;
    if !text[at + len..].starts_with(b"</") {
        return None;
    }
    let value = reach[..len].trim_ascii();
    let start = at + (len - reach[..len].trim_ascii_start().len());
    let range = start..start + value.len();
    let quoted_in = run::quoted(text, start).filter(|inner| inner.end < range.end);
    let range = quoted_in.unwrap_or(range);
    Some(Value { range, bond: Bond::Assigned, quoted: true, odd: false })
}

/// The argument behind the one that is the name.
fn argument(text: &[u8], name: &Range<usize>, at: usize) -> Option<Value> {
    let at = run::skip_blanks(text, at);
    // `'"V"'`
    let outer = matches!(&text[at..], [b'\'', b'"', ..] | [b'"', b'\'', ..]);
    let value = quoted(text, at + usize::from(outer), Bond::Next)?;
    let opened = text[..name.start].split_last().is_some_and(|(quote, before)| {
        matches!(quote, b'"' | b'\'' | b'`') && before.trim_ascii_end().ends_with(b"(")
    });
    let closes = text
        .get(value.range.end + 1..)
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b")"));
    let bond = if opened && closes { Bond::Pair } else { Bond::Next };
    Some(Value { bond, ..value })
}
