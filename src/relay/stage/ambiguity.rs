//! Refuses a message that names something twice, or in another case: what one reader lets pass as one thing, another
//! could run as another. See [`Names`](crate::mcp::envelope::Names).

use crate::mcp::Refusal;
use crate::relay::session::Session;
use crate::relay::turn::{Direction, Turn, Verdict};
use crate::relay::violation::Violation;

pub(crate) fn check(session: &Session<'_>, turn: &mut Turn<'_>) -> Verdict {
    if !turn.envelope.ambiguous && !turn.params.ambiguous {
        return Verdict::Pass;
    }
    session.violation(match turn.direction {
        Direction::ToServer => Violation::AmbiguousFromClient,
        Direction::ToClient => Violation::AmbiguousFromServer,
    });
    Refusal::ambiguous().into()
}
