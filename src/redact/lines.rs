//! Redacts a stream in which lines may be JSON: logs, recordings, exports.
//!
//! A line that is JSON is cleaned as data: escapes are undone, every string and key counts, and a marker keeps it JSON.
//! So is an object or array over several lines. All other lines are free text and one stream, so that a key printed line
//! by line is a key; lines that say what the next ones are (`gather`) are looked at together. What comes out depends on
//! the bytes alone, never on how they were cut, and a line without an end takes no more memory than [`LONGEST`].

use std::ops::Range;

use memchr::memchr;

use super::Redactor;
use super::gather::{Document, Gathered, LIMIT, Next, Reader};
use super::record::KeyInRecords;
use super::splice::whole_chars;
use super::stream::{Located, StreamCleaner};
use crate::mcp::{Scanner, Shape};

/// What the lines of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON where a line is an object or an array of objects, text where it is not.
    #[default]
    Auto,
    /// JSON of any kind, a value each.
    Json,
    /// Text.
    Text,
}

/// A longer line or document is text, whatever is in it. In bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// A longer line of what is text in any case is not put together. In bytes.
const LONGEST_TEXT: usize = 2 * LIMIT;

/// Cleans a stream of lines. Made by [`Redactor::lines`].
pub struct LineCleaner<'r> {
    redactor: &'r Redactor,
    format: Format,
    /// The line so far.
    line: Vec<u8>,
    /// Whether the line has become too long to be kept.
    long: bool,
    text: StreamCleaner<'r>,
    /// Lines of text that belong together, and the number of the first one.
    gathered: Gathered,
    gathered_from: u64,
    /// The lines of an object or array so far, and what reads them.
    document: Vec<u8>,
    reader: Reader,
    /// A key over lines of JSON.
    records: KeyInRecords,
    /// How many lines have been taken.
    taken: u64,
    findings: Vec<Located>,
}

impl<'r> LineCleaner<'r> {
    pub(super) fn new(redactor: &'r Redactor, format: Format) -> Self {
        Self {
            redactor,
            format,
            line: Vec::new(),
            long: false,
            text: redactor.stream(),
            gathered: Gathered::default(),
            gathered_from: 0,
            document: Vec::new(),
            reader: Reader::default(),
            records: KeyInRecords::default(),
            taken: 0,
            findings: Vec::new(),
        }
    }

    /// Takes what was read and appends what may be written to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        let longest = if self.format == Format::Text { LONGEST_TEXT } else { LONGEST };
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).map(|at| at + 1);
            let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            bytes = rest;
            if !self.long && self.line.len() + line.len() > longest {
                self.long = true;
                self.end_document(out);
                self.end_group(out);
                let begun = std::mem::take(&mut self.line);
                self.as_text(&begun, out);
            }
            match (self.long, end) {
                (true, _) => self.as_text(line, out),
                (false, Some(_)) if self.line.is_empty() => self.whole(line, out),
                (false, _) => self.line.extend_from_slice(line),
            }
            if end.is_some() {
                self.taken += u64::from(self.long);
                self.long = false;
                self.end_line(out);
            }
        }
    }

    /// Appends what is left at the end of the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_line(out);
        self.end_document(out);
        self.end_group(out);
        self.text.finish(out);
        self.findings.append(&mut self.text.take_findings());
    }

    /// Takes what has been found since this was last asked: of a line of JSON, the first hundred.
    pub fn take_findings(&mut self) -> Vec<Located> {
        std::mem::take(&mut self.findings)
    }

    /// Cleans the line that has been put together, if there is one.
    fn end_line(&mut self, out: &mut Vec<u8>) {
        let mut line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.whole(&line, out);
        }
        line.clear();
        self.line = line;
    }

    /// Takes a whole line.
    fn whole(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.taken += 1;
        if !self.document.is_empty() {
            match self.go_on(line, out) {
                Document::None => self.end_document(out),
                Document::Open | Document::Whole => return,
            }
        }
        if self.is_json(line) {
            self.end_group(out);
            return self.as_json(line, out);
        }
        let begins = matches!(line.trim_ascii_start().first(), Some(b'{' | b'['));
        if self.format == Format::Auto && begins && self.go_on(line, out) == Document::Open {
            return;
        }
        self.reader = Reader::default();
        self.as_line(line, self.taken, out);
    }

    /// Adds a line to an object or array, and cleans that where it ends.
    fn go_on(&mut self, line: &[u8], out: &mut Vec<u8>) -> Document {
        if self.document.len() + line.len() > LONGEST {
            return Document::None;
        }
        let document = self.reader.take(line);
        match document {
            Document::Open => self.document.extend_from_slice(line),
            Document::Whole if !self.document.is_empty() => {
                let document = [std::mem::take(&mut self.document), line.to_vec()].concat();
                self.reader = Reader::default();
                self.end_group(out);
                self.as_json(&document, out);
            }
            Document::Whole | Document::None => {}
        }
        document
    }

    /// Takes the line of text that has this number.
    fn as_line(&mut self, line: &[u8], number: u64, out: &mut Vec<u8>) {
        let mut next = self.gathered.take(line);
        if next == Next::Ends {
            self.end_group(out);
            next = self.gathered.take(line);
        }
        match next {
            Next::Begins => self.gathered_from = number,
            Next::GoesOn => {}
            Next::Alone | Next::Ends => self.as_text(line, out),
        }
    }

    /// Cleans what began as an object or array and is none, before the line that has been taken last.
    fn end_document(&mut self, out: &mut Vec<u8>) {
        self.reader = Reader::default();
        let document = std::mem::take(&mut self.document);
        let first = self.taken.saturating_sub(lines(&document));
        for (line, number) in document.split_inclusive(|byte| *byte == b'\n').zip(first..) {
            self.as_line(line, number, out);
        }
    }

    /// Cleans the lines that belong together, if there are any. A key in them is left to the stream, which knows whether
    /// it goes on.
    fn end_group(&mut self, out: &mut Vec<u8>) {
        if self.gathered.is_empty() {
            return;
        }
        let group = self.gathered.release();
        let mut copied = 0;
        for hit in self.redactor.hits_over_lines(&group) {
            let found = &group[hit.start..hit.end];
            let line = self.gathered_from + lines(&group[..hit.start]);
            let Some(finding) = self.redactor.judged_in_stream(hit.label, found) else { continue };
            self.findings.push(Located { line, finding });
            if self.redactor.reports() {
                continue;
            }
            let Range { start, end } = whole_chars(&group, hit.start..hit.end);
            self.text.push(&group[copied..start.max(copied)], out);
            self.text.push(self.redactor.marker(hit.label).as_bytes(), out);
            self.text.count_lines(lines(found));
            copied = end.max(copied);
        }
        self.as_text(&group[copied..], out);
    }

    /// Cleans a line or a document that is JSON.
    fn as_json(&mut self, line: &[u8], out: &mut Vec<u8>) {
        // Text that is not complete yet belongs before it. A key that is printed line by line goes on behind it.
        self.text.interrupt(out);
        self.findings.append(&mut self.text.take_findings());
        let parts = self.records.parts_in(line);
        match self.redactor.line(line, parts) {
            Ok(cleaned) => {
                out.extend_from_slice(cleaned.clean.as_bytes());
                let first = self.text.count_lines(lines(line).max(1));
                let located = |finding| Located { line: first, finding };
                self.findings.extend(cleaned.findings.into_iter().map(located));
            }
            // Nothing in data is beyond rewriting; as text it loses its form and not its safety.
            Err(_) => self.as_text(line, out),
        }
    }

    fn as_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.text.push(text, out);
        self.findings.append(&mut self.text.take_findings());
    }

    fn is_json(&self, line: &[u8]) -> bool {
        let blank = line.trim_ascii().is_empty();
        match self.format {
            Format::Json => !blank,
            Format::Text => false,
            Format::Auto => {
                if !matches!(line.trim_ascii_start().first(), Some(b'{' | b'[')) {
                    return false;
                }
                let mut scanner = Scanner::default();
                scanner.feed(line.trim_ascii_end());
                scanner.finish() != Shape::NotJson
            }
        }
    }
}

/// How many lines end in a text.
fn lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const TOKEN: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    /// What comes out of an input in pieces of this length, and what was found in which line and place.
    fn cleaned(input: &str, format: Format, piece: usize) -> (String, Vec<(u64, String)>) {
        let secret = Secret::new(b"correct-horse-battery".to_vec());
        let redactor = Redactor::armed([("PASSPHRASE", &secret)]);
        let (mut cleaner, mut out) = (redactor.lines(format), Vec::new());
        input.as_bytes().chunks(piece).for_each(|piece| cleaner.push(piece, &mut out));
        cleaner.finish(&mut out);
        let found = cleaner.take_findings().into_iter();
        let found = found.map(|found| (found.line, found.finding.place)).collect();
        (String::from_utf8(out).unwrap(), found)
    }

    fn everywhere(input: &str, format: Format, expected: &str, found: &[(u64, &str)]) {
        for piece in [1, 7, 64, input.len()] {
            let (out, places) = cleaned(input, format, piece);
            assert_eq!(out, expected, "in pieces of {piece}");
            let places: Vec<_> = places.iter().map(|(line, place)| (*line, &**place)).collect();
            assert_eq!(places, found, "in pieces of {piece}");
        }
    }

    #[test]
    fn lines_of_json_and_of_text_are_cleaned_as_what_they_are() {
        let input = format!(
            "start \u{1b}[0m\n{{\"id\":\"{TOKEN}\",\"n\": [1, \"a {TOKEN}\"]}}\r\nplain {TOKEN}\n\n{{\"half\": \"correct-horse-battery\n"
        );
        let marker = "[hushpipe:github-pat]";
        let expected = format!(
            "start \u{1b}[0m\n{{\"id\":\"{marker}\",\"n\": [1, \"a {marker}\"]}}\r\nplain {marker}\n\n{{\"half\": \"[hushpipe:PASSPHRASE]\n"
        );
        let found = [(2, "/id"), (2, "/n/1"), (3, "stderr"), (5, "stderr")];
        everywhere(&input, Format::Auto, &expected, &found);
    }

    #[test]
    fn escapes_are_undone_in_json_and_a_key_over_lines_is_one_key() {
        let kind = "PRIVATE KEY";
        let input = format!(
            "[{{\"a\":\"\\u0067hp_16C7e42F292c6912E7710c838347Ae178B4a\"}}]\n-----BEGIN {kind}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END {kind}-----\n{{\"b\":1}}"
        );
        let expected =
            "[{\"a\":\"[hushpipe:github-pat]\"}]\n[hushpipe:private-key]\n{\"b\":1}".to_owned();
        everywhere(&input, Format::Auto, &expected, &[(1, "/0/a"), (2, "stderr")]);
    }

    /// Two programs that write one log write between each other's lines.
    #[test]
    fn a_line_of_json_ends_no_key() {
        let kind = "PRIVATE KEY";
        let body = "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu";
        let input = format!(
            "-----BEGIN {kind}-----\n{body}\n{{\"a\":1}}\n{body}\n{{\"b\":2}}\n-----END {kind}-----\nafter\n"
        );
        let expected = "[hushpipe:private-key]\n{\"a\":1}\n{\"b\":2}\nafter\n";
        everywhere(&input, Format::Auto, expected, &[(1, "stderr")]);
    }

    #[test]
    fn a_key_over_records_is_one_key_and_each_stays_json() {
        let kind = "PRIVATE KEY";
        let body = "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu";
        let record = |text: &str| format!("{{\"msg\":\"{text}\",\"n\":1}}\n");
        let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
        let said = |body: &str, last: &str| {
            [&begin, body, "ok", "plain\n", body, last, &end, "done"]
                .map(|text| if text.ends_with('\n') { text.to_owned() } else { record(text) })
        };
        let marker = "[hushpipe:private-key]";
        let found = [(2, "/msg"), (5, "/msg"), (6, "/msg")];
        let (input, expected) = (said(body, "8jNbvJZHtC=="), said(marker, marker));
        everywhere(&input.concat(), Format::Auto, &expected.concat(), &found);
    }

    #[test]
    fn lines_that_belong_together_are_looked_at_together() {
        let marker = "[hushpipe:kubernetes-secret]";
        let input = "ready\ndata:\n  pin: cGlu\n  b: |\n    one\n    two\nkind: Secret\n---\nmachine a\n  login me\n  password Kt7mQ2xLk9Rd\ndone\n{\n  \"password\": 82716354091287,\n  \"n\": 1\n}\nlast";
        let expected = format!(
            "ready\ndata:\n  pin: {marker}\n  b: |\n    {marker}\nkind: Secret\n---\nmachine a\n  login me\n  password [hushpipe:netrc-password]\ndone\n{{\n  \"password\": \"[hushpipe:secret-field]\",\n  \"n\": 1\n}}\nlast"
        );
        let found = [(3, "stderr"), (5, "stderr"), (11, "stderr"), (13, "/password")];
        everywhere(input, Format::Auto, &expected, &found);
    }

    #[test]
    fn a_line_is_written_as_soon_as_nothing_goes_on_behind_it() {
        let redactor = Redactor::armed([]);
        let (mut cleaner, mut out) = (redactor.lines(Format::Auto), Vec::new());
        for line in ["INFO: up\n", "{\"a\":1}\n", "[1/2] built\n", "{ a: 1 }\n", "2 | b\n"] {
            cleaner.push(line.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(std::mem::take(&mut out)).unwrap(), line);
        }
        cleaner.push(b"{\n{\"a\":1}\n", &mut out);
        assert_eq!(out, b"{\n{\"a\":1}\n");
    }

    #[test]
    fn a_format_that_is_named_holds_for_every_line() {
        let input = format!("\"{TOKEN}\"\n{{\"a\":\"{TOKEN}\"}}\n");
        let marker = "[hushpipe:github-pat]";
        let expected = format!("\"{marker}\"\n{{\"a\":\"{marker}\"}}\n");
        everywhere(&input, Format::Json, &expected, &[(1, ""), (2, "/a")]);
        everywhere(&input, Format::Text, &expected, &[(1, "stderr"), (2, "stderr")]);
    }

    #[test]
    fn a_line_without_an_end_is_cleaned_and_not_kept() {
        let redactor = Redactor::armed([]);
        let (mut cleaner, mut out) = (redactor.lines(Format::Auto), Vec::new());
        cleaner.push(b"{\"a\": \"", &mut out);
        let mut written = 0;
        for _ in 0..40 {
            cleaner.push(&[b'x'; 1 << 19], &mut out);
            assert!(cleaner.line.capacity() <= 2 * LONGEST);
            written += std::mem::take(&mut out).len();
        }
        cleaner.push(format!(" {TOKEN}\n{{\"b\":2}}\n").as_bytes(), &mut out);
        cleaner.finish(&mut out);
        assert!(written > 10 << 20);
        assert!(out.ends_with(b" [hushpipe:github-pat]\n{\"b\":2}\n"));
    }
}
