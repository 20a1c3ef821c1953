//! A private key in armour over lines, whatever stands in their margin: a number, a time stamp, a quote, a frame.
//!
//! A pattern can say how a key looks where its lines stand alone. File tools number lines, loggers stamp them, and pages
//! quote them; then only the long runs of base64 between the header and its END say that this is a key. Linear: no key is
//! looked for beyond the next header.

use std::iter;
use std::ops::Range;

use memchr::memmem;

use super::rule::REACH;

/// How a key in PEM begins.
pub(super) const BEGIN: &[u8] = b"-----BEGIN ";
/// How its last line begins.
pub(super) const END: &[u8] = b"-----END ";
/// The same as commercial SSH programs write it (RFC 4716 for public keys).
const SSH2_BEGIN: &[u8] = b"---- BEGIN ";
const SSH2_END: &[u8] = b"---- END ";

/// A line of a body is at least this long, except the last one. Programs wrap at 48 characters and beyond.
const FULL_RUN: usize = 40;

/// The shortest run of base64 that is taken for part of a body that has an END.
const RUN: usize = 12;

/// So many lines may stand between the header and the body: fields, blank ones.
const FIELDS: usize = 8;

/// No name of a kind of key is longer.
const LONGEST_KIND: usize = 48;

/// The length of the header of a private key at the start of `text`.
pub(super) fn header(text: &[u8]) -> Option<usize> {
    label(text, b"BEGIN ").filter(|(kind, _)| is_private(kind)).map(|(_, len)| len)
}

/// The last header of a private key in `text`: where it begins and ends.
pub(super) fn last_header(text: &[u8]) -> Option<Range<usize>> {
    let last = [BEGIN, SSH2_BEGIN].iter().filter_map(|begin| memmem::rfind(text, begin)).max()?;
    Some(last..last + header(&text[last..])?)
}

/// Where the END of a key begins in `text`.
pub(super) fn end(text: &[u8]) -> Option<usize> {
    let ends = [END, SSH2_END].iter().filter_map(|end| memmem::find(text, end));
    ends.min()
}

fn is_private(kind: &[u8]) -> bool {
    kind.ends_with(b"PRIVATE KEY") || kind.ends_with(b"PRIVATE KEY BLOCK")
}

/// The kind in a line of armour at the start of `text`, and how long the line is.
fn label<'a>(text: &'a [u8], word: &[u8]) -> Option<(&'a [u8], usize)> {
    let dashes = |text: &[u8]| text.iter().take(5).take_while(|b| **b == b'-').count();
    let before = dashes(text);
    let rest = text[before..].strip_prefix(b" ").unwrap_or(&text[before..]);
    let rest = rest.strip_prefix(word)?;
    let in_kind = |b: &&u8| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b' ';
    let kind = &rest[..rest.iter().take(LONGEST_KIND).take_while(in_kind).count()];
    let after = dashes(&rest[kind.len()..]);
    let len = text.len() - rest.len() + kind.len() + after;
    (before >= 4 && after >= 4).then_some((kind.trim_ascii_end(), len))
}

/// Whether the last line has the header of a private key and is text, no record: a body may follow, with a margin.
pub(super) fn begins_in_last_line(text: &[u8]) -> bool {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let line = &line[memchr::memrchr(b'\n', line).map_or(0, |newline| newline + 1)..];
    memmem::find(line, b"BEGIN ").is_some() && !is_record(line) && last_header(line).is_some()
}

/// Whether a line holds a line of a body among other things. The last one is shorter and comes only behind others.
pub(super) fn is_body_with_margin(line: &[u8], behind_others: bool) -> bool {
    let line = line.trim_ascii();
    if is_record(line) || line.is_empty() {
        return false;
    }
    is_full(line) || behind_others && end(line).is_none() && last_run(line, 0..line.len()).is_some()
}

/// Whether a line holds as much base64 as no last line of a body.
pub(super) fn is_full(line: &[u8]) -> bool {
    runs(line, 0..line.len(), FULL_RUN).next().is_some()
}

fn is_record(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{")
}

/// What must not leave of the key whose header stands at `from`, in order.
pub(super) fn key(text: &[u8], from: usize) -> Vec<Range<usize>> {
    let text = &text[..text.len().min(from + REACH)];
    let Some(len) = header(&text[from..]) else { return Vec::new() };
    let body = from + len;
    let next = memmem::find(&text[body..], b"BEGIN ").map_or(text.len(), |at| body + at);
    let text = &text[..next];
    if let Some(end) = end(&text[body..]).map(|at| body + at)
        && is_body(&text[body..end])
    {
        let last = end + label(&text[end..], b"END ").map_or(END.len(), |(_, len)| len);
        let whole = iter::once(from..last);
        if !text[from..last].contains(&b'"') {
            return whole.collect();
        }
        // Each piece by itself: what stands between them may be the structure of JSON.
        let runs = segments(text, body..end).filter_map(|line| longest(text, line, 4));
        return iter::once(from..body).chain(runs).chain(iter::once(end..last)).collect();
    }
    bodies(text, from, body)
}

/// What must not leave of the key without a header whose body begins at `from`, in order.
pub(super) fn rest_of_body(text: &[u8], from: usize) -> Vec<Range<usize>> {
    bodies(&text[..text.len().min(from + REACH)], from, from)
}

/// Whether most lines of this text are base64, and one is as long as a line of a key.
fn is_body(text: &[u8]) -> bool {
    let (mut lines, mut others, mut full) = (0, 0, false);
    for line in segments(text, 0..text.len()) {
        let longest = longest(text, line.clone(), RUN).map_or(0, |run| run.len());
        let is_field = memmem::find(&text[line.clone()], b": ").is_some();
        full |= longest >= FULL_RUN;
        if longest > 0 {
            lines += 1;
        } else if !is_field && text[line].iter().any(u8::is_ascii_alphanumeric) {
            others += 1;
        }
    }
    full && others <= lines + 1
}

/// The body of a key that is cut before its END: lines that hold a long run, and a shorter one at last.
fn bodies(text: &[u8], from: usize, body: usize) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut others = 0;
    for line in segments(text, body..text.len()) {
        let full = runs(text, line.clone(), FULL_RUN).last();
        if let Some(run) = full {
            pieces.push(run);
            others = 0;
            continue;
        }
        let bare = !text[line.clone()].iter().any(u8::is_ascii_alphanumeric);
        others += 1;
        if others > FIELDS {
            break;
        }
        if bare || pieces.is_empty() {
            continue;
        }
        pieces.extend(last_run(text, line));
        break;
    }
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return Vec::new() };
    let whole = from.min(first.start)..last.end;
    if !text[whole.clone()].contains(&b'"') {
        return vec![whole];
    }
    if from < body {
        pieces.insert(0, from..body);
    }
    pieces
}

/// The lines of a part of a text, and its strings.
fn segments(text: &[u8], within: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut next = within.start;
    std::iter::from_fn(move || {
        let start = next;
        (start < within.end).then(|| {
            let rest = &text[start..within.end];
            let len = memchr::memchr2(b'\n', b'"', rest).unwrap_or(rest.len());
            next = start + len + 1;
            start..start + len
        })
    })
}

/// The runs of base64 in a line that are at least this long.
fn runs(text: &[u8], line: Range<usize>, least: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = line.start;
    let within = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    std::iter::from_fn(move || {
        loop {
            let start = next + text[next..line.end].iter().position(within)?;
            let len = text[start..line.end].iter().take_while(|b| within(b)).count();
            next = start + len;
            // The letter of an escape stays with its backslash.
            let escaped = start > line.start && text[start - 1] == b'\\';
            let run = start + usize::from(escaped)..next;
            if run.len() >= least {
                return Some(run);
            }
        }
    })
}

/// The longest run of base64 in a line, of at least this length.
fn longest(text: &[u8], line: Range<usize>, least: usize) -> Option<Range<usize>> {
    runs(text, line, least).max_by_key(|run| run.len())
}

/// What may be the last line of a body in a line of text: whole groups of four, and no word.
fn last_run(text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let run = longest(text, line, 4)?;
    (run.len().is_multiple_of(4) && !is_word(&text[run.clone()])).then_some(run)
}

/// Whether it is letters of one case behind the first: a line of a log as `done` is one.
pub(super) fn is_word(text: &[u8]) -> bool {
    let rest = text.get(1..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_lowercase) || rest.iter().all(u8::is_ascii_uppercase)
}
