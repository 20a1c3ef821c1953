//! From the client to the server, one line at a time: a line goes on as it came, or is refused whole.
//!
//! A line that is no message goes on: some clients try another framing, and the server is the one to judge it.

use super::life::handshake::Target;
use super::order::{cancel, close, judge, refuse, refuse_line};
use super::pending::RequestFacts;
use super::session::Session;
use super::turn::{Answer, Direction, Turn, Turns};
use super::violation::Violation;
use super::wire::frame::{Frame, Framer};
use super::wire::input::Input;
use crate::mcp::era::PROBE;
use crate::mcp::scan::{MAX_BATCH, is_long_batch};
use crate::mcp::{Kind, Refusal, Shape};

/// Relays the client's lines until it closes its end; the server's stdin closes with it.
pub(super) async fn relay_to_server(session: &Session<'_>, mut input: Input) {
    let mut framer = Framer::new(session.settings.frame_limit);
    loop {
        let n = input.read(framer.space()).await.unwrap_or(0);
        session.heard.set(session.heard.get() || n > 0);
        framer.filled(n);
        while let Some(frame) = framer.next_frame() {
            relay_frame(session, frame).await;
        }
        if n == 0 {
            if let Some(frame) = framer.finish() {
                relay_frame(session, frame).await;
            }
            return session.connect(None);
        }
    }
}

async fn relay_frame(session: &Session<'_>, frame: Frame<'_>) {
    let (line, shape) = match frame {
        Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
        Frame::TooLong { length, shape } => return refuse_too_long(session, length, shape).await,
    };
    let turns = match shape {
        Shape::Object(envelope) => Turns::single(Direction::ToServer, line, envelope),
        Shape::Batch if is_long_batch(line) => {
            session.violation(Violation::LongBatch);
            let why = format!("it has more than {MAX_BATCH} messages");
            let refusal = Refusal::not_passed_on(&why);
            return refuse_line(session, Direction::ToServer, line, shape, &refusal).await;
        }
        Shape::Batch => Turns::batch(Direction::ToServer, line),
        Shape::NotJson => {
            session.forward(line).await;
            return;
        }
    };
    relay_messages(session, turns).await;
}

async fn relay_messages(session: &Session<'_>, mut turns: Turns<'_>) {
    if !judge(session, &mut turns).await {
        return;
    }
    open_requests(session, turns.each()).await;
    if !session.forward(turns.line).await {
        let refusal = Refusal::server_ended(&session.settings.server, "stopped reading");
        let answer = Answer::Error(refusal);
        for turn in turns.each().iter().filter(|turn| turn.is_request()) {
            if let Some(id) = turn.envelope.id.usable() {
                session.pending.of_client.withdraw(id);
                refuse(session, turn, &answer).await;
            }
        }
    }
    close(session, &turns);
}

/// Opens the requests of a line that goes on, and gives up those that it cancels. Waits for a fresh server where they need
/// one.
async fn open_requests(session: &Session<'_>, turns: &[Turn<'_>]) {
    let named =
        turns.iter().filter(|turn| turn.is_request() && turn.envelope.id.usable().is_some());
    let target = session.handshake.requests(named.map(Turn::method));
    if target == Target::Fresh {
        session.pending.of_client.take();
    }
    for turn in turns {
        match (turn.kind, turn.envelope.id.usable()) {
            (Some(Kind::Request), Some(id)) => {
                if let Some(revision) = turn.params.revision.filter(|_| turn.method() != PROBE) {
                    session.revision.set(Some(revision));
                }
                let facts = RequestFacts::from_client(turn.method(), turn.called_tool().cloned());
                session.pending.of_client.open(id.clone(), facts);
            }
            (Some(Kind::Request), None) => session.pending.of_client.open_unnamed(),
            (Some(Kind::Notification), _) => cancel(session, turn),
            _ => {}
        }
    }
    if target == Target::Fresh {
        // The requests are open already. If there is no fresh server, they are answered with whatever else is open.
        session.handshake.replaced().await;
    }
}

async fn refuse_too_long(session: &Session<'_>, length: u64, shape: Shape) {
    let limit = session.settings.frame_limit as u64;
    session
        .log
        .note(&format!("dropped a message of {length} bytes to the server: the limit is {limit}"));
    let refusal = match &shape {
        Shape::Object(envelope) if envelope.kind() == Some(Kind::Response) => {
            Refusal::answer_too_long(length, limit)
        }
        _ => Refusal::request_too_long(length, limit),
    };
    refuse_line(session, Direction::ToServer, &[], shape, &refusal).await;
}
