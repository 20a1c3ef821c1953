//! Calls of tools, judged before they go to the server: a marker must not be written over the secret it stands for, and
//! a credential that goes to a server should be meant to.
//!
//! Only calls are judged: they are what a model writes with. What a person typed into a form, what another model
//! answered a server (it may well speak of a marker), the arguments of prompts and of completions go on as they are:
//! nothing is written by them, and no error would be of use to who reads it. A call goes on byte for byte or not at
//! all. One that is refused is answered with a result, so that the model reads what is wrong, and a next step is for
//! the user to take.

use super::session::Session;
use crate::mcp::call::CALL;
use crate::mcp::message::tool_error;
use crate::mcp::{Call, Claim, Envelope, Id, Kind, Refusal};
use crate::redact::settings::{Arguments, Mode, WriteBack, table};
use crate::redact::{Action, listed};

/// Where arguments stand in a message.
const PLACE: &str = "/params/arguments";

/// A name of a tool is shown to so many characters: a model may make one up.
const LONGEST_NAME: usize = 80;

/// A message of a batch: its bytes, its envelope, and why it does not go on, if it does not.
pub(super) type Judged<'a> = (&'a [u8], Envelope, Option<String>);

impl Session<'_> {
    /// Why a message does not go on, in words for the model; `None` for one that does, and for all that is no call.
    pub(super) fn judge(&self, line: &[u8], envelope: &Envelope) -> Option<String> {
        if envelope.method.usable().is_none_or(|method| method != CALL) {
            return None;
        }
        let call = Call::of(line);
        self.judge_markers(&call).or_else(|| self.judge_credentials(&call))
    }

    fn judge_markers(&self, call: &Call<'_>) -> Option<String> {
        let says = self.settings.redact.write_back(&call.tool);
        if says == WriteBack::Off {
            return None;
        }
        let found = first(call, |json| self.redactor.markers_in(json, PLACE))?;
        let found = listed(&found);
        let tool = self.named(&call.tool);
        if says == WriteBack::Warn || self.only_tells() {
            self.remark(&format!(
                "a call of `{tool}` went on with a marker in the place of a value: {found}"
            ));
            return None;
        }
        self.remark(&format!(
            "refused a call of `{tool}` with a marker in the place of a value: {found}"
        ));
        Some(format!(
            "hushpipe did not pass on this call of `{tool}`: its arguments hold {found}. That is no value: it is the \
             marker that hushpipe put where a secret was, and written back it would take the place of the real value. \
             Leave what holds it out of the call, or ask the user for the value that belongs there. If the marker \
             itself is meant, {}",
            self.way_out("write_back", &call.tool)
        ))
    }

    fn judge_credentials(&self, call: &Call<'_>) -> Option<String> {
        let says = self.settings.redact.arguments(&call.tool);
        if says == Arguments::Off {
            return None;
        }
        let mut findings =
            first(call, |json| self.redactor.credentials_in(json, &call.tool, PLACE))?;
        let goes_on = says == Arguments::Warn || self.only_tells();
        let action = if goes_on { Action::Passed } else { Action::Blocked };
        findings.iter_mut().for_each(|finding| finding.action = action);
        self.told.found(&findings, Some(&call.tool));
        let found = listed(&findings);
        let tool = self.named(&call.tool);
        if goes_on {
            self.remark(&format!(
                "a call of `{tool}` went on with a credential in its arguments: {found}"
            ));
            return None;
        }
        self.remark(&format!(
            "refused a call of `{tool}` with a credential in its arguments: {found}"
        ));
        Some(format!(
            "hushpipe did not pass on this call of `{tool}`: its arguments hold what looks like a credential, {found}. \
             The secrets that the server needs it has been given. Leave the credential out of the call; if it is meant \
             to be sent, {}",
            self.way_out("arguments", &call.tool)
        ))
    }

    pub(super) fn only_tells(&self) -> bool {
        self.settings.redact.mode == Mode::Report
    }

    /// The name of a tool as it may be shown.
    pub(super) fn named(&self, tool: &str) -> String {
        self.redactor.name_shown(tool, LONGEST_NAME)
    }

    fn remark(&self, line: &str) {
        self.told.remark(line, "");
    }

    /// How a person allows what was refused.
    fn way_out(&self, setting: &str, tool: &str) -> String {
        let table = table(&self.settings.server, Some(&self.named(tool)));
        format!(
            "ask the user, who can allow it with `{setting} = \"warn\"` under `[{table}]` in their own hushpipe.toml."
        )
    }

    /// Answers a call that does not go on.
    pub(super) async fn refuse_call(
        &self,
        kind: Option<Kind>,
        id: Option<&Id>,
        claim: &Claim,
        why: &str,
    ) {
        let stateless = claim.revision.is_some() || self.is_stateless();
        match (kind, id) {
            (Some(Kind::Request), Some(id)) => self.answer(&tool_error(id, why, stateless)).await,
            // Its id is nothing that an answer could carry.
            (Some(Kind::Request), None) => {
                self.answer(&Refusal::not_passed_on(why).answer(None)).await
            }
            _ => {}
        }
    }

    /// Answers the messages of a batch in which a call does not go on. None of it goes on: what the others would do may
    /// rest on that call.
    pub(super) async fn refuse_batch(&self, batch: &[Judged<'_>]) {
        let beside = Refusal::not_passed_on("another message of the same batch was refused");
        for (message, envelope, why) in batch {
            let (kind, id) = (envelope.kind(), envelope.id.usable());
            match why {
                Some(why) => self.refuse_call(kind, id, &Claim::of(message, envelope), why).await,
                None => self.refuse_one(kind, id, &beside).await,
            }
        }
    }
}

/// What is found in the arguments of a call, if anything is.
fn first<T>(call: &Call<'_>, look: impl Fn(&[u8]) -> Vec<T>) -> Option<Vec<T>> {
    call.arguments.iter().copied().map(look).find(|found| !found.is_empty())
}
