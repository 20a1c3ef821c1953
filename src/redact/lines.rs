//! Redacts a stream in which lines may be JSON: logs, recordings, exports.
//!
//! A line that is JSON is cleaned as data: escapes are undone, every string and key counts, and a marker keeps it JSON.
//! All other lines are free text and one stream, so that a key printed line by line is a key. What comes out depends on
//! the bytes alone, never on how they were cut, and a line without an end takes no more memory than [`LONGEST`].

use memchr::memchr;

use super::Redactor;
use super::record::KeyInRecords;
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

/// A longer line is text, whatever is in it. In bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// Cleans a stream of lines. Made by [`Redactor::lines`].
pub struct LineCleaner<'r> {
    redactor: &'r Redactor,
    format: Format,
    /// The line so far.
    line: Vec<u8>,
    /// Whether the line has become too long to be kept.
    long: bool,
    text: StreamCleaner<'r>,
    /// A key over lines of JSON.
    records: KeyInRecords,
    findings: Vec<Located>,
}

impl<'r> LineCleaner<'r> {
    pub(super) fn new(redactor: &'r Redactor, format: Format) -> Self {
        let (line, findings, text) = (Vec::new(), Vec::new(), redactor.stream());
        let records = KeyInRecords::default();
        Self { redactor, format, line, long: false, text, records, findings }
    }

    /// Takes what was read and appends what may be written to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if self.format == Format::Text {
            return self.as_text(bytes, out);
        }
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).map(|at| at + 1);
            let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            bytes = rest;
            if !self.long && self.line.len() + line.len() > LONGEST {
                self.long = true;
                let begun = std::mem::take(&mut self.line);
                self.as_text(&begun, out);
            }
            match (self.long, end) {
                (true, _) => self.as_text(line, out),
                (false, Some(_)) if self.line.is_empty() => self.whole(line, out),
                (false, _) => self.line.extend_from_slice(line),
            }
            if end.is_some() {
                self.long = false;
                self.end_line(out);
            }
        }
    }

    /// Appends what is left at the end of the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_line(out);
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

    fn whole(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if !self.is_json(line) {
            return self.as_text(line, out);
        }
        // Text that is not complete yet belongs before it. A key that is printed line by line goes on behind it.
        self.text.interrupt(out);
        self.findings.append(&mut self.text.take_findings());
        let parts = self.records.parts_in(line);
        match self.redactor.line(line, parts) {
            Ok(cleaned) => {
                out.extend_from_slice(cleaned.clean.as_bytes());
                let line = self.text.count_line();
                let located = |finding| Located { line, finding };
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
