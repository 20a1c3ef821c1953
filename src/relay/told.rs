//! What becomes of findings besides their markers: they are written down for `hushpipe why`, and told on stderr where the
//! manifest wants nothing but that.

use std::cell::RefCell;
use std::collections::HashMap;

use super::stderr::Log;
use crate::audit::{self, Done, What, Writer};
use crate::redact::{Action, Finding, Kind, Redactor};

/// How many kinds of findings are told apart on stderr.
const KINDS: usize = 256;

/// What a session has found.
pub(super) struct Told<'a> {
    redactor: &'a Redactor,
    log: &'a Log,
    writer: Writer,
    /// How often each was reported, by what it is and the tool.
    reported: RefCell<HashMap<(String, Option<String>), u64>>,
}

impl<'a> Told<'a> {
    pub(super) fn new(redactor: &'a Redactor, log: &'a Log, writer: Writer) -> Self {
        Self { redactor, log, writer, reported: RefCell::default() }
    }

    /// Takes what was found in an answer of this tool, or elsewhere.
    pub(super) fn found(&self, findings: &[Finding], tool: Option<&str>) {
        if findings.is_empty() {
            return;
        }
        // The client chose the name, and a record holds no value whatever that is.
        let tool = tool.map(|tool| match self.redactor.text(tool.as_bytes()).findings.is_empty() {
            true => tool.escape_debug().take(LONGEST).collect(),
            false => "[withheld]".to_owned(),
        });
        for finding in findings {
            if finding.action == Action::Reported {
                self.report(finding, tool.as_ref());
            }
            self.writer.found(what(finding, tool.clone()), done(finding.action));
        }
    }

    /// Says the first of each kind, and counts the others.
    fn report(&self, finding: &Finding, tool: Option<&String>) {
        let Finding { what, place, len, .. } = finding;
        let mut reported = self.reported.borrow_mut();
        let kind = (what.clone(), tool.cloned());
        if reported.len() >= KINDS && !reported.contains_key(&kind) {
            return;
        }
        let times = reported.entry(kind).or_default();
        *times += 1;
        if *times == 1 {
            let tool = tool.map(|tool| format!(" of `{tool}`")).unwrap_or_default();
            self.log
                .note(&format!("found `{what}`{tool} at `{place}`, {len} bytes: left as it is"));
        }
    }

    /// Says what was reported more than once, and has everything written down.
    pub(super) fn sum_up(&self) {
        let reported = self.reported.borrow();
        let mut often: Vec<_> = reported.iter().filter(|(_, times)| **times > 1).collect();
        often.sort();
        for ((what, tool), times) in often {
            let tool = tool.as_ref().map(|tool| format!(" of `{tool}`")).unwrap_or_default();
            self.log.note(&format!("found `{what}`{tool} {times} times: left as it is"));
        }
        self.writer.flush(super::FLUSH);
    }
}

/// No name of a tool is shown beyond this many characters.
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
