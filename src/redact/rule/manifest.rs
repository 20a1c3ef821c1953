//! The data of a Kubernetes Secret, in YAML or JSON.
//!
//! Each value in it is a secret whatever its name, and the kind that says so stands before the data in what people
//! write and behind it in what `kubectl` prints. The name of the first value stays, and JSON stays JSON.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::REACH;

/// The names of a map of values.
const DATA: [&[u8]; 2] = [b"data", b"stringData"];

/// What stands between the first and the last value of the data beside the kind at `kind`; quotes are outside.
pub(super) fn data_beside(text: &[u8], kind: usize) -> Option<Range<usize>> {
    let start = kind.saturating_sub(REACH);
    let near = &text[start..text.len().min(kind + REACH)];
    let found = match near[kind - start] {
        b'"' => in_json(near, kind - start),
        _ => in_yaml(near, kind - start),
    }?;
    Some(start + found.start..start + found.end)
}

fn in_json(text: &[u8], kind: usize) -> Option<Range<usize>> {
    let values = |open: usize| {
        let close = open + memchr(b'}', &text[open..])?;
        let first = open + memchr(b':', &text[open..close])?;
        let start = first + memchr(b'"', &text[first..close])? + 1;
        Some(start..memrchr(b'"', &text[..close])?).filter(|values| values.start < values.end)
    };
    let is_data = |before: &[u8]| {
        let name = before.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
        name.is_some_and(|name| {
            [&b"\"data\""[..], b"\"stringData\""].iter().any(|data| name.ends_with(data))
        })
    };
    let before = text[..kind].trim_ascii_end().strip_suffix(b",").map(<[u8]>::trim_ascii_end);
    let opened = before.filter(|before| before.ends_with(b"}")).and_then(|map| memrchr(b'{', map));
    if let Some(open) = opened.filter(|open| is_data(&text[..*open])) {
        return values(open);
    }
    let behind = kind + b"\"kind\"".len();
    let end = memmem::find(&text[behind..], b"\"kind\"").map_or(text.len(), |next| behind + next);
    let mut opened = memchr::memchr_iter(b'{', &text[behind..end]).map(|open| behind + open);
    opened.find(|open| is_data(&text[..*open])).and_then(values)
}

fn in_yaml(text: &[u8], kind: usize) -> Option<Range<usize>> {
    // Nearly all that say this are sentences, so no further back than the indentation.
    let indent = text[..kind].iter().rev().take_while(|b| b" \t-".contains(b)).count();
    let line = kind - indent;
    let column = column(&text[line..])?;
    if line + column != kind || line.checked_sub(1).is_some_and(|end| text[end] != b'\n') {
        return None;
    }
    // Nothing before the first line of an item of a list belongs to it.
    let is_item = |line: &[u8]| line.trim_ascii_start().starts_with(b"- ");
    let mut before = if is_item(&text[line..kind]) { 0 } else { line };
    while let Some(end) = before.checked_sub(1) {
        before = memrchr(b'\n', &text[..end]).map_or(0, |end| end + 1);
        match sibling(&text[before..end], column) {
            Sibling::Data => return block(text, before, column),
            Sibling::Outside => break,
            Sibling::Other => {}
        }
        if is_item(&text[before..end]) {
            break;
        }
    }
    let mut next = line;
    while let Some(end) = memchr(b'\n', &text[next..]) {
        next += end + 1;
        let line = text[next..].split(|b| *b == b'\n').next().unwrap_or_default();
        match sibling(line, column) {
            Sibling::Data => return block(text, next, column),
            Sibling::Outside => break,
            Sibling::Other => {}
        }
    }
    None
}

/// What a line is to the map of the kind.
enum Sibling {
    /// It begins the data.
    Data,
    /// It is no part of the map.
    Outside,
    /// Something else in the map.
    Other,
}

fn sibling(line: &[u8], of: usize) -> Sibling {
    let Some(at) = column(line) else { return Sibling::Other };
    let name = &line[at..];
    // A map has one kind; without this, a text of nothing but kinds would be walked through from each of them.
    if at < of || line.starts_with(b"---") || at == of && name.starts_with(b"kind:") {
        return Sibling::Outside;
    }
    let opened = name.trim_ascii().strip_suffix(b":").unwrap_or_default();
    if at == of && DATA.contains(&opened) { Sibling::Data } else { Sibling::Other }
}

/// Where the name in a line begins; nothing for a blank line and a comment.
fn column(line: &[u8]) -> Option<usize> {
    let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let item = if line[indent..].starts_with(b"- ") { 2 } else { 0 };
    let name = line.get(indent + item).is_some_and(|b| !matches!(b, b'#' | b'\r' | b'\n'));
    name.then_some(indent + item)
}

/// A line without what follows it where the manifest is the value of a JSON string and has no line end of its own.
fn own_part(line: &[u8]) -> &[u8] {
    let closes = |pair: &[u8]| pair[0] == b'"' && matches!(pair[1], b'}' | b']' | b',');
    &line[..line.windows(2).position(closes).unwrap_or(line.len())]
}

/// The values of the map whose name stands in the line at `line`, `of` bytes from its beginning.
fn block(text: &[u8], line: usize, of: usize) -> Option<Range<usize>> {
    let mut values: Option<Range<usize>> = None;
    let mut next = line;
    while let Some(end) = memchr(b'\n', &text[next..]) {
        next += end + 1;
        let line = text[next..].split(|b| *b == b'\n').next().unwrap_or_default();
        match column(line) {
            Some(at) if at <= of => break,
            None => continue,
            Some(at) => {
                let end = next + own_part(line).trim_ascii_end().len();
                let named = memmem::find(line, b": ").map_or(at, |colon| colon + 2);
                let value = line[named..].iter().position(|b| !b" \t\"'".contains(b));
                // `name: |` and `name:` have their value in the next line.
                let told = value.filter(|value| {
                    !matches!(line[named + value], b'|' | b'>')
                        && !line.trim_ascii_end().ends_with(b":")
                });
                let first = told.map(|value| next + named + value);
                values = match (values, first) {
                    (Some(values), _) => Some(values.start..end),
                    (None, first) => first.map(|first| first..end),
                };
            }
        }
    }
    let Range { start, end } = values?;
    let quoted = text[start..end].ends_with(b"\"") || text[start..end].ends_with(b"'");
    Some(start..end - usize::from(quoted)).filter(|values| !values.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a manifest whose kind is the last `kind: Secret` in it.
    fn left(text: &str) -> String {
        let kind = text.rfind("kind: Secret").expect("a kind");
        let found = data_beside(text.as_bytes(), kind);
        found.map_or(text.to_owned(), |found| text.replacen(&text[found], "…", 1))
    }

    #[test]
    fn the_values_go_wherever_the_kind_stands() {
        for (manifest, expected) in [
            (
                "kind: Secret\nmetadata:\n  name: a\ndata:\n  # two\n  pin: cGlu\n\n  b: 'Yg=='\ntype: Opaque\n",
                "kind: Secret\nmetadata:\n  name: a\ndata:\n  # two\n  pin: …'\ntype: Opaque\n",
            ),
            (
                "data:\n\tpin: cGlu\nkind: Secret\nmetadata:\n\tname: a",
                "data:\n\tpin: …\nkind: Secret\nmetadata:\n\tname: a",
            ),
            (
                "items:\n- apiVersion: v1\n  data:\n    pin: cGlu\n  kind: Secret\n- kind: Pod\n",
                "items:\n- apiVersion: v1\n  data:\n    pin: …\n  kind: Secret\n- kind: Pod\n",
            ),
            (
                "kind: Secret\nstringData:\n  a.yaml: |\n    url: a\n    pin: b\n",
                "kind: Secret\nstringData:\n  a.yaml: |\n    url: …\n",
            ),
            ("kind: Secret\ndata:\n  pin: cGlu\"}", "kind: Secret\ndata:\n  pin: …\"}"),
        ] {
            assert_eq!(left(manifest), expected);
        }
    }

    #[test]
    fn data_of_something_else_stays() {
        for manifest in [
            "kind: Secret\nmetadata:\n  name: a\n---\nkind: ConfigMap\ndata:\n  pin: cGlu\n",
            "data:\n  pin: cGlu\n---\nkind: Secret\n",
            "items:\n- kind: ConfigMap\n  data:\n    pin: cGlu\n- kind: Secret\n",
            "kind: Secret\ndata:\n",
            "kind: Secret\nmetadata:\n  data:\n    pin: cGlu\n",
            "the kind: Secret\ndata:\n  pin: cGlu\n",
        ] {
            assert_eq!(left(manifest), manifest);
        }
    }
}
