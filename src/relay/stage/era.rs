//! Handles what depends on the era of the session, and learns it: the probe `server/discover`, the answers that open a
//! session, and requests of a server in the era in which servers ask nothing.

use crate::mcp::era::{PROBE, negotiated};
use crate::mcp::{Kind, Refusal};
use crate::relay::life::handshake::ProbeAnswer;
use crate::relay::session::Session;
use crate::relay::turn::{Turn, Verdict};
use crate::relay::violation::Violation;

/// Refuses a probe that the server has failed already.
pub(crate) fn check_client(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    let named = turn.is_request() && turn.envelope.id.usable().is_some();
    match named && session.handshake.refuses(turn.method()) {
        true => Refusal::no_such_method(turn.method()).into(),
        false => Verdict::Pass,
    }
}

/// Learns from the answers that open a session, and replaces those of a server that cannot handle the probe.
pub(crate) fn check_server(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    if turn.is_request() && session.is_stateless() {
        session.violation(Violation::StatelessServerRequest);
        return Refusal::no_such_method(turn.method()).into();
    }
    let Some(request) = turn.request.as_ref().filter(|_| turn.kind == Some(Kind::Response)) else {
        return Verdict::Pass;
    };
    if request.facts.opens && turn.envelope.result {
        session.revision.set(negotiated(turn.line));
        session.handshake.opened();
    }
    match session.handshake.answer(turn.line, &turn.envelope) {
        ProbeAnswer::Pass => Verdict::Pass,
        ProbeAnswer::Replace => Refusal::no_such_method(PROBE).into(),
    }
}
