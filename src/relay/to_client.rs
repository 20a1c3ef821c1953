//! From the server to the client, one line at a time.
//!
//! A line that is no message never reaches the client: it goes to stderr. A line over the limit is not kept; whoever waits
//! for it gets an error.

use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::task::yield_now;

use super::order::{cancel, close, judge, refuse, refuse_line};
use super::pending::RequestFacts;
use super::session::Session;
use super::stage::instructions::{Screened, screen};
use super::stage::redaction::{redact, send_other_items, withheld_answer, withhold};
use super::turn::{Direction, Turns};
use super::violation::Violation;
use super::wire::frame::{Frame, Framer};
use super::wire::stderr::StdoutText;
use crate::mcp::scan::{MAX_BATCH, messages};
use crate::mcp::{Kind, Refusal, Shape};

/// How much of a line that is no message is cleaned at once, in bytes.
const PIECE: usize = 64 << 10;

/// Relays the server's lines until it closes its end.
pub(super) async fn relay_to_client(session: &Session<'_>, mut stdout: ChildStdout) {
    let mut framer = Framer::new(session.settings.frame_limit);
    let mut text = StdoutText::new(session.redactor);
    loop {
        let n = stdout.read(framer.space()).await.unwrap_or(0);
        session.note_read(n);
        framer.filled(n);
        while let Some(frame) = framer.next_frame() {
            relay_frame(session, frame, &mut text).await;
        }
        if n == 0 {
            if let Some(frame) = framer.finish() {
                relay_frame(session, frame, &mut text).await;
            }
            session.log.push(&text.finish());
            return session.report.record(&text.findings(), None);
        }
    }
}

async fn relay_frame(session: &Session<'_>, frame: Frame<'_>, text: &mut StdoutText<'_>) {
    if session.handshake.is_replacing() {
        return;
    }
    let (line, shape) = match frame {
        Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
        Frame::TooLong { length, shape } => return refuse_too_long(session, length, shape).await,
    };
    match shape {
        Shape::Object(envelope) if envelope.kind_from_server().is_some() => {
            relay_messages(session, Turns::single(Direction::ToClient, line, envelope)).await;
        }
        Shape::Batch => relay_array(session, line, text).await,
        Shape::Object(_) | Shape::NotJson => log_line(session, line, text).await,
    }
}

/// Relays an array, if all of it are messages: a server may print a list of other objects, as a log does.
async fn relay_array(session: &Session<'_>, line: &[u8], text: &mut StdoutText<'_>) {
    let mut count = 0;
    let counted = messages(line).inspect(|_| count += 1);
    if !counted.map(|(_, envelope)| envelope.kind_from_server()).all(|kind| kind.is_some()) {
        return log_line(session, line, text).await;
    }
    let refusal = if count > MAX_BATCH {
        session.violation(Violation::LongBatch);
        Refusal::not_passed_on(&format!("it has more than {MAX_BATCH} messages"))
    } else if session.revision.get().is_some_and(|revision| !revision.has_batches()) {
        // Most clients give a connection up that brings one.
        session.violation(Violation::IllegalBatch);
        Refusal::illegal_batch(&session.settings.server)
    } else {
        return relay_messages(session, Turns::batch(Direction::ToClient, line)).await;
    };
    refuse_line(session, Direction::ToClient, line, Shape::Batch, &refusal).await;
}

/// Relays messages. The requests that they answer are closed when this is written: the end of a session waits for that.
async fn relay_messages(session: &Session<'_>, mut turns: Turns<'_>) {
    if !judge(session, &mut turns).await {
        return;
    }
    let Screened { line, searched } = screen(session, &turns).await;
    match redact(session, &line, searched, &turns).await {
        Ok(clean) => {
            open_requests(session, &turns);
            session.send(&clean).await;
        }
        Err(blocked) => {
            let refusal = withhold(session, &blocked);
            if !send_other_items(session, &line, &blocked, &turns).await {
                for turn in turns.each() {
                    refuse(session, turn, &withheld_answer(turn, &refusal)).await;
                }
            }
        }
    }
    close(session, &turns);
}

/// Opens the requests of a line that goes on, and gives up those that it cancels.
fn open_requests(session: &Session<'_>, turns: &Turns<'_>) {
    for turn in turns.each() {
        match (turn.kind, turn.envelope.id.usable()) {
            (Some(Kind::Request), Some(id)) => {
                session.pending.of_server.open(id.clone(), RequestFacts::NONE);
            }
            (Some(Kind::Notification), _) => cancel(session, turn),
            _ => {}
        }
    }
}

/// Logs a line that is no message, because stdout belongs to the protocol. A long line goes piece by piece, so that signals
/// are heard meanwhile.
async fn log_line(session: &Session<'_>, line: &[u8], text: &mut StdoutText<'_>) {
    let mut rest = line.trim_ascii_end();
    if rest.is_empty() {
        return;
    }
    while let Some((piece, behind)) = rest.split_at_checked(PIECE) {
        session.log.push(&text.push_piece(piece));
        rest = behind;
        yield_now().await;
    }
    session.log.push(&text.push(rest));
    session.report.record(&text.findings(), None);
}

async fn refuse_too_long(session: &Session<'_>, length: u64, shape: Shape) {
    let kind = match &shape {
        Shape::Object(envelope) => envelope.kind_from_server(),
        Shape::Batch | Shape::NotJson => None,
    };
    if matches!(shape, Shape::Object(_)) && kind.is_none() {
        let dropped = format!("dropped {length} bytes from the server that are no message");
        return session.log.note(&dropped);
    }
    let limit = session.settings.frame_limit as u64;
    session.log.note(&format!(
        "dropped a message of {length} bytes from the server: the limit is {limit}"
    ));
    let refusal = match kind {
        Some(Kind::Request) => Refusal::request_too_long(length, limit),
        _ => Refusal::answer_too_long(length, limit),
    };
    refuse_line(session, Direction::ToClient, &[], shape, &refusal).await;
}
