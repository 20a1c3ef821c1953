//! Text of the server that is meant for the model and not for the person, looked for before redaction: told on stderr,
//! once for each kind and tool, or taken out.
//!
//! Unless the manifest says `strip`, no byte of a message is changed. Taking out comes first, because what it leaves
//! may be a secret that was taken apart.

use std::borrow::Cow;

use super::aside::Line;
use super::in_flight::Asked;
use super::session::Session;
use crate::mcp::fields::Stop;
use crate::mcp::{Envelope, Id};
use crate::redact::instruct::look;
use crate::redact::settings::Instructions;
use crate::redact::{Redactor, Searched};

/// Where a message of the server comes from.
pub(super) enum Origin<'a> {
    /// It answers this request.
    Answer(&'a Asked),
    /// It is a request or a notification.
    Message(&'a Envelope),
    /// It is a batch with answers to these requests.
    Batch(&'a [Id]),
}

/// A line without what was taken out, and what was found in it.
pub(super) struct Screened<'l> {
    pub(super) line: Line<'l>,
    pub(super) searched: Searched,
}

impl Session<'_> {
    /// The line as it goes on to redaction.
    pub(super) async fn screened<'l>(&self, line: &'l [u8], origin: Origin<'_>) -> Screened<'l> {
        let screened = self.searched(line.into()).await;
        let (screened, stripped) = self.stripped(screened, origin).await;
        match stripped {
            Some(line) => self.searched(line.into()).await,
            None => screened,
        }
    }

    /// A line and what is found in it.
    pub(super) async fn searched<'l>(&self, line: Cow<'l, [u8]>) -> Screened<'l> {
        let line = Line::from(line);
        let searched = self.work_on(&line, Redactor::search).await;
        Screened { line, searched }
    }

    /// The same, and the line without what is taken out, where something is; what is found is told.
    async fn stripped<'l>(
        &self,
        screened: Screened<'l>,
        origin: Origin<'_>,
    ) -> (Screened<'l>, Option<Vec<u8>>) {
        let says = self.instructions(&origin);
        if says == Instructions::Off {
            return (screened, None);
        }
        let strip = says == Instructions::Strip && !self.only_tells();
        let Screened { line, searched } = screened;
        let fields = self.fields();
        let looked =
            move |_: &Redactor, line: &[u8]| (look(line, &searched, fields, strip), searched);
        let (signs, searched) = self.work_on(&line, looked).await;
        let screened = Screened { line, searched };
        let Some(signs) = signs else { return (screened, None) };
        for sign in &signs.found {
            let what = format!("`{}` text in {}", sign.kind.name(), self.words(&origin));
            let done = if strip && !sign.fixed { "removed" } else { "left" };
            let place = self.redactor.pointer_shown(&sign.place);
            self.told.remark(&format!("{done} {what}"), &place);
        }
        (screened, signs.stripped)
    }

    /// What the manifest says for it. For a batch, what is strictest for one of its answers: it goes on whole.
    fn instructions(&self, origin: &Origin<'_>) -> Instructions {
        let settings = &self.settings.redact;
        match origin {
            Origin::Answer(asked) => settings.instructions(asked.tool.as_deref()),
            Origin::Message(_) => settings.instructions(None),
            Origin::Batch(ids) => {
                let waiting = ids.iter().filter_map(|id| self.in_flight.find(id));
                let each = waiting.map(|it| settings.instructions(it.asked.tool.as_deref()));
                let all: Vec<_> = each.chain([settings.instructions(None)]).collect();
                let strictest = [Instructions::Strip, Instructions::Flag];
                strictest.into_iter().find(|says| all.contains(says)).unwrap_or(Instructions::Off)
            }
        }
    }

    fn words(&self, origin: &Origin<'_>) -> String {
        match origin {
            Origin::Answer(Asked { tool: Some(tool), .. }) => {
                format!("an answer of tool `{}`", self.named(tool))
            }
            Origin::Answer(Asked { opens: true, .. }) => "the answer to `initialize`".into(),
            Origin::Answer(Asked { stop: Stop::Items(list), .. }) => {
                format!("the list of `{list}`")
            }
            Origin::Answer(_) => "an answer".into(),
            Origin::Message(envelope) => {
                let method = envelope.method.usable().map_or("", String::as_str);
                match METHODS.contains(&method) {
                    true => format!("a message `{method}`"),
                    false => "a message".into(),
                }
            }
            Origin::Batch(_) => "a batch".into(),
        }
    }
}

/// What a server may say unasked. A name that it makes up is not said: there is no end of them, and only so much is
/// said.
const METHODS: &[&str] = &[
    "elicitation/create",
    "notifications/elicitation/complete",
    "notifications/message",
    "notifications/progress",
    "notifications/tasks/status",
    "roots/list",
    "sampling/createMessage",
];
