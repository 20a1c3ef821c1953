//! From the client to the server, one frame at a time: every line goes on as it came, or is refused whole.
//!
//! Refused is what readers could understand differently, what is over the limit, and a call of a tool that must not be
//! made (`calls`); an answer that the server has not asked for is dropped. A line that is no message goes on: some
//! clients try another framing, and the server is the one to judge it. What a request asks for is remembered until its
//! answer.

use super::calls::Judged;
use super::frame::{Frame, Framer};
use super::in_flight::Asked;
use super::input::Input;
use super::oddity::Oddity;
use super::session::{Session, ids};
use super::shield::Verdict;
use crate::mcp::scan::{MAX_BATCH, is_long_batch, messages};
use crate::mcp::{Claim, Envelope, Id, Kind, Refusal, Shape};

impl Session<'_> {
    /// Relays what the client sends until it closes its end; the server's stdin closes with it.
    pub(super) async fn to_server(&self, mut input: Input) {
        let mut framer = Framer::new(self.settings.frame_limit);
        loop {
            let n = input.read(framer.space()).await.unwrap_or(0);
            self.heard.set(self.heard.get() || n > 0);
            framer.filled(n);
            while let Some(frame) = framer.next_frame() {
                self.client_frame(frame).await;
            }
            if n == 0 {
                if let Some(frame) = framer.finish() {
                    self.client_frame(frame).await;
                }
                return self.connect(None);
            }
        }
    }

    async fn client_frame(&self, frame: Frame<'_>) {
        let (line, shape) = match frame {
            Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
            Frame::TooLong { length, shape } => return self.refuse_long(length, &shape).await,
        };
        let goes_on = match &shape {
            Shape::Object(envelope) => self.message(line, envelope).await,
            Shape::Batch if is_long_batch(line) => return self.refuse_long_batch(line).await,
            Shape::Batch => self.batch(line).await,
            Shape::NotJson => true,
        };
        if goes_on && !self.forward(line).await {
            let requests = ids(line, &shape, Kind::Request);
            requests.iter().for_each(|id| self.in_flight.settle(id));
            let refusal = Refusal::server_ended(&self.settings.server, "stopped reading");
            self.refuse(&requests, &refusal).await;
        }
    }

    /// Judges one message; whether it goes on to the server.
    async fn message(&self, line: &[u8], envelope: &Envelope) -> bool {
        let claim = Claim::of(line, envelope);
        if envelope.ambiguous || claim.ambiguous {
            self.refuse_ambiguous(&[(envelope.kind(), envelope.id.usable())]).await;
            return false;
        }
        if let Some(why) = self.judge(line, envelope) {
            self.refuse_call(envelope.kind(), envelope.id.usable(), &claim, &why).await;
            return false;
        }
        match envelope.kind() {
            Some(Kind::Request) => self.request(line, envelope, &claim).await,
            Some(Kind::Notification) => {
                self.notification(line, envelope);
                true
            }
            Some(Kind::Response) => self.response_of_client(envelope),
            None => true,
        }
    }

    async fn request(&self, line: &[u8], envelope: &Envelope, claim: &Claim) -> bool {
        let method = envelope.method.usable().map_or("", String::as_str);
        let Some(id) = envelope.id.usable() else {
            self.in_flight.open_nameless();
            return true;
        };
        let verdict = self.shield.request(method);
        match verdict {
            Verdict::Pass => {}
            Verdict::Refuse => {
                self.refuse(std::slice::from_ref(id), &Refusal::no_such_method(method)).await;
                return false;
            }
            Verdict::Renew => drop(self.in_flight.take()),
        }
        if let Some(revision) = claim.revision.filter(|_| method != crate::mcp::era::PROBE) {
            self.revision.set(Some(revision));
        }
        self.in_flight.open(id.clone(), Asked::by(method, line));
        if verdict == Verdict::Renew {
            // Open already: should there be no other server, it is answered with whatever else is.
            self.shield.renewed().await;
        }
        true
    }

    fn notification(&self, line: &[u8], envelope: &Envelope) {
        let method = envelope.method.usable().map_or("", String::as_str);
        if method == "notifications/cancelled"
            && let Some(id) = Id::cancelled_by(line)
        {
            self.in_flight.cancel(&id);
        }
    }

    /// Whether the server has asked for this answer. One without a usable id can be matched to nothing, by nobody.
    fn response_of_client(&self, envelope: &Envelope) -> bool {
        let asked = envelope.id.usable().is_none_or(|id| self.asking.settle(id));
        if !asked {
            self.oddities.count(Oddity::UnaskedByServer, self.log);
        }
        asked
    }

    /// Judges the messages of a batch, which goes on whole or not at all.
    async fn batch(&self, line: &[u8]) -> bool {
        let all: Vec<_> = messages(line)
            .map(|(message, envelope)| (Claim::of(message, &envelope).ambiguous, message, envelope))
            .collect();
        if all.iter().any(|(ambiguous, _, envelope)| *ambiguous || envelope.ambiguous) {
            let whose = all.iter().map(|(_, _, envelope)| (envelope.kind(), envelope.id.usable()));
            self.refuse_ambiguous(&whose.collect::<Vec<_>>()).await;
            return false;
        }
        let judged = all.into_iter().map(|(_, message, envelope)| {
            let why = self.judge(message, &envelope);
            (message, envelope, why)
        });
        let all: Vec<Judged<'_>> = judged.collect();
        if all.iter().any(|(_, _, why)| why.is_some()) {
            self.refuse_batch(&all).await;
            return false;
        }
        for (message, envelope, _) in &all {
            match (envelope.kind(), envelope.id.usable()) {
                (Some(Kind::Request), Some(id)) => {
                    let method = envelope.method.usable().map_or("", String::as_str);
                    self.shield.requests();
                    self.in_flight.open(id.clone(), Asked::by(method, message));
                }
                (Some(Kind::Response), Some(id)) => drop(self.asking.settle(id)),
                (Some(Kind::Notification), _) => self.notification(message, envelope),
                _ => {}
            }
        }
        true
    }

    /// Refuses messages that readers could take for different ones. What they answer is answered for them.
    async fn refuse_ambiguous(&self, whose: &[(Option<Kind>, Option<&Id>)]) {
        self.oddities.count(Oddity::AmbiguousFromClient, self.log);
        let refusal = Refusal::ambiguous();
        for (kind, id) in whose {
            self.refuse_one(*kind, *id, &refusal).await;
        }
    }

    /// Refuses a message. What it answers is answered for it.
    pub(super) async fn refuse_one(&self, kind: Option<Kind>, id: Option<&Id>, refusal: &Refusal) {
        match kind {
            Some(Kind::Request) => self.answer(&refusal.answer(id)).await,
            Some(Kind::Response) if id.is_some_and(|id| self.asking.settle(id)) => {
                self.refuse_server(id, refusal);
            }
            _ => {}
        }
    }

    /// Refuses a batch that is longer than any real one. Its requests are answered one by one, so that it takes no memory.
    async fn refuse_long_batch(&self, line: &[u8]) {
        self.oddities.count(Oddity::LongBatch, self.log);
        let refusal = Refusal::not_passed_on(&format!("it has more than {MAX_BATCH} messages"));
        for (_, envelope) in messages(line) {
            self.refuse_one(envelope.kind(), envelope.id.usable(), &refusal).await;
        }
    }

    async fn refuse_long(&self, length: u64, shape: &Shape) {
        let limit = self.settings.frame_limit as u64;
        self.log.note(&format!(
            "dropped a message of {length} bytes to the server: the limit is {limit}"
        ));
        for id in ids(&[], shape, Kind::Response).iter().filter(|id| self.asking.settle(id)) {
            self.refuse_server(Some(id), &Refusal::answer_too_long(length, limit));
        }
        let refusal = Refusal::request_too_long(length, limit);
        self.refuse(&ids(&[], shape, Kind::Request), &refusal).await;
    }
}
