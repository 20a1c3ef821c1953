//! After a failed launch: answers every request of the client with the reason.
//!
//! Clients show an answer and hide stderr, so the cause must be in an answer; and they differ in what they ask first
//! (`initialize`, `server/discover`), so every request is answered and none is special. Notifications and lines that are
//! no messages get nothing. Nothing was started, nothing is passed on, and it is over when the client closes either
//! stream or after [`PATIENCE`], so that a client that only waits sees the failure too.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::mcp::scan::messages;
use crate::mcp::{Envelope, Kind, Refusal, Shape};
use crate::relay::wire::frame::{DEFAULT_LIMIT, Frame, Framer};
use crate::relay::wire::input::Input;
use crate::sys::os::{self, Writer};

/// How long requests are answered at most.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Answers every request with `refusal` until the client closes a stream, or [`PATIENCE`] is over.
///
/// A stream that fails is one that the client closed: the launch has failed already, and that is what is reported.
pub async fn refuse(refusal: &Refusal, input: &mut Input, output: &mut Writer) {
    let watch = output.hangup();
    let gone = async {
        match watch {
            Ok(gone) => gone.await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = answer_all(refusal, input, output) => {}
        () = gone => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
}

/// Answers every request with `refusal` as [`refuse`] does, where the system has no descriptors left for a runtime: one read
/// after another, on standard input and output as they are.
pub fn refuse_without_runtime(refusal: &Refusal) {
    let mut framer = Framer::new(DEFAULT_LIMIT);
    let end = Instant::now() + PATIENCE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || !os::input_within(left) {
            return;
        }
        let count = std::io::stdin().lock().read(framer.space()).unwrap_or(0);
        framer.filled(count);
        let mut lines = Vec::new();
        while let Some(frame) = framer.next_frame() {
            lines.extend(answers(refusal, &frame));
        }
        if count == 0 {
            lines.extend(framer.finish().iter().flat_map(|frame| answers(refusal, frame)));
        }
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(&lines.concat()).and_then(|()| stdout.flush());
        if count == 0 || written.is_err() {
            return;
        }
    }
}

async fn answer_all(
    refusal: &Refusal,
    input: &mut Input,
    output: &mut Writer,
) -> std::io::Result<()> {
    let mut framer = Framer::new(DEFAULT_LIMIT);
    loop {
        let count = input.read(framer.space()).await?;
        framer.filled(count);
        while let Some(frame) = framer.next_frame() {
            answer(refusal, &frame, output).await?;
        }
        if count == 0 {
            if let Some(frame) = framer.finish() {
                answer(refusal, &frame, output).await?;
            }
            return Ok(());
        }
    }
}

async fn answer(refusal: &Refusal, frame: &Frame<'_>, output: &mut Writer) -> std::io::Result<()> {
    for line in answers(refusal, frame) {
        output.write_all(&line).await?;
    }
    Ok(())
}

/// The answers to the requests of a frame, each a line.
///
/// Those to a batch are lines of their own too: every client reads them, and a batch of any size needs no memory.
fn answers<'a>(refusal: &'a Refusal, frame: &'a Frame<'_>) -> impl Iterator<Item = Vec<u8>> + 'a {
    let (bytes, shape) = match frame {
        Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (*line, shape),
        Frame::TooLong { shape, .. } => (&[][..], shape),
    };
    let (single, batch) = match shape {
        Shape::Object(envelope) => (line(refusal, envelope), &[][..]),
        Shape::Batch => (None, bytes),
        Shape::NotJson => (None, &[][..]),
    };
    single.into_iter().chain(messages(batch).filter_map(|(_, envelope)| line(refusal, &envelope)))
}

/// The answer to a message, as a line, if it is a request.
fn line(refusal: &Refusal, envelope: &Envelope) -> Option<Vec<u8>> {
    (envelope.kind() == Some(Kind::Request)).then(|| {
        let mut line = refusal.answer(envelope.id.usable());
        line.push(b'\n');
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is answered to `stream`, read in pieces of `size` bytes.
    fn answered(stream: &[u8], limit: usize, size: usize) -> Vec<String> {
        let refusal = Refusal::server_ended("x", "exited");
        let mut framer = Framer::new(limit);
        let mut all = Vec::new();
        for piece in stream.chunks(size) {
            framer.space()[..piece.len()].copy_from_slice(piece);
            framer.filled(piece.len());
            while let Some(frame) = framer.next_frame() {
                all.extend(answers(&refusal, &frame));
            }
        }
        if let Some(frame) = framer.finish() {
            all.extend(answers(&refusal, &frame));
        }
        all.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    /// The ids of those answers, as they are spelled.
    fn ids(stream: &str, limit: usize) -> Vec<String> {
        let whole = answered(stream.as_bytes(), limit, stream.len());
        assert_eq!(whole, answered(stream.as_bytes(), limit, 1));
        let id = |line: &String| {
            let after = line.strip_prefix(r#"{"jsonrpc":"2.0","#).unwrap();
            assert!(line.ends_with('\n'));
            let end = after.find(r#""error":"#).unwrap();
            after[..end].trim_start_matches(r#""id":"#).trim_end_matches(',').to_owned()
        };
        whole.iter().map(id).collect()
    }

    #[test]
    fn every_request_is_answered_with_its_id_as_it_was_spelled() {
        let stream = concat!(
            r#"{"jsonrpc":"2.0","method":"server/discover","id":"a\u0062"}"#,
            "\r\n",
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"id":9}}"#,
            "\n",
            r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"tools/call"}"#,
        );
        assert_eq!(ids(stream, 1000), [r#""a\u0062""#, "1", "123456789012345678901234567890"]);
    }

    #[test]
    fn only_requests_are_answered() {
        let stream = concat!(
            "Content-Length: 20\r\n\r\n",
            r#"{"method":"notifications/initialized"}"#,
            "\n",
            r#"{"id":1,"result":{}}"#,
            "\n",
            r#"{"id":2,"method":"ping""#,
        );
        assert!(ids(stream, 1000).is_empty());
    }

    #[test]
    fn a_batch_and_a_request_over_the_limit_are_answered_too() {
        let stream = concat!(
            r#"[{"id":1,"method":"a"},{"method":"b"},{"id":{},"method":"c"}]"#,
            "\n",
            r#"{"params":"0123456789012345678901234567890123456789012345678901234567890123456789","#,
            r#""id":4,"method":"d"}"#,
            "\n",
        );
        assert_eq!(ids(stream, 70), ["1", "", "4"]);
    }
}
