//! Scans messages of the server for instructions that are meant for the model and hidden from the person, before redaction.
//! Each kind is reported once for each tool, or removed.
//!
//! Unless the manifest says `strip`, no byte of a message is changed. Removal comes before redaction, because what it leaves
//! may be a secret that was taken apart.

use std::borrow::Cow;

use super::calls::{name_shown, reports_only};
use super::search_thread::{Line, work_on};
use crate::mcp::fields::Stop;
use crate::redact::instruct::look;
use crate::redact::settings::Instructions;
use crate::redact::{Redactor, Searched};
use crate::relay::pending::RequestFacts;
use crate::relay::session::Session;
use crate::relay::turn::{Turn, Turns};

/// A line without what was removed, and what was found in it.
pub(crate) struct Screened<'l> {
    pub(crate) line: Line<'l>,
    pub(crate) searched: Searched,
}

/// Searches a line, and removes instructions from it where the manifest says so.
pub(crate) async fn screen<'l>(session: &Session<'_>, turns: &Turns<'l>) -> Screened<'l> {
    let screened = search(session, turns.line.into()).await;
    let (screened, stripped) = strip(session, screened, turns).await;
    match stripped {
        Some(line) => search(session, line.into()).await,
        None => screened,
    }
}

/// Searches a line for everything that redaction and this stage look for.
pub(crate) async fn search<'l>(session: &Session<'_>, line: Cow<'l, [u8]>) -> Screened<'l> {
    let line = Line::from(line);
    let searched = work_on(session, &line, Redactor::search).await;
    Screened { line, searched }
}

/// Reports the instructions in a line. Returns it without them where they are removed.
async fn strip<'l>(
    session: &Session<'_>,
    screened: Screened<'l>,
    turns: &Turns<'_>,
) -> (Screened<'l>, Option<Vec<u8>>) {
    let setting = strictest(session, turns);
    if setting == Instructions::Off {
        return (screened, None);
    }
    let strip = setting == Instructions::Strip && !reports_only(session);
    let Screened { line, searched } = screened;
    let fields = session.fields();
    let looked = move |_: &Redactor, line: &[u8]| (look(line, &searched, fields, strip), searched);
    let (signs, searched) = work_on(session, &line, looked).await;
    let screened = Screened { line, searched };
    let Some(signs) = signs else { return (screened, None) };
    for sign in &signs.found {
        let what = format!("`{}` text in {}", sign.kind.name(), source(session, turns));
        let done = if strip && !sign.fixed { "removed" } else { "left" };
        let place = session.redactor.pointer_shown(&sign.place);
        session.report.log_once(&format!("{done} {what}"), &place);
    }
    (screened, signs.stripped)
}

/// The strictest setting of the messages of a line, which goes on whole.
fn strictest(session: &Session<'_>, turns: &Turns<'_>) -> Instructions {
    let settings = &session.settings.redact;
    let setting =
        |turn: &Turn<'_>| settings.instructions(turn.answering_tool().map(|tool| &**tool));
    let rank = |setting: &Instructions| match setting {
        Instructions::Off => 0,
        Instructions::Flag => 1,
        Instructions::Strip => 2,
    };
    turns.each().iter().map(setting).max_by_key(rank).unwrap_or(Instructions::Off)
}

/// Where a line comes from, in words.
fn source(session: &Session<'_>, turns: &Turns<'_>) -> String {
    let [turn] = turns.each() else { return "a batch".into() };
    if turns.is_batch() {
        return "a batch".into();
    }
    match turn.request.as_ref().map(|request| &request.facts) {
        Some(RequestFacts { tool: Some(tool), .. }) => {
            format!("an answer of tool `{}`", name_shown(session, tool))
        }
        Some(RequestFacts { opens: true, .. }) => "the answer to `initialize`".into(),
        Some(RequestFacts { stop: Stop::Items(list), .. }) => format!("the list of `{list}`"),
        None if METHODS.contains(&turn.method()) => format!("a message `{}`", turn.method()),
        None if !turn.method().is_empty() => "a message".into(),
        Some(_) | None => "an answer".into(),
    }
}

/// The methods that a server may send. A method that it makes up is not logged: there is no end of them, and the log keeps a
/// limited number of lines.
const METHODS: &[&str] = &[
    "elicitation/create",
    "notifications/elicitation/complete",
    "notifications/message",
    "notifications/progress",
    "notifications/tasks/status",
    "roots/list",
    "sampling/createMessage",
];
