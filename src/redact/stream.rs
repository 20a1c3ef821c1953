//! Redacts a stream of free text, such as the server's stderr, wherever reads split it.
//!
//! The unit is a line; what comes out depends on the bytes alone, never on how they were cut or when they came. A line is
//! written as soon as it is complete, unless a value of several lines (or one folded over lines) may be open at its end.
//! A line beyond 128 KiB goes in windows that overlap by more than the longest value. An open PEM block is withheld to its
//! END, a blank line or 64 KiB. Nothing is flushed by a timer: half a value must not leave because a server was slow.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::control::Controls;
use super::encoding::is_base64;
use super::hit::{Hit, Label, merge};
use super::open::End;
use super::pem;
use super::record::KeyInRecords;
use super::rule;
use super::splice::whole_chars;
use super::view::{self, Layer};
use super::{Finding, Redactor};

/// How much an open PEM block withholds.
pub(super) const BLOCK: usize = 64 * 1024;

/// Cleans a stream piece by piece. Made by [`Redactor::stderr`] and [`Redactor::stream`].
pub struct StreamCleaner<'r> {
    redactor: &'r Redactor,
    /// What has come and has not been written.
    pending: Vec<u8>,
    /// How much of `pending` is known to hold no end of a group.
    searched: usize,
    /// What is left of the limit of an open PEM block.
    block: Option<Block>,
    records: KeyInRecords,
    /// The end of the last line that was written: a folded value may begin with a few bytes in it.
    before: Vec<u8>,
    /// Whether the first line of `pending` goes on with what began there.
    fronted: bool,
    window: usize,
    overlap: usize,
    controls: Controls,
    /// How many lines have been written.
    lines: u64,
    findings: Vec<Located>,
}

/// A finding in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The number of the line that it begins in, from 1 on.
    pub line: u64,
    /// What was found.
    pub finding: Finding,
}

/// How much of the line before is kept. In bytes.
const BEFORE: usize = 128;

/// Findings beyond this many are not listed until those have been taken.
const FINDINGS: usize = 10_000;

/// An open PEM block.
struct Block {
    left: usize,
    /// The last line was a header such as `Proc-Type: 4,ENCRYPTED`, or the armour's first one, which OpenPGP always
    /// separates from the body: the blank line after it does not end the block.
    header: bool,
    /// The key has no END: the first line that is no body ends the block and is not part of it.
    bare: bool,
    /// Its marker has been written.
    marked: bool,
}

impl<'r> StreamCleaner<'r> {
    pub(super) fn new(redactor: &'r Redactor, controls: Controls) -> Self {
        let overlap = redactor.detector.overlap();
        let window = 4 * overlap;
        Self {
            redactor,
            pending: Vec::new(),
            searched: 0,
            block: None,
            records: KeyInRecords::default(),
            before: Vec::new(),
            fronted: false,
            window,
            overlap,
            controls,
            lines: 0,
            findings: Vec::new(),
        }
    }

    /// Takes what has been found since this was last asked, the first ten thousand of it.
    pub fn take_findings(&mut self) -> Vec<Located> {
        std::mem::take(&mut self.findings)
    }

    /// Counts lines that were written by somebody else; the number of the first.
    pub(super) fn count_lines(&mut self, count: u64) -> u64 {
        self.lines += count;
        self.lines + 1 - count
    }

    /// Takes what was read and appends what may be written to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut start = 0;
        while let Some(taken) = self.step(&pending[start..], out) {
            start += taken;
            self.searched = 0;
        }
        self.pending = pending;
        self.pending.drain(..start);
    }

    /// Appends what is complete where a line of another writer comes between. It ends no key: an open one stays open.
    pub(super) fn interrupt(&mut self, out: &mut Vec<u8>) {
        if self.block.is_none() && !self.pending.is_empty() {
            let rest = std::mem::take(&mut self.pending);
            self.searched = 0;
            self.end(&rest);
            self.write_group(&rest, out);
        }
    }

    /// Appends what is left at the end of the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let rest = std::mem::take(&mut self.pending);
        self.searched = 0;
        let withheld = self.block.take().is_some_and(|block| !block.bare || block.takes(&rest));
        if !withheld {
            self.end(&rest);
            self.write_group(&rest, out);
        }
    }

    /// Writes the group at the start of `text`, if it is complete, and returns its length.
    fn step(&mut self, text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let line_end = |from: usize| memchr(b'\n', &text[from..]).map(|at| from + at + 1);
        if self.block.is_some() {
            let end = line_end(self.searched).unwrap_or(text.len());
            let whole = end <= self.window && text[..end].ends_with(b"\n");
            self.searched = end;
            return (whole || end >= self.window)
                .then(|| self.withhold(&text[..end.min(self.window)], out));
        }
        while let Some(end) = line_end(self.searched).filter(|end| *end <= self.window) {
            self.searched = end;
            let line = memrchr(b'\n', &text[..end - 1]).map_or(0, |newline| newline + 1);
            let written = match self.end(&text[..end]) {
                End::Closed => end,
                // What stands before it is complete.
                End::Begins => line,
                End::GoesOn => 0,
            };
            if written > 0 {
                self.write_group(&text[..written], out);
                return Some(written);
            }
        }
        if text.len() < self.window {
            self.searched = text.len().max(self.searched);
            return None;
        }
        Some(self.write_window(&text[..self.window], out))
    }

    /// Whether a value may be open at the end of these lines.
    fn end(&mut self, lines: &[u8]) -> End {
        let (end, fronted) = self.redactor.detector.end(lines, &self.before);
        self.fronted |= fronted;
        if self.lines_may_be_open(lines) { End::GoesOn } else { end }
    }

    /// Whether a value of several lines, or one that was wrapped without a margin, may be open at the end of these.
    fn lines_may_be_open(&self, lines: &[u8]) -> bool {
        let open = |value: &[u8]| {
            let mut ends = memchr::memchr_iter(b'\n', value).filter(|end| end + 1 < value.len());
            ends.any(|end| lines.ends_with(&value[..=end]))
        };
        if self.redactor.blocks.iter().any(|value| open(value)) {
            return true;
        }
        let line = lines.strip_suffix(b"\n").unwrap_or(lines);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !view::ends_in_run(line) {
            return false;
        }
        let tail = &line[line.len().saturating_sub(2 * self.redactor.detector.longest())..];
        let joined = Layer::Wraps.peel(tail);
        self.redactor.detector.wrapped_value_begins_at_end_of(joined.as_deref().unwrap_or(tail))
    }

    /// Writes one or several whole lines, or the last piece of a stream.
    fn write_group(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut hits = self.hits(text);
        let parts = self.records.parts_in(text);
        if !parts.is_empty() {
            hits = merge([hits, parts].concat());
        }
        let Some(start) = open_block(text) else {
            self.write(text, &hits, out);
            let marked = hits.last().is_some_and(|hit| ends_in_key_body(text, hit));
            let bare = marked || announces_key_body(text) || pem::begins_in_last_line(text);
            self.block = bare.then_some(Block { left: BLOCK, header: false, bare, marked });
            return;
        };
        let around = hits.iter().find(|hit| (hit.start..hit.end).contains(&start));
        // A known key that is all there is no open block.
        if around.is_some_and(|hit| matches!(hit.label, Label::Known(_))) {
            return self.write(text, &hits, out);
        }
        let start = around.map_or(start, |hit| hit.start);
        let label = Label::Rule(rule::private_key());
        let line = self.lines + lines(&text[..start]) + 1;
        if !self.find(label, &text[start..], line) {
            return self.write(text, &hits, out);
        }
        hits.retain(|hit| hit.end <= start);
        self.write(&text[..start], &hits, out);
        self.lines += lines(&text[start..]);
        write_key_marker(self.redactor, out);
        let header = text.trim_ascii_end().ends_with(b" BLOCK-----");
        self.block = Some(Block { left: BLOCK, header, bare: false, marked: true });
    }

    /// What must not leave of a group, and of the line before it nothing.
    fn hits(&mut self, text: &[u8]) -> Vec<Hit> {
        let mut hits = self.redactor.detector.text(text);
        if std::mem::take(&mut self.fronted) {
            let mut joined = std::mem::take(&mut self.before);
            joined.push(b'\n');
            let start = joined.len();
            joined.extend_from_slice(text);
            let mut values = self.redactor.detector.values(&joined);
            values.retain_mut(|hit| {
                hit.start = hit.start.saturating_sub(start);
                hit.end = hit.end.saturating_sub(start);
                hit.end > 0
            });
            hits.append(&mut values);
            hits = merge(hits);
        }
        let line = text.trim_ascii_end();
        let line = &line[memrchr(b'\n', line).map_or(0, |newline| newline + 1)..];
        self.before.clear();
        self.before.extend_from_slice(&line[line.len().saturating_sub(BEFORE)..]);
        hits
    }

    /// Writes the beginning of a line that is too long, up to where the next window begins, and returns its length.
    fn write_window(&mut self, text: &[u8], out: &mut Vec<u8>) -> usize {
        let hits = self.redactor.detector.text(text);
        let mut cut = view::safe_cut(text, text.len() - self.overlap);
        if let Some(hit) = hits.iter().find(|hit| hit.start < cut && cut < hit.end) {
            // A token that reaches to the very end may go on; the next window begins with it.
            cut = if hit.end == text.len() && hit.start > 0 { hit.start } else { hit.end };
        }
        let written = hits.iter().take_while(|hit| hit.end <= cut).count();
        self.write(&text[..cut], &hits[..written], out);
        cut
    }

    /// Passes over a line of an open PEM block.
    fn withhold(&mut self, line: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(block) = &mut self.block else { return line.len() };
        self.lines += lines(line);
        if block.bare {
            block.left = block.left.saturating_sub(line.len());
            let body = block.takes(line);
            if body && !block.marked {
                block.marked = true;
                write_key_marker(self.redactor, out);
            }
            // The last line of a body is a shorter one.
            if !body || !pem::is_full(line) || block.left == 0 {
                self.block = None;
            }
            return if body { line.len() } else { 0 };
        }
        let blank = line.trim_ascii().is_empty();
        block.left = block.left.saturating_sub(line.len());
        let ended = pem::end(line).is_some() || (blank && !block.header) || block.left == 0;
        block.header = memmem::find(line, b": ").is_some() || (blank && block.header);
        if ended {
            self.block = None;
            if blank {
                out.extend_from_slice(b"\n");
            }
        }
        line.len()
    }

    fn write(&mut self, text: &[u8], hits: &[Hit], out: &mut Vec<u8>) {
        let (mut copied, mut counted) = (0, 0);
        for hit in hits {
            self.lines += lines(&text[counted..hit.start]);
            counted = hit.start;
            if !self.find(hit.label, &text[hit.start..hit.end], self.lines + 1) {
                continue;
            }
            let Range { start, end } = whole_chars(text, hit.start..hit.end);
            self.controls.write(&text[copied..start.max(copied)], out);
            out.extend_from_slice(self.redactor.marker(hit.label).as_bytes());
            copied = end.max(copied);
        }
        self.lines += lines(&text[counted..]);
        self.controls.write(&text[copied..], out);
    }

    /// Takes down what was found; whether it is replaced.
    fn find(&mut self, label: Label, found: &[u8], line: u64) -> bool {
        let judged = self.redactor.judged_in_stream(label, found);
        let Some(finding) = judged else { return false };
        let reports = self.redactor.reports();
        if self.findings.len() < FINDINGS {
            self.findings.push(Located { line, finding });
        }
        !reports
    }
}

impl Block {
    /// Whether a line is part of the body of a key without END, alone or with a margin. The first one is a full one.
    fn takes(&self, line: &[u8]) -> bool {
        self.marked && is_body(line) || pem::is_body_with_margin(line, self.marked)
    }
}

/// How many lines end in a text.
fn lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Writes what stands for the lines of an open block.
fn write_key_marker(redactor: &Redactor, out: &mut Vec<u8>) {
    out.extend_from_slice(redactor.marker(Label::Rule(rule::private_key())).as_bytes());
    out.extend_from_slice(b"\n");
}

/// Where a private key in PEM begins that does not end in this text: a header with nothing or base64 behind it.
pub(super) fn open_block(text: &[u8]) -> Option<usize> {
    let Range { start, end } = pem::last_header(text)?;
    let rest = text[end..].split(|b| *b == b'\n').next()?;
    (pem::end(&text[end..]).is_none() && goes_on(rest.trim_ascii())).then_some(start)
}

/// Whether the line behind which a PuTTY key has its body ends this text.
fn announces_key_body(text: &[u8]) -> bool {
    let line = text.strip_suffix(b"\n").and_then(|text| text.rsplit(|b| *b == b'\n').next());
    line.is_some_and(|line| line.starts_with(b"Private-Lines: ") && line.len() < 32)
}

/// Whether the body of a key without a header goes on in the next line.
fn ends_in_key_body(text: &[u8], hit: &Hit) -> bool {
    let is_key = matches!(hit.label, Label::Rule(rule) if rule == rule::key_body());
    is_key && text.ends_with(b"\n") && hit.end == text.trim_ascii_end().len()
}

/// The shortest line of the body of a key that another one may follow: programs wrap at 64 characters and beyond.
pub(super) const FULL_LINE: usize = 60;

/// Whether a line holds nothing but base64, in whole groups of four if it is the last one.
fn is_body(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let whole = text.len().is_multiple_of(4) || line.len() >= FULL_LINE;
    whole && !text.is_empty() && text.iter().all(|b| is_base64(*b) || *b == b'=')
}

/// Whether what stands behind a header says that a body follows: nothing, base64, or the end of a string that a program
/// puts together line by line (`" +`, `\n",`). A closing quote alone is the end of a mention.
fn goes_on(rest: &[u8]) -> bool {
    let is_body = |b: &u8| is_base64(*b) || *b == b'=';
    let is_glue = |b: &u8| is_body(b) || b"\"'\\,. ".contains(b);
    let is_frame = |b: &u8| !b.is_ascii() || b"| ".contains(b);
    let glued = matches!(rest.last(), Some(b'+' | b',' | b'\\' | b'.'))
        || memmem::find(rest, b"\\n").is_some();
    rest.iter().all(is_body) || rest.iter().all(is_frame) || glued && rest.iter().all(is_glue)
}

#[cfg(test)]
mod tests;
