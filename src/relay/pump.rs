//! One frame at a time, from the server to the client and back.
//!
//! What the client sends goes on as it came. What the server sends is redacted, always as the last step; a frame without
//! a finding is the same bytes. A line that is no message never reaches the client: it goes to stderr. A frame over the
//! limit is not kept; whoever waits for it gets an error under its id.

use std::cell::Cell;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Mutex, Notify};

use super::Settings;
use super::frame::{Frame, Framer};
use super::in_flight::InFlight;
use super::record::{Recorder, Recording};
use super::stderr::{Log, Stray};
use crate::mcp::fields::Fields;
use crate::mcp::scan::messages;
use crate::mcp::{Envelope, Id, Kind, Refusal, Shape};
use crate::redact::{Blocked, Clean, Redactor};
use crate::sys::os::{Reader, Writer};

/// What both directions share.
pub struct Session<'a> {
    redactor: &'a Redactor,
    settings: &'a Settings,
    log: &'a Log,
    writer: Mutex<Writer>,
    recorder: Recorder<'a>,
    /// Requests that wait for the server.
    pub in_flight: InFlight,
    gone: Notify,
    progress: Cell<Progress>,
    heard: Cell<bool>,
}

/// What moves from the server to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes came from the server.
    pub bytes: u64,
    /// Whether a write waits for the client.
    pub writing: bool,
}

impl<'a> Session<'a> {
    /// A session that writes to the client through `writer`, and down into `recording`.
    pub fn new(
        redactor: &'a Redactor,
        settings: &'a Settings,
        log: &'a Log,
        writer: Writer,
        recording: Option<Recording>,
    ) -> Self {
        Self {
            redactor,
            settings,
            log,
            writer: Mutex::new(writer),
            recorder: Recorder::new(recording, redactor, log),
            in_flight: InFlight::default(),
            gone: Notify::new(),
            progress: Cell::default(),
            heard: Cell::new(false),
        }
    }

    /// A future that ends when the client's end of our stdout is closed.
    ///
    /// # Errors
    /// The descriptor cannot be watched.
    pub async fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        self.writer.lock().await.hangup()
    }

    /// Waits until a write told us that the client is gone.
    pub async fn client_gone(&self) {
        self.gone.notified().await;
    }

    /// How far the server's messages have come.
    pub fn progress(&self) -> Progress {
        self.progress.get()
    }

    /// Whether the client has said anything.
    pub fn heard(&self) -> bool {
        self.heard.get()
    }

    fn note_writing(&self, writing: bool) {
        self.progress.set(Progress { writing, ..self.progress.get() });
    }

    /// Relays what the client sends until it closes its end; the server's stdin closes with it.
    pub async fn to_server(&self, mut reader: Reader, stdin: ChildStdin) {
        let mut framer = Framer::new(self.settings.frame_limit);
        let mut stdin = Some(stdin);
        loop {
            let n = reader.read(framer.space()).await.unwrap_or(0);
            self.heard.set(self.heard.get() || n > 0);
            framer.filled(n);
            while let Some(frame) = framer.next_frame() {
                self.request(frame, &mut stdin).await;
            }
            if n == 0 {
                if let Some(frame) = framer.finish() {
                    self.request(frame, &mut stdin).await;
                }
                return;
            }
        }
    }

    async fn request(&self, frame: Frame<'_>, stdin: &mut Option<ChildStdin>) {
        let (line, shape) = match frame {
            Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
            Frame::TooLong { length, shape } => return self.refuse_long(length, &shape).await,
        };
        let requests = ids(line, &shape, Kind::Request);
        let Some(server) = stdin else {
            let refusal = Refusal::server_ended(&self.settings.server, "stopped reading");
            return self.refuse(&requests, &refusal).await;
        };
        requests.into_iter().for_each(|id| self.in_flight.open(id));
        if let Some(id) = cancelled(line, &shape) {
            self.in_flight.settle(&id);
        }
        // Half a line at the end of the stream is a line all the same; a server that splits at line feeds needs one.
        let sent = match line.ends_with(b"\n") {
            true => server.write_all(line).await,
            false => server.write_all(&[line, b"\n"].concat()).await,
        };
        match sent {
            Ok(()) => self.recorder.to_server(line),
            Err(_) => *stdin = None,
        }
    }

    async fn refuse_long(&self, length: u64, shape: &Shape) {
        let limit = self.settings.frame_limit as u64;
        self.log.note(&format!(
            "dropped a message of {length} bytes to the server: the limit is {limit}"
        ));
        let refusal = Refusal::request_too_long(length, limit);
        self.refuse(&ids(&[], shape, Kind::Request), &refusal).await;
    }

    /// Relays what the server sends until it closes its end.
    pub async fn to_client(&self, mut stdout: ChildStdout) {
        let mut framer = Framer::new(self.settings.frame_limit);
        let mut stray = Stray::new(self.redactor);
        loop {
            let n = stdout.read(framer.space()).await.unwrap_or(0);
            let before = self.progress.get();
            self.progress.set(Progress { bytes: before.bytes + n as u64, ..before });
            framer.filled(n);
            while let Some(frame) = framer.next_frame() {
                self.response(frame, &mut stray).await;
            }
            if n == 0 {
                if let Some(frame) = framer.finish() {
                    self.response(frame, &mut stray).await;
                }
                return self.log.push(&stray.finish());
            }
        }
    }

    async fn response(&self, frame: Frame<'_>, stray: &mut Stray<'_>) {
        let (line, shape) = match frame {
            Frame::Whole { line, shape } | Frame::Partial { bytes: line, shape } => (line, shape),
            Frame::TooLong { length, shape } => return self.replace_long(length, &shape).await,
        };
        let is_message = match &shape {
            Shape::Object(envelope) => envelope.kind().is_some(),
            Shape::Batch => true,
            Shape::NotJson => false,
        };
        if !is_message {
            // stdout belongs to the protocol, so it goes where the server's log goes. A blank line says nothing.
            if !line.trim_ascii().is_empty() {
                self.log.push(&stray.push(line));
            }
            return;
        }
        let answered = ids(line, &shape, Kind::Response);
        match self.redactor.frame(line, Fields::default()) {
            Ok(cleaned) => self.send(&cleaned.clean).await,
            Err(blocked) => self.withhold(&blocked, &answered).await,
        }
        answered.iter().for_each(|id| self.in_flight.settle(id));
    }

    /// A message with a value where nothing can be rewritten: it is dropped. The client is told where it waits for it; a
    /// request of the server stays without an answer.
    async fn withhold(&self, blocked: &Blocked, answered: &[Id]) {
        self.log.note(&blocked.to_string());
        let refusal = Refusal::withheld(&self.settings.server, &blocked.to_string());
        self.refuse(answered, &refusal).await;
    }

    async fn replace_long(&self, length: u64, shape: &Shape) {
        let limit = self.settings.frame_limit as u64;
        self.log.note(&format!(
            "dropped a message of {length} bytes from the server: the limit is {limit}"
        ));
        let answered = ids(&[], shape, Kind::Response);
        self.refuse(&answered, &Refusal::answer_too_long(length, limit)).await;
        answered.iter().for_each(|id| self.in_flight.settle(id));
    }

    /// Answers every request that the server left open; `how` says how it ended.
    pub async fn answer_the_rest(&self, how: String) {
        let refusal = Refusal::server_ended(&self.settings.server, &how);
        self.refuse(&self.in_flight.take(), &refusal).await;
    }

    /// Answers requests with an error of our own.
    async fn refuse(&self, requests: &[Id], refusal: &Refusal) {
        for id in requests {
            // An id is the client's own, and the rest names no value; what is refused even so has nobody to tell it to.
            if let Ok(cleaned) = self.redactor.frame(&refusal.answer(Some(id)), Fields::default()) {
                self.send(&cleaned.clean).await;
            }
        }
    }

    async fn send(&self, clean: &Clean<'_>) {
        let mut writer = self.writer.lock().await;
        self.note_writing(true);
        let bytes = clean.as_bytes();
        let sent = match bytes.ends_with(b"\n") {
            true => writer.write_all(bytes).await,
            false => writer.write_all(&[bytes, b"\n"].concat()).await,
        };
        self.note_writing(false);
        match sent {
            Ok(()) => self.recorder.to_client(clean),
            Err(_) => self.gone.notify_one(),
        }
    }
}

/// The ids in a line: of requests, or of those that responses answer. A batch too long to keep has none.
fn ids(line: &[u8], shape: &Shape, kind: Kind) -> Vec<Id> {
    let id_of = |envelope: &Envelope| match envelope.kind() == Some(kind) {
        true => envelope.id.usable().cloned(),
        false => None,
    };
    match shape {
        Shape::Object(envelope) => id_of(envelope).into_iter().collect(),
        Shape::Batch => messages(line).filter_map(|(_, envelope)| id_of(&envelope)).collect(),
        Shape::NotJson => Vec::new(),
    }
}

/// The request that a line cancels: nobody waits for its answer any more.
fn cancelled(line: &[u8], shape: &Shape) -> Option<Id> {
    match shape {
        Shape::Object(envelope)
            if envelope.method.usable().is_some_and(|name| name == "notifications/cancelled") =>
        {
            Id::cancelled_by(line)
        }
        _ => None,
    }
}
