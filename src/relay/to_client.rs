//! From the server to the client, one frame at a time: screened for text that is not meant for a person, and redacted,
//! always as the last step; a frame without a finding is the same bytes.
//!
//! A line that is no message never reaches the client: it goes to stderr. A frame over the limit is not kept; whoever
//! waits for it gets an error under its id. What holds a value where nothing can be rewritten is stopped in the way of its
//! kind ([`Stop`]), and so is what readers could understand differently. An answer that nobody asked for is dropped: a
//! client could take it for the answer to a later request.

use std::rc::Rc;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::task::yield_now;

use super::aside::Line;
use super::frame::{Frame, Framer};
use super::in_flight::{Asked, Waiting};
use super::oddity::Oddity;
use super::screen::{Origin, Screened};
use super::session::{Session, ids};
use super::shield::Answer;
use super::stderr::Stray;
use super::withhold::{items, without};
use crate::mcp::era::{PROBE, negotiated};
use crate::mcp::fields::Stop;
use crate::mcp::message::tool_error;
use crate::mcp::scan::{MAX_BATCH, is_long_batch, messages};
use crate::mcp::{Claim, Envelope, Field, Id, Kind, Refusal, Shape};
use crate::redact::{Blocked, Cleaned, Finding, Searched, Tools};

/// How often items are left out of a list before it is withheld whole; each time takes out up to a hundred.
const ROUNDS: usize = 8;

/// How much of a line that is no message is cleaned at once, in bytes.
const PIECE: usize = 64 << 10;

impl Session<'_> {
    /// Relays what the server sends until it closes its end.
    pub(super) async fn to_client(&self, mut stdout: ChildStdout) {
        let mut framer = Framer::new(self.settings.frame_limit);
        let mut stray = Stray::new(self.redactor);
        loop {
            let n = stdout.read(framer.space()).await.unwrap_or(0);
            self.note_read(n);
            framer.filled(n);
            while let Some(frame) = framer.next_frame() {
                self.server_frame(frame, &mut stray).await;
            }
            if n == 0 {
                if let Some(frame) = framer.finish() {
                    self.server_frame(frame, &mut stray).await;
                }
                self.log.push(&stray.finish());
                return self.told.found(&stray.findings(), None);
            }
        }
    }

    async fn server_frame(&self, frame: Frame<'_>, stray: &mut Stray<'_>) {
        if self.shield.is_renewing() {
            return;
        }
        let (line, shape) = match frame {
            Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
            Frame::TooLong { length, shape } => return self.replace_long(length, &shape).await,
        };
        match &shape {
            Shape::Object(envelope) => match envelope.kind_from_server() {
                Some(Kind::Response) => return self.response(line, envelope).await,
                Some(Kind::Request) => return self.request_of_server(line, envelope).await,
                Some(Kind::Notification) => return self.notice(line, envelope).await,
                None => {}
            },
            // A server may print a list of objects that are no messages, as a log does.
            Shape::Batch if messages(line).all(|(_, envelope)| !is_message(&envelope)) => {}
            Shape::Batch if is_long_batch(line) => return self.drop_long_batch(line).await,
            Shape::Batch if self.revision.get().is_none_or(|revision| revision.has_batches()) => {
                return self.batch_of_server(line, &shape).await;
            }
            Shape::Batch => return self.drop_batch(line, &shape).await,
            Shape::NotJson => {}
        }
        // stdout belongs to the protocol, so it goes where the server's log goes. A blank line says nothing.
        if !line.trim_ascii().is_empty() {
            self.stray_line(line, stray).await;
        }
    }

    /// A line that is no message. A long one goes piece by piece, so that signals are heard meanwhile.
    async fn stray_line(&self, line: &[u8], stray: &mut Stray<'_>) {
        let mut rest = line.trim_ascii_end();
        while let Some((piece, behind)) = rest.split_at_checked(PIECE) {
            self.log.push(&stray.push_piece(piece));
            rest = behind;
            yield_now().await;
        }
        self.log.push(&stray.push(rest));
        self.told.found(&stray.findings(), None);
    }

    /// An answer. It counts as given once it is written: the end of a session waits for that.
    async fn response(&self, line: &[u8], envelope: &Envelope) {
        let Some(id) = envelope.id.usable() else {
            if envelope.ambiguous {
                return self.oddities.count(Oddity::AmbiguousFromServer, self.log);
            }
            // An error about a message whose id the server could not read, or the answer to a request that has such an id.
            let asked = envelope.id == Field::Absent || self.in_flight.settle_nameless();
            return match asked {
                true => {
                    let screened = self.screened(line, Origin::Answer(&Asked::NOTHING)).await;
                    self.pass(screened, None, &Asked::NOTHING).await;
                }
                false => self.oddities.count(Oddity::UnaskedByClient, self.log),
            };
        };
        let Some(Waiting { id: asked_as, asked }) = self.in_flight.find(id) else {
            return self.oddities.count(Oddity::UnaskedByClient, self.log);
        };
        if envelope.ambiguous {
            self.oddities.count(Oddity::AmbiguousFromServer, self.log);
            self.refuse(std::slice::from_ref(&asked_as), &Refusal::ambiguous()).await;
        } else if self.reaches_the_client(line, envelope, &asked_as, &asked).await {
            let screened = self.screened(line, Origin::Answer(&asked)).await;
            self.pass(screened, Some(&asked_as), &asked).await;
        }
        self.in_flight.settle(&asked_as);
    }

    /// Learns from the answers that open a session; whether this one goes on.
    async fn reaches_the_client(
        &self,
        line: &[u8],
        envelope: &Envelope,
        id: &Id,
        asked: &Asked,
    ) -> bool {
        if asked.opens && envelope.result {
            self.revision.set(negotiated(line));
            self.shield.opened();
        }
        match self.shield.answer(line, envelope) {
            Answer::Goes => true,
            Answer::Replaced => {
                let refusal = Refusal::no_such_method(PROBE);
                self.refuse(std::slice::from_ref(id), &refusal).await;
                false
            }
        }
    }

    /// A message as it may go on, given the tools whose answers it has. What was found is taken down.
    async fn redacted<'l>(
        &self,
        line: &'l Line<'_>,
        searched: Searched,
        tools: Tools<'_>,
    ) -> Result<Cleaned<'l>, Blocked> {
        let fields = self.fields();
        let cleaned = match line {
            Line::Short(line) => self.redactor.found(line, searched, fields, tools),
            Line::Long(line) => {
                let (redactor, line) = (Arc::clone(self.redactor), Arc::clone(line));
                let tools = tools.to_owned();
                self.aside(move || redactor.found_shared(&line, searched, fields, tools)).await
            }
        };
        let found = match &cleaned {
            Ok(cleaned) => &cleaned.findings,
            Err(blocked) => &blocked.findings,
        };
        let tool = |finding: &Finding| tools.at(&finding.place);
        for of_one in found.chunk_by(|a, b| tool(a) == tool(b)) {
            self.told.found(of_one, of_one.first().and_then(tool));
        }
        cleaned
    }

    /// Sends a message on, redacted. One that is withheld is an answer to `id`, if anybody waits for it.
    async fn pass(&self, screened: Screened<'_>, id: Option<&Id>, asked: &Asked) {
        let Screened { line, searched } = screened;
        let tools = Tools::One(asked.tool.as_deref());
        let blocked = match self.redacted(&line, searched, tools).await {
            Ok(cleaned) if asked.noted => return self.send(&cleaned.with_note().clean).await,
            Ok(cleaned) => return self.send(&cleaned.clean).await,
            Err(blocked) => blocked,
        };
        let refusal = self.withheld(&blocked);
        match (id, asked.stop) {
            (Some(_), Stop::Items(list)) if self.pass_the_rest(&line, list, &blocked).await => {}
            (Some(id), Stop::ToolResult) => {
                self.answer(&tool_error(id, refusal.message(), self.is_stateless())).await;
            }
            (Some(id), _) => self.refuse(std::slice::from_ref(id), &refusal).await,
            (None, _) => {}
        }
    }

    /// Tells that a message is withheld; what whoever waits for it is told.
    fn withheld(&self, blocked: &Blocked) -> Refusal {
        let why = blocked.to_string();
        self.log.note(&why);
        Refusal::withheld(&self.settings.server, &why)
    }

    /// Sends a list without the items that hold a value where nothing can be rewritten; whether that was enough.
    async fn pass_the_rest(&self, line: &[u8], list: &str, blocked: &Blocked) -> bool {
        let (mut line, mut blocked) = (line.to_vec(), blocked.clone());
        for _ in 0..ROUNDS {
            let Some(rest) = items(&blocked, list).and_then(|items| without(&line, list, &items))
            else {
                return false;
            };
            let screened = self.searched(rest.clone().into()).await;
            line = rest;
            match self.redacted(&screened.line, screened.searched, Tools::NONE).await {
                Ok(cleaned) => {
                    self.send(&cleaned.clean).await;
                    return true;
                }
                Err(again) => blocked = again,
            }
        }
        false
    }

    /// A request of the server. One that does not reach the client is answered by us, or the server would wait for ever.
    async fn request_of_server(&self, line: &[u8], envelope: &Envelope) {
        let id = envelope.id.usable();
        if self.is_stateless() {
            self.oddities.count(Oddity::RequestOfServer, self.log);
            let method = envelope.method.usable().map_or("", String::as_str);
            return self.refuse_server(id, &Refusal::no_such_method(method));
        }
        if self.is_ambiguous(line, envelope) {
            return self.refuse_server(id, &Refusal::ambiguous());
        }
        if !self.asking.has_room_for(1) {
            self.oddities.count(Oddity::TooManyOpen, self.log);
            return self.refuse_server(id, &Refusal::not_passed_on(TOO_MANY_OPEN));
        }
        let Screened { line, searched } = self.screened(line, Origin::Message(envelope)).await;
        match self.redacted(&line, searched, Tools::NONE).await {
            Ok(cleaned) => {
                id.into_iter().for_each(|id| self.asking.open(id.clone()));
                self.send(&cleaned.clean).await;
            }
            Err(blocked) => self.refuse_server(id, &self.withheld(&blocked)),
        }
    }

    async fn notice(&self, line: &[u8], envelope: &Envelope) {
        if !self.is_ambiguous(line, envelope) {
            let screened = self.screened(line, Origin::Message(envelope)).await;
            self.pass(screened, None, &Asked::NOTHING).await;
        }
    }

    fn is_ambiguous(&self, line: &[u8], envelope: &Envelope) -> bool {
        let ambiguous = envelope.ambiguous || Claim::of(line, envelope).ambiguous;
        if ambiguous {
            self.oddities.count(Oddity::AmbiguousFromServer, self.log);
        }
        ambiguous
    }

    /// A batch goes on whole or not at all: its answers may belong to several requests.
    async fn batch_of_server(&self, line: &[u8], shape: &Shape) {
        let answered = ids(line, shape, Kind::Response);
        let asked = ids(line, shape, Kind::Request);
        if !self.asking.has_room_for(asked.len()) {
            self.oddities.count(Oddity::TooManyOpen, self.log);
            let refusal = Refusal::not_passed_on(TOO_MANY_OPEN);
            asked.iter().for_each(|id| self.refuse_server(Some(id), &refusal));
            return self.refuse_answers(&answered, &refusal).await;
        }
        let tools: Vec<_> = messages(line).map(|(_, envelope)| self.tool_of(&envelope)).collect();
        let Screened { line, searched } = self.screened(line, Origin::Batch(&answered)).await;
        match self.redacted(&line, searched, Tools::Each(&tools)).await {
            Ok(cleaned) => {
                asked.into_iter().for_each(|id| self.asking.open(id));
                let noted = |envelope: &Envelope| {
                    let waiting = envelope.id.usable().and_then(|id| self.in_flight.find(id));
                    waiting.is_some_and(|waiting| waiting.asked.noted)
                };
                self.send(&cleaned.with_notes(noted).clean).await;
            }
            Err(blocked) => {
                let refusal = self.withheld(&blocked);
                asked.iter().for_each(|id| self.refuse_server(Some(id), &refusal));
                self.refuse(&answered, &refusal).await;
            }
        }
        answered.iter().for_each(|id| self.in_flight.settle(id));
    }

    /// The tool whose answer a message is.
    fn tool_of(&self, envelope: &Envelope) -> Option<Rc<str>> {
        let answers = envelope.kind() == Some(Kind::Response);
        let waiting =
            envelope.id.usable().filter(|_| answers).and_then(|id| self.in_flight.find(id));
        waiting?.asked.tool
    }

    /// A batch in a revision that has none: most clients give a connection up that brings one.
    async fn drop_batch(&self, line: &[u8], shape: &Shape) {
        self.oddities.count(Oddity::Batch, self.log);
        let refusal = Refusal::illegal_batch(&self.settings.server);
        ids(line, shape, Kind::Request)
            .iter()
            .for_each(|id| self.refuse_server(Some(id), &refusal));
        self.refuse_answers(&ids(line, shape, Kind::Response), &refusal).await;
    }

    /// A batch that is longer than any real one. What it answers is answered one by one, so that it takes no memory.
    async fn drop_long_batch(&self, line: &[u8]) {
        self.oddities.count(Oddity::LongBatch, self.log);
        let why = format!("it has more than {MAX_BATCH} messages");
        let refusal = Refusal::not_passed_on(&why);
        for (_, envelope) in messages(line) {
            let id = envelope.id.usable();
            match envelope.kind() {
                Some(Kind::Request) => self.refuse_server(id, &refusal),
                Some(Kind::Response) => self.refuse_answers(id, &refusal).await,
                _ => {}
            }
        }
    }

    async fn replace_long(&self, length: u64, shape: &Shape) {
        if matches!(shape, Shape::Object(envelope) if !is_message(envelope)) {
            return self
                .log
                .note(&format!("dropped {length} bytes from the server that are no message"));
        }
        let limit = self.settings.frame_limit as u64;
        self.log.note(&format!(
            "dropped a message of {length} bytes from the server: the limit is {limit}"
        ));
        for id in ids(&[], shape, Kind::Request) {
            self.refuse_server(Some(&id), &Refusal::request_too_long(length, limit));
        }
        let answered = ids(&[], shape, Kind::Response);
        self.refuse_answers(&answered, &Refusal::answer_too_long(length, limit)).await;
    }

    /// Answers the requests that these ids are for, in the client's spelling of them, in place of answers that are not
    /// passed on. An id that nobody asked under is counted and not sent: the client could take it for a later request's.
    async fn refuse_answers(&self, answered: impl IntoIterator<Item = &Id>, refusal: &Refusal) {
        for id in answered {
            match self.in_flight.find(id) {
                Some(Waiting { id, .. }) => {
                    self.refuse(std::slice::from_ref(&id), refusal).await;
                    self.in_flight.settle(&id);
                }
                None => self.oddities.count(Oddity::UnaskedByClient, self.log),
            }
        }
    }
}

/// Why a request of the server is refused while [`Oddity::TooManyOpen`].
const TOO_MANY_OPEN: &str = "too many requests of this server have no answer from the client";

/// Whether an object that a server printed is a message.
fn is_message(envelope: &Envelope) -> bool {
    envelope.kind_from_server().is_some()
}
