//! What both directions of a relay share, and what is written to either side.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{Mutex, Notify};

use super::life::handshake::ProbeFallback;
use super::pending::Pending;
use super::report::FindingsReport;
use super::settings::Settings;
use super::turn::Answer;
use super::violation::{Violation, Violations};
use super::wire::log::Log;
use super::wire::record::{Author, Recorder, Recording, Side};
use crate::mcp::era::PROBE;
use crate::mcp::fields::Fields;
use crate::mcp::{Diagnosis, Era, Id, Refusal, Revision};
use crate::redact::{Clean, Redactor};
use crate::sys::os::Writer;

/// How many answers of our own may wait for a server that does not read.
const MAX_QUEUED: usize = 1024;

/// The state that both directions share. One thread relays, so plain cells do.
pub(super) struct Session<'a> {
    pub(super) redactor: &'a Arc<Redactor>,
    pub(super) settings: &'a Settings,
    pub(super) log: &'a Log,
    pub(super) report: FindingsReport<'a>,
    writer: Mutex<Writer>,
    /// The server's stdin. `None` while it is written to, and once it is closed.
    stdin: RefCell<Option<ChildStdin>>,
    /// Held by whoever writes to the server.
    writing: Mutex<()>,
    /// Generation of `stdin`: incremented whenever it is replaced or closed.
    generation: Cell<u64>,
    replaced: Notify,
    recorder: Recorder<'a>,
    pub(super) pending: Pending,
    pub(super) handshake: ProbeFallback,
    violations: Violations,
    /// Answers of our own that wait for the server to read them.
    queue: RefCell<VecDeque<Vec<u8>>>,
    queued: Notify,
    /// The revision of the session, once it is known.
    pub(super) revision: Cell<Option<Revision>>,
    gone: Notify,
    pub(super) progress: Cell<Progress>,
    pub(super) heard: Cell<bool>,
}

/// Progress of the server's output on its way to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many bytes came from the server.
    pub(super) bytes: u64,
    /// Whether a write waits for the client.
    writing: bool,
    /// Whether a long message is being searched.
    searching: bool,
}

impl Progress {
    /// Whether the client is being waited for.
    pub(super) fn is_writing(self) -> bool {
        self.writing
    }

    /// Whether output is on its way to the client although no byte moves: it is being written or searched.
    pub(super) fn is_busy(self) -> bool {
        self.writing || self.searching
    }

    /// The same progress, while a long message is searched or not.
    pub(super) fn searching(self, searching: bool) -> Self {
        Self { searching, ..self }
    }
}

impl<'a> Session<'a> {
    /// A session that writes to the client through `writer`, and to `recording`. It has no server yet.
    pub(super) fn new(
        redactor: &'a Arc<Redactor>,
        settings: &'a Settings,
        log: &'a Log,
        report: FindingsReport<'a>,
        writer: Writer,
        recording: Option<Recording>,
    ) -> Self {
        Self {
            redactor,
            settings,
            log,
            report,
            writer: Mutex::new(writer),
            stdin: RefCell::default(),
            writing: Mutex::default(),
            generation: Cell::new(0),
            replaced: Notify::new(),
            recorder: Recorder::new(recording, redactor, log),
            pending: Pending::default(),
            handshake: ProbeFallback::new(settings.era),
            violations: Violations::default(),
            queue: RefCell::default(),
            queued: Notify::new(),
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

    /// Waits until a write has failed because the client is gone.
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

    /// The fields that redaction may change in a message of this session.
    pub(super) fn fields(&self) -> Fields {
        Fields { revision: self.revision.get(), data: false }
    }

    /// Whether the session is known to be of the stateless era.
    pub(super) fn is_stateless(&self) -> bool {
        self.revision.get().is_some_and(|revision| revision.era() == Era::Stateless)
    }

    /// The server's era, if this session has shown it and it was not known before.
    pub(super) fn era_learned(&self) -> Option<Era> {
        self.handshake.learned().filter(|era| Some(*era) != self.settings.era)
    }

    /// Replaces the server that messages go to; `None` closes the stdin of the last one. Never waits for a write in progress:
    /// the old server may never read.
    pub(super) fn connect(&self, stdin: Option<ChildStdin>) {
        self.generation.set(self.generation.get() + 1);
        self.replaced.notify_waiters();
        self.stdin.replace(stdin);
    }

    /// Forgets the open requests of a server that is gone, and our answers to them: a fresh server knows nothing of them.
    pub(super) fn forget(&self) {
        self.pending.of_server.clear();
        self.queue.take();
    }

    /// Passes a line on to the server as it is; whether there is a server that takes it.
    pub(super) async fn forward(&self, line: &[u8]) -> bool {
        self.write_to_server(Author::Client, line).await
    }

    async fn write_to_server(&self, from: Author, line: &[u8]) -> bool {
        let _writing = self.writing.lock().await;
        let Some(mut server) = self.stdin.take() else { return false };
        let generation = self.generation.get();
        let whole = ended(line);
        let sent = tokio::select! {
            biased;
            sent = server.write_all(&whole) => sent.is_ok(),
            () = self.replaced.notified() => false,
        };
        if sent {
            self.recorder.to_server(from, line);
            if self.generation.get() == generation {
                self.stdin.replace(Some(server));
            }
        }
        true
    }

    /// Counts a violation of the protocol.
    pub(super) fn violation(&self, violation: Violation) {
        self.violations.count(violation, self.log);
    }

    /// Logs, at the end of the session, what was only counted before.
    pub(super) fn sum_up(&self) {
        self.violations.sum_up(self.log);
        self.report.sum_up();
    }

    /// Answers a request of this side.
    pub(super) async fn answer_to(
        &self,
        side: Side,
        id: Option<&Id>,
        answer: &Answer,
        stateless: bool,
    ) {
        match side {
            Side::Client => self.answer(&answer.line(id, stateless)).await,
            Side::Server => self.queue_for_server(|| answer.line(id, stateless)),
        }
    }

    /// Queues a line of our own for the server. The direction that relays the server's output must never wait for the
    /// server to read. A server that keeps asking and never reads gets no more answers when the queue is full.
    fn queue_for_server(&self, line: impl FnOnce() -> Vec<u8>) {
        let mut queue = self.queue.borrow_mut();
        if queue.len() < MAX_QUEUED {
            queue.push_back(line());
            self.queued.notify_one();
        }
    }

    /// Writes the queue to the server, for ever.
    pub(super) async fn write_queue(&self) {
        loop {
            self.queued.notified().await;
            while let Some(line) = self.next_in_queue() {
                self.write_to_server(Author::Hushpipe, &line).await;
            }
        }
    }

    fn next_in_queue(&self) -> Option<Vec<u8>> {
        self.queue.borrow_mut().pop_front()
    }

    /// Answers every request that the server left open; `how` says how it ended.
    pub(super) async fn answer_the_rest(&self, how: String, diagnosis: Option<Diagnosis>) {
        let refusal = Refusal::server_ended(&self.settings.server, &how);
        let refusal = refusal.diagnosed(diagnosis.as_ref());
        self.refuse(&self.pending.of_client.take(), &refusal).await;
    }

    /// Answers the probes that a server left open when it failed. They are taken at once and not when the future is first
    /// polled: the client's `initialize` may be open by then, and a fresh server answers that.
    pub(super) fn refuse_probes(&self) -> impl Future<Output = ()> {
        let probes = self.pending.of_client.take();
        async move { self.refuse(&probes, &Refusal::no_such_method(PROBE)).await }
    }

    /// Answers requests of the client with an error of our own.
    async fn refuse(&self, requests: &[Id], refusal: &Refusal) {
        for id in requests {
            self.answer(&refusal.answer(Some(id))).await;
        }
    }

    /// Sends a line that we made ourselves. It is redacted too: the client's id in it may hold a value.
    async fn answer(&self, line: &[u8]) {
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

/// A line with its line feed. The last line of a stream may lack one, and readers that split at line feeds need it.
fn ended(line: &[u8]) -> Cow<'_, [u8]> {
    match line.ends_with(b"\n") {
        true => line.into(),
        false => [line, b"\n"].concat().into(),
    }
}
