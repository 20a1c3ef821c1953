//! Checks calls of tools before they go to the server: a marker must not be written over the secret that it stands for, and
//! a credential should not reach a server by accident.
//!
//! Only calls are checked, because a model writes with them. Nothing is written by the answers to a server's questions or by
//! the arguments of prompts and completions, and their reader could do nothing about an error. A call goes on byte for byte
//! or not at all. A refused call is answered with a result, so that the model reads the reason; the next step is the user's.

use crate::mcp::Params;
use crate::redact::settings::{Arguments, Mode, WriteBack, table};
use crate::redact::{Action, listed};
use crate::relay::session::Session;
use crate::relay::turn::{Answer, Turn, Verdict};

/// Where arguments stand in a message.
const PLACE: &str = "/params/arguments";

/// A name of a tool is shown to so many characters: a model may make one up.
const LONGEST_NAME: usize = 80;

/// Refuses a call that would write a marker over the secret that it stands for.
pub(crate) fn check_markers(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    let Some(tool) = turn.called_tool() else { return Verdict::Pass };
    let write_back = session.settings.redact.write_back(tool);
    if write_back == WriteBack::Off {
        return Verdict::Pass;
    }
    let found = first(&turn.params, |json| session.redactor.markers_in(json, PLACE));
    let Some(found) = found.as_deref().map(listed) else { return Verdict::Pass };
    let shown = name_shown(session, tool);
    if write_back == WriteBack::Warn || reports_only(session) {
        log(
            session,
            &format!("a call of `{shown}` went on with a marker in the place of a value: {found}"),
        );
        return Verdict::Pass;
    }
    log(
        session,
        &format!("refused a call of `{shown}` with a marker in the place of a value: {found}"),
    );
    Verdict::Refuse(Answer::ToolError(format!(
        "hushpipe did not pass on this call of `{shown}`: its arguments hold {found}. That is no value: it is the \
         marker that hushpipe put where a secret was, and written back it would take the place of the real value. \
         Leave what holds it out of the call, or ask the user for the value that belongs there. If the marker \
         itself is meant, {}",
        way_out(session, "write_back", tool)
    )))
}

/// Reports a call with a credential in its arguments, or refuses it where the manifest says so.
pub(crate) fn check_credentials(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    let Some(tool) = turn.called_tool() else { return Verdict::Pass };
    let arguments = session.settings.redact.arguments(tool);
    if arguments == Arguments::Off {
        return Verdict::Pass;
    }
    let look = |json: &[u8]| session.redactor.credentials_in(json, tool, PLACE);
    let Some(mut findings) = first(&turn.params, look) else { return Verdict::Pass };
    let goes_on = arguments == Arguments::Warn || reports_only(session);
    let action = if goes_on { Action::Passed } else { Action::Blocked };
    findings.iter_mut().for_each(|finding| finding.action = action);
    session.report.record(&findings, Some(tool));
    let (found, shown) = (listed(&findings), name_shown(session, tool));
    if goes_on {
        log(
            session,
            &format!("a call of `{shown}` went on with a credential in its arguments: {found}"),
        );
        return Verdict::Pass;
    }
    log(
        session,
        &format!("refused a call of `{shown}` with a credential in its arguments: {found}"),
    );
    Verdict::Refuse(Answer::ToolError(format!(
        "hushpipe did not pass on this call of `{shown}`: its arguments hold what looks like a credential, {found}. \
         The secrets that the server needs it has been given. Leave the credential out of the call; if it is meant \
         to be sent, {}",
        way_out(session, "arguments", tool)
    )))
}

/// Whether findings are only reported and change nothing.
pub(crate) fn reports_only(session: &Session<'_>) -> bool {
    session.settings.redact.mode == Mode::Report
}

/// The name of a tool as it may be shown.
pub(crate) fn name_shown(session: &Session<'_>, tool: &str) -> String {
    session.redactor.name_shown(tool, LONGEST_NAME)
}

fn log(session: &Session<'_>, line: &str) {
    session.report.log_once(line, "");
}

/// How a person allows what was refused.
fn way_out(session: &Session<'_>, setting: &str, tool: &str) -> String {
    let table = table(&session.settings.server, Some(&name_shown(session, tool)));
    format!(
        "ask the user, who can allow it with `{setting} = \"warn\"` under `[{table}]` in their own hushpipe.toml."
    )
}

/// What is found in the arguments of a call, if anything is.
fn first<T>(params: &Params<'_>, look: impl Fn(&[u8]) -> Vec<T>) -> Option<Vec<T>> {
    params.arguments().map(look).find(|found| !found.is_empty())
}
