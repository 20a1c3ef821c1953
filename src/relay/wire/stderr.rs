//! The server's log: its stderr, and lines on its stdout that are no messages. Both are redacted and go to our stderr.
//!
//! The server's stderr is drained whatever our own reader does: a full pipe would stop the server in the middle of an
//! answer. A line of the server that could be taken for one of ours is tagged.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

use super::log::Log;
use crate::redact::invisible::is_unprintable;
use crate::redact::{Finding, Redactor, StreamCleaner};

/// Begins a line that the server wrote to stdout although it is no MCP message.
const STDOUT_TAG: &str = "[server stdout] ";

/// Begins a line of the server's stderr that starts like one of ours.
const STDERR_TAG: &str = "[server stderr] ";

/// Drains the server's stderr into the log until it ends, and records what is found in it.
pub(crate) async fn pump(
    mut stderr: ChildStderr,
    redactor: &Redactor,
    log: &Log,
    record: impl Fn(&[Finding]),
    tail: Rc<Tail>,
) {
    let mut cleaner = redactor.stderr();
    let mut tagger = Tagger::default();
    let mut buffer = vec![0; 16 * 1024];
    let mut clean = Vec::new();
    loop {
        let read = stderr.read(&mut buffer).await;
        let n = read.unwrap_or(0);
        clean.clear();
        if n == 0 {
            cleaner.finish(&mut clean);
        } else {
            cleaner.push(&buffer[..n], &mut clean);
        }
        record(&findings(&mut cleaner));
        tail.push(&clean);
        log.push(&tagger.tag(&clean));
        if n == 0 {
            return log.push(&tagger.held);
        }
    }
}

/// The end of a server's log, redacted, for who wants to know why it ended.
#[derive(Default)]
pub(crate) struct Tail(RefCell<Vec<u8>>);

/// How much of the end is kept, in bytes: more than the longest traceback of an import.
const TAIL: usize = 32 * 1024;

impl Tail {
    fn push(&self, clean: &[u8]) {
        let mut kept = self.0.borrow_mut();
        kept.extend_from_slice(&clean[clean.len().saturating_sub(TAIL)..]);
        if kept.len() >= 2 * TAIL {
            let too_old = kept.len() - TAIL;
            kept.drain(..too_old);
        }
    }

    /// What is kept, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

/// What a stream has found since this was last asked.
fn findings(cleaner: &mut StreamCleaner<'_>) -> Vec<Finding> {
    cleaner.take_findings().into_iter().map(|located| located.finding).collect()
}

/// Lines on the server's stdout that are no messages. They are cleaned as one text: a key printed line by line is still a
/// key.
pub struct StdoutText<'r> {
    cleaner: StreamCleaner<'r>,
    inside: bool,
}

impl<'r> StdoutText<'r> {
    /// Nothing so far.
    pub fn new(redactor: &'r Redactor) -> Self {
        Self { cleaner: redactor.stderr(), inside: false }
    }

    /// Takes one line and returns what may be shown already.
    pub fn push(&mut self, line: &[u8]) -> Vec<u8> {
        let mut clean = Vec::new();
        self.cleaner.push(line.trim_ascii_end(), &mut clean);
        self.cleaner.push(b"\n", &mut clean);
        self.tag(&clean)
    }

    /// Takes a piece of a line that goes on.
    pub(crate) fn push_piece(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut clean = Vec::new();
        self.cleaner.push(piece, &mut clean);
        self.tag(&clean)
    }

    /// What has been found since this was last asked.
    pub(crate) fn findings(&mut self) -> Vec<Finding> {
        findings(&mut self.cleaner)
    }

    /// Returns what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut clean = Vec::new();
        self.cleaner.finish(&mut clean);
        self.tag(&clean)
    }

    fn tag(&mut self, clean: &[u8]) -> Vec<u8> {
        let mut tagged = Vec::with_capacity(clean.len() + STDOUT_TAG.len());
        for line in clean.split_inclusive(|byte| *byte == b'\n') {
            if !self.inside {
                tagged.extend_from_slice(STDOUT_TAG.as_bytes());
            }
            tagged.extend_from_slice(line);
            self.inside = !line.ends_with(b"\n");
        }
        tagged
    }
}

/// Puts a tag in front of lines that start like our own.
#[derive(Default)]
struct Tagger {
    /// The start of a line that may still become one of ours.
    held: Vec<u8>,
    inside: bool,
}

/// How much of a line's start is held to see what it becomes: blanks without end are no line of ours.
const MOST_HELD: usize = 256;

const OURS: [&str; 2] = ["hushpipe:", "[server std"];

/// The first characters that a reader sees of a line, in lower case: as many as decide whether it looks like one of ours.
fn visible_start(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let shown = text.chars().filter(|c| *c == '\n' || !is_unprintable(*c));
    let shown = shown.skip_while(|c| c.is_whitespace());
    let longest = OURS.iter().map(|ours| ours.len()).max().unwrap_or_default();
    shown.take(longest).map(|c| c.to_ascii_lowercase()).collect()
}

impl Tagger {
    fn tag(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.inside {
                out.extend_from_slice(line);
            } else {
                self.held.extend_from_slice(line);
                let start = visible_start(&self.held);
                let ended = line.ends_with(b"\n");
                let may_be_ours = OURS.iter().any(|ours| ours.starts_with(&start));
                let full = self.held.len() >= MOST_HELD;
                if !ended && may_be_ours && !full {
                    continue;
                }
                let hides = full && may_be_ours && !self.held.trim_ascii_start().is_empty();
                if hides || OURS.iter().any(|ours| start.starts_with(ours)) {
                    out.extend_from_slice(STDERR_TAG.as_bytes());
                }
                out.append(&mut self.held);
            }
            self.inside = !line.ends_with(b"\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(parts: &[&str]) -> String {
        let mut tagger = Tagger::default();
        let out: Vec<u8> = parts.iter().flat_map(|part| tagger.tag(part.as_bytes())).collect();
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_server_cannot_forge_our_lines_whatever_the_split() {
        let text = "ready\nhushpipe: error: ok\n  hushpipe: x\n[server stdout] y\nhush\n";
        let expected = "ready\n[server stderr] hushpipe: error: ok\n[server stderr]   hushpipe: x\n\
                        [server stderr] [server stdout] y\nhush\n";
        assert_eq!(tagged(&[text]), expected);
        let bytes: Vec<&str> = text.split("").collect();
        assert_eq!(tagged(&bytes), expected);
    }

    #[test]
    fn a_key_printed_to_stdout_line_by_line_is_withheld_whole() {
        let redactor = Redactor::armed([]);
        let mut stray = StdoutText::new(&redactor);
        let kind = "PRIVATE KEY";
        let lines = [
            "starting".to_owned(),
            format!("-----BEGIN {kind}-----"),
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj".to_owned(),
            format!("-----END {kind}-----"),
            "ready\u{1b}[0m".to_owned(),
        ];
        let mut out: Vec<u8> = lines.iter().flat_map(|line| stray.push(line.as_bytes())).collect();
        out.extend(stray.finish());
        let out = String::from_utf8(out).expect("text");
        assert!(out.starts_with("[server stdout] starting\n"), "{out}");
        assert!(out.contains("[server stdout] ready") && !out.contains('\u{1b}'), "{out}");
        assert!(!out.contains("MIIEvQ"), "{out}");
    }

    #[test]
    fn what_a_reader_does_not_see_hides_no_forged_line() {
        for forged in [
            "\u{fe0f}hushpipe: x",
            "hush\u{200d}pipe: x",
            "\u{a0}\u{3000}hushpipe: x",
            "HushPipe: x",
        ] {
            assert_eq!(tagged(&[forged, "\n"]), format!("[server stderr] {forged}\n"));
            assert_eq!(
                tagged(&forged.split("").collect::<Vec<_>>()),
                format!("[server stderr] {forged}")
            );
        }
        let many = format!("{}hushpipe: x\n", "\u{200d}".repeat(MOST_HELD));
        assert_eq!(tagged(&many.split("").collect::<Vec<_>>()), format!("[server stderr] {many}"));
        assert_eq!(tagged(&["a hushpipe: x\n"]), "a hushpipe: x\n");
    }

    #[test]
    fn blanks_without_end_are_not_held() {
        assert_eq!(Tagger::default().tag(&[b' '; 10_000]).len(), 10_000);
    }
}
