//! Refuses a request while very many others of the same side have no answer. Each open request takes memory.

use crate::mcp::Refusal;
use crate::relay::session::Session;
use crate::relay::turn::{Direction, Turn, Verdict};
use crate::relay::violation::Violation;

pub(crate) fn check(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    let open = session.pending.sent_by(turn.direction.sender());
    if !turn.is_request() || open.has_room_for(turn.requests) {
        return Verdict::Pass;
    }
    let (violation, why) = match turn.direction {
        Direction::ToServer => (
            Violation::TooManyFromClient,
            "too many requests of this client have no answer from the server",
        ),
        Direction::ToClient => (
            Violation::TooManyFromServer,
            "too many requests of this server have no answer from the client",
        ),
    };
    session.violation(violation);
    Refusal::not_passed_on(why).into()
}
