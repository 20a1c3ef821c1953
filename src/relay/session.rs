//! What both directions of a relay share, and what is written to either side.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{Mutex, Notify};

use super::Settings;
use super::in_flight::{Asking, InFlight};
use super::oddity::Oddities;
use super::record::{Author, Recorder, Recording};
use super::shield::Shield;
use super::stderr::Log;
use super::told::Told;
use crate::mcp::era::PROBE;
use crate::mcp::fields::Fields;
use crate::mcp::scan::messages;
use crate::mcp::{Diagnosis, Envelope, Era, Id, Kind, Refusal, Revision, Shape};
use crate::redact::{Clean, Redactor};
use crate::sys::os::Writer;

/// How much of what we have to say to the server may wait for it, in messages.
const ERRANDS: usize = 1024;

/// What both directions share. One thread relays, so plain cells do.
pub(super) struct Session<'a> {
    pub(super) redactor: &'a Arc<Redactor>,
    pub(super) settings: &'a Settings,
    pub(super) log: &'a Log,
    pub(super) told: Told<'a>,
    writer: Mutex<Writer>,
    /// The server's stdin: not here while it is written to, nor once it is closed.
    stdin: RefCell<Option<ChildStdin>>,
    /// Held by whoever writes to the server.
    turn: Mutex<()>,
    /// How many servers there have been, closed ones counted once more.
    servers: Cell<u64>,
    replaced: Notify,
    recorder: Recorder<'a>,
    /// Requests of the client that wait for the server.
    pub(super) in_flight: InFlight,
    /// Requests of the server that wait for the client.
    pub(super) asking: Asking,
    pub(super) shield: Shield,
    pub(super) oddities: Oddities,
    /// What we have to say to the server ourselves.
    errands: RefCell<VecDeque<Vec<u8>>>,
    errand: Notify,
    /// The revision the session is of, once that is settled.
    pub(super) revision: Cell<Option<Revision>>,
    gone: Notify,
    pub(super) progress: Cell<Progress>,
    pub(super) heard: Cell<bool>,
}

/// What moves from the server to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many bytes came from the server.
    pub(super) bytes: u64,
    /// Whether a write waits for the client.
    writing: bool,
    /// Whether a search runs aside.
    searching: bool,
}

impl Progress {
    /// Whether the client is being waited for.
    pub(super) fn is_writing(self) -> bool {
        self.writing
    }

    /// Whether something of the server is on its way to the client, although nothing moves that could be seen.
    pub(super) fn is_busy(self) -> bool {
        self.writing || self.searching
    }

    /// The same while a search runs aside, or does not any more.
    pub(super) fn searching(self, searching: bool) -> Self {
        Self { searching, ..self }
    }
}

impl<'a> Session<'a> {
    /// A session without a server yet, that writes to the client through `writer`, and down into `recording`.
    pub(super) fn new(
        redactor: &'a Arc<Redactor>,
        settings: &'a Settings,
        log: &'a Log,
        told: Told<'a>,
        writer: Writer,
        recording: Option<Recording>,
    ) -> Self {
        Self {
            redactor,
            settings,
            log,
            told,
            writer: Mutex::new(writer),
            stdin: RefCell::default(),
            turn: Mutex::default(),
            servers: Cell::new(0),
            replaced: Notify::new(),
            recorder: Recorder::new(recording, redactor, log),
            in_flight: InFlight::default(),
            asking: Asking::default(),
            shield: Shield::new(settings.era),
            oddities: Oddities::default(),
            errands: RefCell::default(),
            errand: Notify::new(),
            revision: Cell::new(None),
            gone: Notify::new(),
            progress: Cell::default(),
            heard: Cell::new(false),
        }
    }

    /// A future that ends when the client's end of our stdout is closed.
    ///
    /// # Errors
    /// The descriptor cannot be watched.
    pub(super) async fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        self.writer.lock().await.hangup()
    }

    /// Waits until a write told us that the client is gone.
    pub(super) async fn client_gone(&self) {
        self.gone.notified().await;
    }

    /// How far the server's messages have come.
    pub(super) fn progress(&self) -> Progress {
        self.progress.get()
    }

    pub(super) fn note_read(&self, count: usize) {
        let before = self.progress.get();
        self.progress.set(Progress { bytes: before.bytes + count as u64, ..before });
    }

    fn note_writing(&self, writing: bool) {
        self.progress.set(Progress { writing, ..self.progress.get() });
    }

    /// What may be done where in a message of this session.
    pub(super) fn fields(&self) -> Fields {
        Fields { revision: self.revision.get(), data: false }
    }

    /// Whether the session is known to be of the stateless era.
    pub(super) fn is_stateless(&self) -> bool {
        self.revision.get().is_some_and(|revision| revision.era() == Era::Stateless)
    }

    /// Tells that the server's era is known, for next time.
    pub(super) fn era_learned(&self) -> Option<Era> {
        self.shield.learned().filter(|era| Some(*era) != self.settings.era)
    }

    /// Sends the server's next messages to another one; `None` closes the stdin of the last. Never waits for somebody who
    /// is writing: that is to a server that may never read it.
    pub(super) fn connect(&self, stdin: Option<ChildStdin>) {
        self.servers.set(self.servers.get() + 1);
        self.replaced.notify_waiters();
        self.stdin.replace(stdin);
    }

    /// Forgets what was between the client and a server that is gone: nobody else knows of it.
    pub(super) fn forget(&self) {
        self.asking.clear();
        self.errands.take();
    }

    /// Passes a line on to the server as it is; whether there was one to take it.
    pub(super) async fn forward(&self, line: &[u8]) -> bool {
        self.write_to_server(Author::Client, line).await
    }

    async fn write_to_server(&self, from: Author, line: &[u8]) -> bool {
        let _turn = self.turn.lock().await;
        let Some(mut server) = self.stdin.take() else { return false };
        let which = self.servers.get();
        let whole = ended(line);
        let sent = tokio::select! {
            biased;
            sent = server.write_all(&whole) => sent.is_ok(),
            () = self.replaced.notified() => false,
        };
        if sent {
            self.recorder.to_server(from, line);
            if self.servers.get() == which {
                self.stdin.replace(Some(server));
            }
        }
        true
    }

    /// Answers a request of the server with an error of our own. It is written when the server reads: the direction that
    /// relays what the server says must never wait for it. One that asks and asks and never reads is told no more.
    pub(super) fn refuse_server(&self, id: Option<&Id>, refusal: &Refusal) {
        let mut errands = self.errands.borrow_mut();
        if errands.len() < ERRANDS {
            errands.push_back(refusal.answer(id));
            self.errand.notify_one();
        }
    }

    /// Writes what we have to say to the server, for ever.
    pub(super) async fn run_errands(&self) {
        loop {
            self.errand.notified().await;
            while let Some(line) = self.next_errand() {
                self.write_to_server(Author::Hushpipe, &line).await;
            }
        }
    }

    fn next_errand(&self) -> Option<Vec<u8>> {
        self.errands.borrow_mut().pop_front()
    }

    /// Answers every request that the server left open; `how` says how it ended.
    pub(super) async fn answer_the_rest(&self, how: String, diagnosis: Option<Diagnosis>) {
        let refusal = Refusal::server_ended(&self.settings.server, &how);
        let refusal = refusal.diagnosed(diagnosis.as_ref());
        self.refuse(&self.in_flight.take(), &refusal).await;
    }

    /// Answers the probes that a server which could not bear them left open. They are taken at once and not when the future
    /// is first polled: the client's `initialize` may be open by then, and a fresh server answers that.
    pub(super) fn refuse_probes(&self) -> impl Future<Output = ()> {
        let probes = self.in_flight.take();
        async move { self.refuse(&probes, &Refusal::no_such_method(PROBE)).await }
    }

    /// Answers requests of the client with an error of our own.
    pub(super) async fn refuse(&self, requests: &[Id], refusal: &Refusal) {
        for id in requests {
            self.answer(&refusal.answer(Some(id))).await;
        }
    }

    /// Sends a line that we made ourselves. An id in it is the client's own, and the rest names no value; what is withheld
    /// even so has nobody to tell it to.
    pub(super) async fn answer(&self, line: &[u8]) {
        if let Ok(cleaned) = self.redactor.frame(line, self.fields()) {
            self.write_to_client(Author::Hushpipe, &cleaned.clean).await;
        }
    }

    /// Sends a line of the server on to the client.
    pub(super) async fn send(&self, clean: &Clean<'_>) {
        self.write_to_client(Author::Server, clean).await;
    }

    async fn write_to_client(&self, from: Author, clean: &Clean<'_>) {
        let mut writer = self.writer.lock().await;
        self.note_writing(true);
        let sent = writer.write_all(&ended(clean.as_bytes())).await;
        self.note_writing(false);
        match sent {
            Ok(()) => self.recorder.to_client(from, clean),
            Err(_) => self.gone.notify_one(),
        }
    }
}

/// A line with the line feed that ends it: half a line at the end of a stream is a line all the same, and whoever
/// splits at line feeds needs one.
fn ended(line: &[u8]) -> Cow<'_, [u8]> {
    match line.ends_with(b"\n") {
        true => line.into(),
        false => [line, b"\n"].concat().into(),
    }
}

/// The ids in a line: of requests, or of those that responses answer. A batch too long to keep has none.
pub(super) fn ids(line: &[u8], shape: &Shape, kind: Kind) -> Vec<Id> {
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
