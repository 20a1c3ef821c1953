//! The column of a table whose header is the name of a secret: Markdown, what `psql` prints, CSV.

use std::ops::Range;

use super::beside::plain;
use crate::redact::rule::REACH;

/// No header is longer.
const LONGEST_HEADER: usize = 1024;

/// No table has more columns, or it is no table.
const COLUMNS: usize = 64;

/// The cells in the columns of a table that are named for a secret, by the header that has the name at `name` in it, and
/// where the header ends. A line with a row above it is no header.
pub(super) fn columns(
    text: &[u8],
    name: &Range<usize>,
    is_wanted: impl Fn(&Range<usize>) -> bool,
) -> Option<(Vec<Range<usize>>, usize)> {
    if !may_be_cell(text, name) {
        return None;
    }
    let row = header(text, name)?;
    let separator = *b"|,;\t".iter().find(|by| text[row.clone()].contains(by))?;
    let above = text[..row.start].iter().rev().skip(1).take(LONGEST_HEADER);
    if text[..row.start].last().is_some_and(is_end)
        && above.take_while(|b| !is_end(b)).any(|b| *b == separator)
    {
        return None;
    }
    let header = cells(text, row.clone(), separator);
    let named: Vec<_> = header.iter().map(|cell| plain(text, cell.clone())).collect();
    if header.len() < 2 || header.len() > COLUMNS || !named.contains(name) {
        return None;
    }
    let text = &text[..text.len().min(row.end + REACH)];
    let mut at = next_line(text, row.end);
    if separator == b'|' {
        let rule = line(text, at);
        let drawn = |b: &u8| b"|-+: ".contains(b);
        if rule.is_empty() || !text[rule.clone()].iter().all(drawn) {
            return None;
        }
        at = next_line(text, rule.end);
    } else if !named.iter().all(|cell| is_header(&text[cell.clone()])) {
        return None;
    }
    let wanted: Vec<bool> = named.iter().map(is_wanted).collect();
    let mut found = Vec::new();
    while at < text.len() {
        let line = line(text, at);
        let row = cells(text, line.clone(), separator);
        if row.len() != header.len() {
            break;
        }
        let secret = row.into_iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        found.extend(secret.map(|(cell, _)| plain(text, cell)));
        at = next_line(text, line.end);
    }
    Some((found, row.end))
}

/// Whether the name may be a whole cell, by what stands on either side: the line is not looked through where it is none.
fn may_be_cell(text: &[u8], name: &Range<usize>) -> bool {
    let stops = |byte: &&u8| !b" `*\"'".contains(*byte);
    let before = text[..name.start].iter().rev().take(LONGEST_HEADER).find(stops);
    let after = text[name.end..].iter().take(LONGEST_HEADER).find(stops);
    before.is_none_or(|b| b"|,;\t\r\n:[".contains(b))
        && after.is_none_or(|b| b"|,;\t\r\n}]".contains(b))
}

/// The line that the name is in.
fn header(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    let mut before = (0..name.start).rev().take(LONGEST_HEADER);
    let start = match before.find(|at| begins_after(text, *at)) {
        Some(at) => at + 1,
        None if name.start <= LONGEST_HEADER => 0,
        None => return None,
    };
    let mut after = (name.end..text.len()).take(LONGEST_HEADER);
    Some(start..after.find(|at| ends_at(text, *at))?)
}

/// Whether a line begins behind this byte: a line's end, or the quote of the JSON string that the text is.
fn begins_after(text: &[u8], at: usize) -> bool {
    is_end(&text[at]) || text[at] == b'"' && matches!(text[..at].last(), Some(b':' | b'['))
}

/// Whether a line ends at this byte.
fn ends_at(text: &[u8], at: usize) -> bool {
    is_end(&text[at]) || text[at] == b'"' && matches!(text.get(at + 1), Some(b'}' | b']' | b','))
}

fn is_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The cells of a row.
fn cells(text: &[u8], row: Range<usize>, separator: u8) -> Vec<Range<usize>> {
    let mut start = row.start;
    let cell = |part: &[u8]| {
        let cell = start..start + part.len();
        start = cell.end + 1;
        cell
    };
    text[row].split(|b| *b == separator).map(cell).collect()
}

/// Whether this is the name of a column and no sentence.
fn is_header(cell: &[u8]) -> bool {
    !cell.is_empty()
        && cell.len() <= 40
        && cell.iter().all(|b| b.is_ascii_alphanumeric() || b"_- ".contains(b))
}

fn line(text: &[u8], at: usize) -> Range<usize> {
    at..(at..text.len()).find(|at| ends_at(text, *at)).unwrap_or(text.len())
}

/// Where the line begins behind the one that ends at `end`; the end of the text where it is the last one.
fn next_line(text: &[u8], end: usize) -> usize {
    match &text[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [b'\r' | b'\n', ..] => end + 1,
        _ => text.len(),
    }
}
