//! Redacts a line of the server, always as the last step before it is written. A line without a finding is the same bytes.
//!
//! A line that holds a value where nothing can be rewritten is withheld, in the way of its kind ([`Stop`]).

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::instructions::{Screened, search};
use super::list_items::{blocked_items, without_items};
use super::search_thread::{Line, on_thread};
use crate::mcp::fields::Stop;
use crate::mcp::{Id, Refusal};
use crate::redact::{Blocked, Clean, Cleaned, Finding, Searched, Tools};
use crate::relay::session::Session;
use crate::relay::turn::{Answer, Turn, Turns};

/// How often items are dropped from a list before it is withheld whole; each time drops up to a hundred.
const ROUNDS: usize = 8;

/// Redacts a line. The findings are recorded, with the tools whose answers they are in.
///
/// # Errors
/// A known value stands where nothing may be rewritten.
pub(crate) async fn redact<'l>(
    session: &Session<'_>,
    line: &'l Line<'_>,
    searched: Searched,
    turns: &Turns<'_>,
) -> Result<Clean<'l>, Blocked> {
    if let ([turn], false) = (turns.each(), turns.is_batch()) {
        let tools = Tools::One(turn.answering_tool().map(|tool| &**tool));
        let cleaned = clean(session, line, searched, tools).await?;
        let noted = turn.request.as_ref().is_some_and(|request| request.facts.noted);
        return Ok(if noted { cleaned.with_note() } else { cleaned }.clean);
    }
    let tools: Vec<Option<Rc<str>>> =
        turns.each().iter().map(|turn| turn.answering_tool().cloned()).collect();
    let cleaned = clean(session, line, searched, Tools::Each(&tools)).await?;
    if cleaned.findings.is_empty() {
        return Ok(cleaned.clean);
    }
    let noted = |turn: &&Turn<'_>| turn.request.as_ref().is_some_and(|it| it.facts.noted);
    let noted = turns.each().iter().filter(noted);
    let noted: HashSet<&Id> = noted.filter_map(|turn| turn.envelope.id.usable()).collect();
    let takes_note = |id: Option<&Id>| id.is_some_and(|id| noted.contains(id));
    Ok(cleaned.with_notes(|envelope| takes_note(envelope.id.usable())).clean)
}

async fn clean<'l>(
    session: &Session<'_>,
    line: &'l Line<'_>,
    searched: Searched,
    tools: Tools<'_>,
) -> Result<Cleaned<'l>, Blocked> {
    let fields = session.fields();
    let cleaned = match line {
        Line::Short(line) => session.redactor.found(line, searched, fields, tools),
        Line::Long(line) => {
            let (redactor, line) = (Arc::clone(session.redactor), Arc::clone(line));
            let tools = tools.to_owned();
            on_thread(session, move || redactor.found_shared(&line, searched, fields, tools)).await
        }
    };
    let findings = match &cleaned {
        Ok(cleaned) => &cleaned.findings,
        Err(blocked) => &blocked.findings,
    };
    let tool = |finding: &Finding| tools.at(&finding.place);
    for of_one in findings.chunk_by(|a, b| tool(a) == tool(b)) {
        session.report.record(of_one, of_one.first().and_then(tool));
    }
    cleaned
}

/// Sends a list without the items that hold a value where nothing can be rewritten, if the line is such a list; whether
/// that was enough.
pub(crate) async fn send_other_items(
    session: &Session<'_>,
    line: &[u8],
    blocked: &Blocked,
    turns: &Turns<'_>,
) -> bool {
    let request = match turns.each() {
        [turn] if !turns.is_batch() => turn.request.as_ref(),
        _ => None,
    };
    let Some(Stop::Items(list)) = request.map(|request| request.facts.stop) else { return false };
    let (mut line, mut blocked) = (line.to_vec(), blocked.clone());
    for _ in 0..ROUNDS {
        let dropped = blocked_items(&blocked, list);
        let Some(rest) = dropped.and_then(|items| without_items(&line, list, &items)) else {
            return false;
        };
        let Screened { line: searched_line, searched } = search(session, rest.clone().into()).await;
        line = rest;
        match clean(session, &searched_line, searched, Tools::NONE).await {
            Ok(cleaned) => {
                session.send(&cleaned.clean).await;
                return true;
            }
            Err(again) => blocked = again,
        }
    }
    false
}

/// Logs that a line is withheld; returns why, for whoever waits for it.
pub(crate) fn withhold(session: &Session<'_>, blocked: &Blocked) -> Refusal {
    let why = blocked.to_string();
    session.log.note(&why);
    Refusal::withheld(&session.settings.server, &why)
}

/// The answer in place of a withheld message: a failed result where a tool was called, so that the model reads it.
pub(crate) fn withheld_answer(turn: &Turn<'_>, refusal: &Refusal) -> Answer {
    match turn.request.as_ref().map(|request| request.facts.stop) {
        Some(Stop::ToolResult) => Answer::ToolError(refusal.message().to_owned()),
        _ => Answer::Error(refusal.clone()),
    }
}
