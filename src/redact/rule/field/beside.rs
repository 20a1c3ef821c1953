//! Values that nothing assigns: in the next cell, element or line, behind a blank, in the member beside the name.

use std::ops::Range;

use super::run;
use super::value::{Bond, Value, quoted};

/// How far from its name a member with the value is looked for.
const NEIGHBOURHOOD: usize = 256;

/// A value behind a blank and perhaps a verb: in quotes, or a run that ends with the word.
pub(super) fn after_blank(text: &[u8], at: usize, bond: Bond) -> Option<Value> {
    if let Some(value) = quoted(text, at, bond) {
        return Some(value);
    }
    let at = run::skip_blanks(text, at);
    let bold = match &text[at..] {
        [b'*', b'*', ..] => 2,
        [b'[' | b'(', ..] => 1,
        _ => 0,
    };
    let start = at + bold;
    let run = run::bare(text, start, false)?;
    Some(Value { range: start..run.end, bond, quoted: false, odd: run.odd })
}

/// The next cell of a row: `| name | V |`.
pub(super) fn cell(text: &[u8], at: usize) -> Option<Value> {
    let line = text[at..].iter().take(512).position(|b| matches!(b, b'|' | b'\n' | b'\r'));
    let end = at + line.unwrap_or(text.len().min(at + 512) - at);
    let range = plain(text, at..end);
    // Or these are the alternatives of a regular expression.
    let pattern = text[range.clone()].iter().any(|b| b"\\()[]".contains(b));
    (!range.is_empty() && !pattern).then_some(Value {
        range,
        bond: Bond::Cell,
        quoted: false,
        odd: false,
    })
}

/// A cell without blanks, quotes and bold letters around it.
pub(super) fn plain(text: &[u8], cell: Range<usize>) -> Range<usize> {
    let around = |b: &&u8| b" \t`*\"'".contains(b);
    let start = cell.start + text[cell.clone()].iter().take_while(around).count();
    let end = cell.end - text[start..cell.end].iter().rev().take_while(around).count();
    start..end
}

/// The text of the next element: `<key>NAME</key> <string>V</string>`.
pub(super) fn next_element(text: &[u8], at: usize) -> Option<Value> {
    let near = &text[..text.len().min(at + NEIGHBOURHOOD)];
    let closed = at + near[at..].iter().position(|b| *b == b'>')? + 1;
    let open = closed + near[closed..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    if near.get(open) != Some(&b'<') || near.get(open + 1) == Some(&b'/') {
        return None;
    }
    let cells = [&b"td"[..], b"dd", b"string", b"value", b"code", b"span", b"b"];
    let name = near[open + 1..].split(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    let start = open + near[open..].iter().position(|b| *b == b'>')? + 1;
    if !cells.contains(&name) {
        return None;
    }
    let len = near[start..].iter().position(|b| *b == b'<')?;
    let range = plain(text, start..start + len);
    Some(Value { range, bond: Bond::Cell, quoted: false, odd: false })
}

/// The value that stands alone in the line below its name.
pub(super) fn next_line(text: &[u8], at: usize, bond: Bond) -> Option<Value> {
    let below = text[at..].iter().take(48).take_while(|b| b.is_ascii_whitespace()).count();
    let start = at + below;
    if let Some(value) = quoted(text, start, bond) {
        let quoted = value.quoted && bond != Bond::Beside;
        return Some(Value { quoted, ..value });
    }
    let run = run::bare(text, start, false)?;
    let alone = matches!(text.get(run.next), None | Some(b'\n' | b'\r' | b'"'));
    let range = start..run.end;
    alone.then_some(Value { range, bond: Bond::Beside, quoted: false, odd: run.odd })
}

/// The text below `name: |` or `name: >`, as far as it is one value.
pub(super) fn block(text: &[u8], name: usize, at: usize) -> Option<Value> {
    let mark = text[at + 1..].iter().take(3).take_while(|b| b"+-0123456789".contains(b)).count();
    let line_end = run::skip_blanks(text, at + 1 + mark);
    let first = match &text[line_end..] {
        [b'\r', b'\n', ..] => line_end + 2,
        [b'\n', ..] => line_end + 1,
        _ => return None,
    };
    let column = name
        - text[..name]
            .iter()
            .rev()
            .take(64)
            .position(|b| *b == b'\n')
            .map_or(0, |back| name - back);
    let indent = text[first..].iter().take(64).take_while(|b| **b == b' ').count();
    let start = first + indent;
    let len = text[start..].iter().take(4096).position(|b| matches!(b, b'\n' | b'\r'));
    let len = len.unwrap_or((text.len() - start).min(4096));
    let range = plain(text, start..start + len);
    (indent > column || indent > 0).then_some(Value {
        range,
        bond: Bond::Assigned,
        quoted: true,
        odd: false,
    })
}

/// The member of an object that has the value: `"name": {"sensitive": true, "value": V}`.
pub(super) fn object(text: &[u8], at: usize) -> Option<Value> {
    member(text, at + 1)
}

/// The value in a member beside the one whose value the name is: `"name": "NAME", "value": V`.
pub(super) fn neighbour(text: &[u8], at: usize) -> Option<Value> {
    member(text, at)
}

/// The value in a member before or behind the one that says that it is a secret: `"sensitive": true`.
pub(super) fn flagged(text: &[u8], flag: usize, end: usize) -> Option<Value> {
    let before = &text[flag.saturating_sub(NEIGHBOURHOOD)..flag];
    let opened = before.iter().rposition(|b| *b == b'{').map(|at| flag - before.len() + at + 1);
    neighbour(text, end).or_else(|| member(text, opened?).filter(|value| value.range.end < flag))
}

/// The first member with a value behind `from`, in the same object.
fn member(text: &[u8], from: usize) -> Option<Value> {
    const KEYS: [&[u8]; 3] = [b"value", b"default", b"val"];
    let near = &text[from..text.len().min(from + NEIGHBOURHOOD)];
    let end =
        near.iter().position(|b| matches!(b, b'{' | b'}' | b';' | b'(')).unwrap_or(near.len());
    let near = &near[..end];
    let blank = |pair: &[u8]| pair == b"\n\n";
    let near = &near[..near.windows(2).position(blank).unwrap_or(near.len())];
    let mut at = 0;
    while let Some(word) = near[at..].iter().position(u8::is_ascii_alphabetic) {
        let start = at + word;
        let len =
            near[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        at = start + len;
        let key = &near[start..at];
        if !KEYS.iter().any(|wanted| key.eq_ignore_ascii_case(wanted)) {
            continue;
        }
        let closed = at + near[at..].iter().take_while(|b| matches!(b, b'"' | b'\'')).count();
        let sign = run::skip_blanks(text, from + closed);
        if !matches!(text.get(sign), Some(b':' | b'=')) {
            continue;
        }
        let begin = sign
            + 1
            + text[sign + 1..].iter().take(16).take_while(|b| b.is_ascii_whitespace()).count();
        if let Some(value) = quoted(text, begin, Bond::Neighbour) {
            return Some(value);
        }
        let run = run::bare(text, begin, false)?;
        return Some(Value {
            range: begin..run.end,
            bond: Bond::Neighbour,
            quoted: false,
            odd: run.odd,
        });
    }
    None
}
