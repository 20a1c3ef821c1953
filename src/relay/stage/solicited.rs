//! Finds the request that an answer is for, and drops an answer that nobody asked for: its receiver could take it for the
//! answer to a later request.

use crate::mcp::{Field, Kind};
use crate::relay::session::Session;
use crate::relay::turn::{Direction, Turn, Verdict};
use crate::relay::violation::Violation;

pub(crate) fn check(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    if turn.kind != Some(Kind::Response) {
        return Verdict::Pass;
    }
    let asked = session.pending.sent_by(turn.direction.receiver());
    let solicited = match (&turn.envelope.id, turn.direction) {
        // No reader of JSON-RPC takes a line without the version for an answer. So it needs a request that is open, and
        // leaves that open.
        (Field::Is(id), Direction::ToServer) if !turn.envelope.version => asked.is_open(id),
        (Field::Is(id), _) => {
            turn.request = asked.begin_answer(id);
            turn.request.is_some()
        }
        // An error about a message whose id its receiver could not read.
        (Field::Absent, _) => true,
        (Field::Unusable, Direction::ToClient) => asked.close_unnamed(),
        // A server can have given no such id, and may judge it.
        (Field::Unusable, Direction::ToServer) => true,
    };
    match (solicited, turn.direction) {
        (true, _) => Verdict::Pass,
        (false, Direction::ToServer) => Verdict::Drop(Violation::UnsolicitedFromClient),
        (false, Direction::ToClient) => Verdict::Drop(Violation::UnsolicitedFromServer),
    }
}
