//! The values of a Secret in YAML.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::{DATA, ITEMS};

/// The values of the data in the map whose kind stands at `kind`.
pub(super) fn values(text: &[u8], kind: usize) -> Vec<Range<usize>> {
    // Nearly all that say this are sentences, so no further back than the indentation.
    let indent = text[..kind].iter().rev().take_while(|b| b" \t-".contains(b)).count();
    let line = kind - indent;
    let Some(column) = column(&text[line..]).filter(|column| line + column == kind) else {
        return Vec::new();
    };
    if line.checked_sub(1).is_some_and(|end| text[end] != b'\n') {
        return Vec::new();
    }
    let name = text[kind..].get(..LIST.len());
    let list = name.is_some_and(|name| name.eq_ignore_ascii_case(LIST));
    let mut values = Vec::new();
    for place in siblings(text, line, column, if list { &[ITEMS] } else { &DATA }) {
        match list {
            true => data_in_items(text, place, column, &mut values),
            false => data(text, place, column, &mut values),
        }
    }
    values
}

/// How a list of Secrets says that it is one.
const LIST: &[u8] = b"kind: SecretList";

/// Where the lines with these names begin that belong to the map of the line at `line`, in order.
fn siblings(text: &[u8], line: usize, column: usize, names: &[&[u8]]) -> Vec<usize> {
    // Nothing before the first line of an item of a list belongs to it.
    let is_item = |line: &[u8]| line.trim_ascii_start().starts_with(b"- ");
    let mut found = Vec::new();
    let mut before = if is_item(&text[line..line + column]) { 0 } else { line };
    while let Some(end) = before.checked_sub(1) {
        before = memrchr(b'\n', &text[..end]).map_or(0, |end| end + 1);
        match sibling(&text[before..end], column, names) {
            Sibling::Wanted => found.push(before),
            Sibling::Outside => break,
            Sibling::Other => {}
        }
        if is_item(&text[before..end]) && self::column(&text[before..end]) <= Some(column) {
            break;
        }
    }
    found.reverse();
    for (line, text) in lines_behind(text, line) {
        match sibling(text, column, names) {
            Sibling::Wanted => found.push(line),
            Sibling::Outside => break,
            Sibling::Other => {}
        }
    }
    found
}

/// What a line is to the map of the kind.
enum Sibling {
    /// It has a name that is looked for.
    Wanted,
    /// It is no part of the map.
    Outside,
    /// Something else in the map.
    Other,
}

fn sibling(line: &[u8], of: usize, names: &[&[u8]]) -> Sibling {
    let Some(at) = column(line) else { return Sibling::Other };
    let is_item = line.trim_ascii_start().starts_with(b"- ");
    let name = &line[at..];
    // A map has one kind; without this, a text of nothing but kinds would be walked through from each of them.
    if at < of && !is_item || line.starts_with(b"---") || at == of && name.starts_with(b"kind:") {
        return Sibling::Outside;
    }
    if at == of && opens(name, names) { Sibling::Wanted } else { Sibling::Other }
}

/// Whether a line from its name on is one of these names and the beginning of a map or list.
fn opens(line: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|name| {
        let rest = line.strip_prefix(*name).and_then(|rest| rest.strip_prefix(b":"));
        rest.is_some_and(|rest| matches!(rest.trim_ascii_start().first(), None | Some(b'{' | b'#')))
    })
}

/// Where the name in a line begins; nothing for a blank line and a comment.
fn column(line: &[u8]) -> Option<usize> {
    let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let item = if line[indent..].starts_with(b"- ") { 2 } else { 0 };
    let name = line.get(indent + item).is_some_and(|b| !matches!(b, b'#' | b'\r' | b'\n'));
    name.then_some(indent + item)
}

/// The lines behind the one at `line`, and where they begin.
fn lines_behind(text: &[u8], line: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let first = memchr(b'\n', &text[line..]).map(|end| line + end + 1);
    let next = move |line: &usize| memchr(b'\n', &text[*line..]).map(|end| line + end + 1);
    std::iter::successors(first, next).map(|line| {
        let end = memchr(b'\n', &text[line..]).map_or(text.len(), |end| line + end);
        (line, &text[line..end])
    })
}

/// Adds the values of all data in the list whose name stands in the line at `line`, `of` bytes from its beginning.
fn data_in_items(text: &[u8], line: usize, of: usize, values: &mut Vec<Range<usize>>) {
    for (line, inner) in lines_behind(text, line) {
        let Some(at) = column(inner) else { continue };
        let is_item = inner.trim_ascii_start().starts_with(b"- ");
        if at < of || at == of && !is_item {
            break;
        }
        if opens(&inner[at..], &DATA) {
            data(text, line, at, values);
        }
    }
}

/// Adds the values of the map whose name stands in the line at `line`, `of` bytes from its beginning.
fn data(text: &[u8], line: usize, of: usize, values: &mut Vec<Range<usize>>) {
    let own = text[line..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(open) = memchr(b'{', own) {
        return flow(own, line, open + 1, values);
    }
    // Where the names stand, and the value that may go on.
    let (mut names, mut open): (Option<usize>, Option<Range<usize>>) = (None, None);
    for (line, inner) in lines_behind(text, line) {
        let Some(at) = column(inner) else { continue };
        if at <= of {
            break;
        }
        let end = line + own_part(inner).trim_ascii_end().len();
        if at > *names.get_or_insert(at) {
            let begun = open.filter(|value| !value.is_empty()).map(|value| value.start);
            open = Some(begun.unwrap_or(line + at)..end);
        } else {
            values.extend(open.take().filter(|value| !value.is_empty()));
            open = Some(value_in(&text[..end], line + at));
        }
        if end < line + inner.trim_ascii_end().len() {
            break;
        }
    }
    values.extend(open.filter(|value| !value.is_empty()));
}

/// The value of the `name: value` at `name`, which reaches to the end of `text`; empty at the end of the line where it
/// follows in the next one.
fn value_in(text: &[u8], name: usize) -> Range<usize> {
    let colon = memmem::find(&text[name..], b": ").map(|colon| name + colon + 2);
    let Some(mut start) = colon else { return text.len()..text.len() };
    start += text[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match text.get(start) {
        None | Some(b'|' | b'>') => text.len()..text.len(),
        Some(quote @ (b'"' | b'\'')) => {
            let closed = text.ends_with(&[*quote]) && text.len() > start + 1;
            start + 1..text.len() - usize::from(closed)
        }
        Some(_) => start..text.len(),
    }
}

/// Adds the values of `{name: value, …}`, whose names begin at `at`.
fn flow(line: &[u8], offset: usize, mut at: usize, values: &mut Vec<Range<usize>>) {
    while let Some(colon) = line.get(at..).and_then(|rest| memchr(b':', rest)) {
        at += colon + 1;
        at += line[at..].iter().take_while(|byte| **byte == b' ').count();
        let quoted = line.get(at).filter(|byte| matches!(byte, b'"' | b'\''));
        let start = at + usize::from(quoted.is_some());
        let ends = |byte: &u8| match quoted {
            Some(quote) => byte == quote,
            None => matches!(byte, b',' | b'}'),
        };
        let Some(len) = line[start..].iter().position(ends) else { return };
        values.push(offset + start..offset + start + len);
        at = start + len;
        if line[at..].starts_with(b"}") {
            return;
        }
    }
}

/// A line without what follows it where the manifest is the value of a JSON string and has no line end of its own: from
/// a quote on that opens nothing in the line.
fn own_part(line: &[u8]) -> &[u8] {
    let mut quotes = memchr::memchr_iter(b'"', line).enumerate();
    let closes = |(number, at): &(usize, usize)| {
        number % 2 == 0 && matches!(line.get(at + 1), Some(b'}' | b']' | b','))
    };
    &line[..quotes.find(closes).map_or(line.len(), |(_, at)| at)]
}
