//! Reports of what was found in the messages of a session: lines on stderr, each once, and the record for `hushpipe why`.
//! The record has every finding and no value.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use super::wire::log::Log;
use crate::audit::{self, Done, What, Writer};
use crate::redact::invisible::is_unprintable;
use crate::redact::{Action, Finding, Kind, Redactor};

/// How long the writing of the record and of the log is waited for at the end of a session.
pub(super) const FLUSH: Duration = Duration::from_millis(200);

/// Reports the findings of a session.
pub(super) struct FindingsReport<'a> {
    redactor: &'a Redactor,
    lines: RepeatedLines<'a>,
    writer: Writer,
}

impl<'a> FindingsReport<'a> {
    pub(super) fn new(redactor: &'a Redactor, log: &'a Log, writer: Writer) -> Self {
        Self { redactor, lines: RepeatedLines::new(redactor, log), writer }
    }

    /// Logs a line, as [`RepeatedLines::log_once`].
    pub(super) fn log_once(&self, line: &str, place: &str) {
        self.lines.log_once(line, place);
    }

    /// Records findings, in an answer of this tool or elsewhere. A finding that is left in place only because the manifest
    /// says so is logged as well.
    pub(super) fn record(&self, findings: &[Finding], tool: Option<&str>) {
        if findings.is_empty() {
            return;
        }
        for finding in findings.iter().filter(|finding| finding.action == Action::Reported) {
            let shown = |tool| self.redactor.name_shown(tool, LONGEST);
            let tool = tool.map(|tool| format!(" of `{}`", shown(tool))).unwrap_or_default();
            self.log_once(&format!("found and left `{}`{tool}", finding.what), &finding.place);
        }
        // The client chose the name, and a record holds no value whatever that is.
        let tool = tool.map(|tool| match self.redactor.text(tool.as_bytes()).findings.is_empty() {
            true => tool.chars().take(LONGEST).collect(),
            false => "[withheld]".to_owned(),
        });
        for finding in findings {
            self.writer.found(what(finding, tool.clone()), done(finding.action));
        }
    }

    /// Logs how often lines came that were logged once only, and waits until the record is written.
    pub(super) fn sum_up(&self) {
        self.lines.sum_up();
        self.writer.flush(FLUSH);
    }
}

/// No name of a tool is recorded beyond this many characters: the specification has none that are longer.
const LONGEST: usize = 128;

fn what(finding: &Finding, tool: Option<String>) -> What {
    let Finding { kind, what, place, len, hmac, .. } = finding.clone();
    let kind = match kind {
        Kind::Value => audit::Kind::Value,
        Kind::Rule => audit::Kind::Rule,
    };
    What { kind, name: what, tool, place, length: len, hmac }
}

fn done(action: Action) -> Done {
    match action {
        Action::Replaced => Done::Replaced,
        Action::Passed => Done::Passed,
        Action::Blocked => Done::Blocked,
        Action::Reported => Done::Reported,
    }
}

/// More different lines than this are counted and not logged.
const DIFFERENT: usize = 64;

/// A line is cut behind so many characters: names of tools and of arguments are the model's.
const LONGEST_LINE: usize = 400;

/// Log lines of which each is written once: the same line again is only counted. One thread relays, so plain cells do.
struct RepeatedLines<'a> {
    redactor: &'a Redactor,
    log: &'a Log,
    logged: RefCell<HashMap<String, u64>>,
    unlogged: Cell<u64>,
}

impl<'a> RepeatedLines<'a> {
    fn new(redactor: &'a Redactor, log: &'a Log) -> Self {
        Self { redactor, log, logged: RefCell::default(), unlogged: Cell::new(0) }
    }

    /// Logs a line with `place` behind it, unless the line was logged before. Values and control characters are replaced.
    fn log_once(&self, line: &str, place: &str) {
        let line = shown(line, self.redactor);
        let mut logged = self.logged.borrow_mut();
        if let Some(times) = logged.get_mut(&line) {
            *times += 1;
        } else if logged.len() < DIFFERENT {
            self.log.note(&match place {
                "" => line.clone(),
                place => format!("{line} at {}", shown(&format!("`{place}`"), self.redactor)),
            });
            logged.insert(line, 1);
        } else {
            if self.unlogged.get() == 0 {
                self.log.note("more of this kind is counted and not said");
            }
            self.unlogged.set(self.unlogged.get() + 1);
        }
    }

    /// Logs how often each line came, at the end of a session, if more than once.
    fn sum_up(&self) {
        let logged = self.logged.borrow();
        let mut again: Vec<_> = logged.iter().filter(|(_, times)| **times > 1).collect();
        again.sort_unstable();
        again.iter().for_each(|(line, times)| self.log.note(&format!("{times} times: {line}")));
        if self.unlogged.get() > 0 {
            self.log.note(&format!("{} times: more of this kind", self.unlogged.get()));
        }
    }
}

/// A line as it may be logged. It is redacted before it is cut: half a value could not be found any more.
fn shown(line: &str, redactor: &Redactor) -> String {
    let cleaned = redactor.text(line.as_bytes());
    let clean = String::from_utf8_lossy(cleaned.clean.as_bytes());
    let unseen = |c: char| c.is_control() || is_unprintable(c);
    let shown = clean.chars().map(|c| if unseen(c) { '\u{FFFD}' } else { c });
    let mut shown: String = shown.take(LONGEST_LINE + 1).collect();
    if let Some((at, _)) = shown.char_indices().nth(LONGEST_LINE) {
        shown.replace_range(at.., "…");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn what_is_shown_holds_no_value_and_drives_no_terminal() {
        let secret = Secret::new(b"canary-remark-4be1".to_vec());
        let redactor = Redactor::armed([("TOKEN", &secret)]);
        assert_eq!(
            shown("a\x1b[31m\nb\u{202e} canary-remark-4be1", &redactor),
            "a\u{FFFD}[31m\u{FFFD}b\u{FFFD} [hushpipe:TOKEN]"
        );
        let long = shown(&"x".repeat(500), &redactor);
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST_LINE + 1, true));
        let cut = shown(&format!("{}canary-remark-4be1", "x".repeat(LONGEST_LINE - 9)), &redactor);
        assert!(!cut.contains("canary"), "{cut}");
    }

    #[test]
    fn a_line_is_kept_once_and_no_more_lines_than_some() {
        let (redactor, log) = (Redactor::armed([]), Log::default());
        let lines = RepeatedLines::new(&redactor, &log);
        for number in 0..3 * DIFFERENT {
            lines.log_once(&format!("line {}", number % (2 * DIFFERENT)), "/a");
        }
        let logged = lines.logged.borrow();
        assert_eq!(
            (logged.len(), logged["line 0"], lines.unlogged.get()),
            (DIFFERENT, 2, DIFFERENT as u64)
        );
    }
}
