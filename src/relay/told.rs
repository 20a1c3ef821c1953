//! What is told of the messages of a session: on stderr, each line once, and in the record for `hushpipe why`, which
//! has every finding and no value.

use super::remark::Remarks;
use super::stderr::Log;
use crate::audit::{self, Done, What, Writer};
use crate::redact::{Action, Finding, Kind, Redactor};

/// What a session has found.
pub(super) struct Told<'a> {
    redactor: &'a Redactor,
    remarks: Remarks<'a>,
    writer: Writer,
}

impl<'a> Told<'a> {
    pub(super) fn new(redactor: &'a Redactor, log: &'a Log, writer: Writer) -> Self {
        Self { redactor, remarks: Remarks::new(redactor, log), writer }
    }

    /// Says a line on stderr, as [`Remarks::say`].
    pub(super) fn remark(&self, line: &str, place: &str) {
        self.remarks.say(line, place);
    }

    /// Takes what was found in an answer of this tool, or elsewhere. What is left only because the manifest says so is
    /// told at once.
    pub(super) fn found(&self, findings: &[Finding], tool: Option<&str>) {
        if findings.is_empty() {
            return;
        }
        for finding in findings.iter().filter(|finding| finding.action == Action::Reported) {
            let shown = |tool| self.redactor.name_shown(tool, LONGEST);
            let tool = tool.map(|tool| format!(" of `{}`", shown(tool))).unwrap_or_default();
            self.remark(&format!("found and left `{}`{tool}", finding.what), &finding.place);
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

    /// Says what was told more than once, and has everything written down.
    pub(super) fn sum_up(&self) {
        self.remarks.sum_up();
        self.writer.flush(super::FLUSH);
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
