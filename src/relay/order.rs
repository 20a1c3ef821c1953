//! The stages of each direction, in order, and what becomes of a line that does not pass one.
//!
//! Before the stages, `to_server.rs` and `to_client.rs` look at the line: its size, because a line over the limit is not
//! kept, and its shape, because only messages are judged. A batch passes the stages as its messages do, all of them
//! through one stage before the next. One refusal refuses all of the batch: its messages may rest on each other.

use super::session::Session;
use super::stage::{ambiguity, calls, era, room, solicited};
use super::turn::{Answer, Direction, Turn, Turns, Verdict};
use crate::mcp::scan::messages;
use crate::mcp::{Kind, Refusal, Shape};

/// Decides about one message. A stage must not wait: the next line would wait with it.
type Stage = fn(&Session<'_>, &mut Turn<'_>) -> Verdict;

/// The stages of a message to the server. A line that passes them is written as it came.
const TO_SERVER: &[Stage] = &[
    // First, because a refusal further on is also the answer to the request that is found here.
    solicited::check,
    // Before all that reads the message: what it says must be the same for every reader.
    ambiguity::check,
    // Before the checks of calls, which need the search of the redactor and report what they find.
    era::check_client,
    room::check,
    // Before credentials: a marker is not a credential, and the model must learn what it is.
    calls::check_markers,
    calls::check_credentials,
];

/// The stages of a message to the client. A line that passes them is scanned for instructions (`stage/instructions.rs`),
/// then redacted (`stage/redaction.rs`), then written. Instructions come first, because their removal can join the parts
/// of a secret. Redaction is last, so nothing is written that it has not seen.
const TO_CLIENT: &[Stage] = &[
    // As above.
    solicited::check,
    ambiguity::check,
    // Learns the revision, which decides what redaction may replace.
    era::check_server,
    room::check,
];

/// Passes a line through the stages of its direction. Answers it and returns false if it does not go on.
pub(super) async fn judge(session: &Session<'_>, turns: &mut Turns<'_>) -> bool {
    let stages = match turns.direction {
        Direction::ToServer => TO_SERVER,
        Direction::ToClient => TO_CLIENT,
    };
    for stage in stages {
        let mut passed = true;
        for turn in turns.each_mut() {
            turn.verdict = stage(session, turn);
            passed &= turn.verdict == Verdict::Pass;
        }
        if !passed {
            refuse_judged(session, turns).await;
            return false;
        }
    }
    true
}

/// Answers a line of which a stage has stopped a message.
async fn refuse_judged(session: &Session<'_>, turns: &mut Turns<'_>) {
    for turn in turns.each_mut() {
        match std::mem::replace(&mut turn.verdict, Verdict::Pass) {
            Verdict::Drop(violation) => session.violation(violation),
            Verdict::Refuse(answer) => refuse(session, turn, &answer).await,
            Verdict::Pass => {
                let beside =
                    Refusal::not_passed_on("another message of the same batch was refused");
                refuse(session, turn, &Answer::Error(beside)).await;
            }
        }
    }
    close(session, turns);
}

/// Refuses the messages of a line without judging them. A batch may be too long to keep, so they are taken one by one.
pub(super) async fn refuse_line(
    session: &Session<'_>,
    direction: Direction,
    line: &[u8],
    shape: Shape,
    refusal: &Refusal,
) {
    let single = match shape {
        Shape::Object(envelope) => Some((line, envelope)),
        Shape::Batch | Shape::NotJson => None,
    };
    let batch = if single.is_none() { line } else { &[] };
    let answer = Answer::Error(refusal.clone());
    for (line, envelope) in single.into_iter().chain(messages(batch)) {
        let mut turn = Turn::without_params(direction, line, envelope);
        match solicited::check(session, &mut turn) {
            Verdict::Drop(violation) => session.violation(violation),
            Verdict::Pass | Verdict::Refuse(_) => refuse(session, &turn, &answer).await,
        }
        close_one(session, &turn);
    }
}

/// Gives this answer to whoever waits for a message that does not go on: to its sender if it is a request, to its receiver
/// if it answers one.
pub(super) async fn refuse(session: &Session<'_>, turn: &Turn<'_>, answer: &Answer) {
    let (side, id) = match (turn.kind, &turn.request) {
        (Some(Kind::Request), _) => (turn.direction.sender(), turn.envelope.id.usable()),
        (_, Some(request)) => (turn.direction.receiver(), Some(&request.id)),
        (_, None) => return,
    };
    let stateless = turn.params.revision.is_some() || session.is_stateless();
    session.answer_to(side, id, answer, stateless).await;
}

/// Gives up the request that a notification cancels. Its receiver should not answer it any more.
pub(super) fn cancel(session: &Session<'_>, turn: &Turn<'_>) {
    if turn.method() == "notifications/cancelled"
        && let Some(id) = turn.params.cancelled_request()
    {
        session.pending.sent_by(turn.direction.sender()).cancel(&id);
    }
}

/// The requests that a line answers are closed: it is written, or refused.
pub(super) fn close(session: &Session<'_>, turns: &Turns<'_>) {
    turns.each().iter().for_each(|turn| close_one(session, turn));
}

fn close_one(session: &Session<'_>, turn: &Turn<'_>) {
    if let Some(request) = &turn.request {
        session.pending.sent_by(turn.direction.receiver()).close(&request.id);
    }
}
