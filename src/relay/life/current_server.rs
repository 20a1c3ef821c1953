//! The server that runs now: its process, its output, and a fresh server in its place where the opening of the session
//! needs one.

use std::process::ExitStatus;
use std::rc::Rc;

use super::phase::{ServerEvent, ServerPhase};
use crate::launch::file::SecretFiles;
use crate::mcp::{Diagnosis, Era};
use crate::redact::Finding;
use crate::relay::endpoints::{Again, Server};
use crate::relay::pump::Pump;
use crate::relay::session::Session;
use crate::relay::to_client::relay_to_client;
use crate::relay::wire::stderr::{self, Tail};
use crate::sys::command::{Started, Streams};
use crate::sys::os::{self, Process};

/// The server that runs now. Nothing here waits: what has to wait is a [`Pump`], which runs beside the others.
pub(crate) struct CurrentServer<'s, 'a> {
    session: &'s Session<'a>,
    pub(crate) process: Process,
    /// Held for the server that reads them.
    _files: SecretFiles,
    /// Writes to the client: the server's output, and after its end our answers in its place.
    pub(crate) to_client: Pump<'s>,
    pub(crate) logs: Pump<'s>,
    phase: ServerPhase,
    again: &'s Again<'s>,
    learn: &'s dyn Fn(Era),
    learned: Option<Era>,
    /// The end of its log.
    tail: Rc<Tail>,
    diagnose: &'s dyn Fn(&str) -> Option<Diagnosis>,
    /// Why it ended, once that was examined.
    diagnosis: Option<Option<Diagnosis>>,
}

impl<'s, 'a> CurrentServer<'s, 'a> {
    /// A server that runs.
    pub(crate) fn new(server: Server<'s>, session: &'s Session<'a>) -> Self {
        let Server { spawned, again, learn, diagnose, .. } = server;
        let (Started { streams, process }, files) = spawned;
        let mut current = Self {
            session,
            process,
            _files: files,
            to_client: None,
            logs: None,
            phase: ServerPhase::Serving,
            again,
            learn,
            learned: None,
            tail: Rc::default(),
            diagnose,
            diagnosis: None,
        };
        current.connect(streams);
        current
    }

    fn connect(&mut self, Streams { stdin, stdout, stderr }: Streams) {
        let session = self.session;
        session.connect(Some(stdin));
        self.to_client = Some(Box::pin(relay_to_client(session, stdout)));
        let tail = Rc::<Tail>::default();
        self.tail = Rc::clone(&tail);
        let record = |findings: &[Finding]| session.report.record(findings, None);
        let pump = stderr::pump(stderr, session.redactor, session.log, record, tail);
        self.logs = Some(Box::pin(pump));
    }

    fn happens(&mut self, event: ServerEvent) {
        self.phase = self.phase.after(event);
    }

    /// Whether its process may still have to end.
    pub(crate) fn runs(&self) -> bool {
        self.phase == ServerPhase::Serving
    }

    /// Its process has ended. When all its output has arrived, it is clear whether the session ends with it.
    pub(crate) fn ended(&mut self, status: ExitStatus) {
        self.happens(ServerEvent::Ends(status));
    }

    /// How it ended, if its end is the session's.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        self.phase.final_status()
    }

    /// Whether it has ended for good, so that its leases are of no use any more.
    pub(crate) fn is_gone(&self) -> bool {
        match self.phase {
            ServerPhase::Serving | ServerPhase::Replaceable(_) => false,
            ServerPhase::Draining(_) => self.is_silent(),
            ServerPhase::Answering(_) => true,
        }
    }

    /// Ends it, if the session goes on without it.
    pub(crate) fn dismiss(&self) {
        if self.runs() && self.session.handshake.may_replace_server() {
            self.process.kill();
        }
    }

    /// Whether it runs on with its stdout closed, and the session can do without it.
    pub(crate) fn is_mute(&self) -> bool {
        self.runs() && self.to_client.is_none() && self.session.handshake.may_replace_server()
    }

    /// Closes its pipes, which another process holds open, if the session goes on without it; whether that is so. A frame that
    /// is being written is never cut.
    pub(crate) fn cut(&mut self) -> bool {
        let cut = matches!(self.phase, ServerPhase::Draining(_))
            && self.session.handshake.may_replace_server()
            && !self.session.progress().is_writing();
        if cut {
            (self.to_client, self.logs) = (None, None);
        }
        cut
    }

    /// Leaves the session, if that goes on without it: all its output has arrived, and it had only probes to answer. Those are
    /// answered as a server answers that does not know the method. Returns whether it has left.
    pub(crate) fn gives_way(&mut self) -> bool {
        let draining = matches!(self.phase, ServerPhase::Draining(_));
        if !draining || !self.is_silent() || !self.session.handshake.server_ended() {
            return false;
        }
        self.happens(ServerEvent::GivesWay);
        self.session.connect(None);
        self.session.forget();
        if !self.session.handshake.is_replacing() {
            self.to_client = Some(Box::pin(self.session.refuse_probes()));
        }
        true
    }

    /// Starts a fresh server in its place, if one is wanted by now. If that fails, the session ends.
    pub(crate) fn renew(&mut self) {
        let replaceable = matches!(self.phase, ServerPhase::Replaceable(_));
        if !replaceable || !self.session.handshake.is_replacing() || !self.is_silent() {
            return;
        }
        match (self.again)(&mut self.process) {
            Ok((streams, files)) => {
                self._files = files;
                self.connect(streams);
                self.happens(ServerEvent::Restarted);
                self.session.handshake.server_replaced();
            }
            Err(error) => {
                self.session.log.note(&format!("error: {error}"));
                self.answer_the_rest("could not be started again".to_owned());
            }
        }
    }

    /// Examines once why it ended before its first output, and logs it.
    fn find_diagnosis(&mut self, status: ExitStatus) {
        if self.diagnosis.is_some() {
            return;
        }
        let failed = !status.success() && self.session.progress().bytes == 0;
        let found = failed.then(|| (self.diagnose)(&self.tail.text())).flatten();
        if let Some(Diagnosis { cause, hint }) = &found {
            let log = self.session.log;
            log.note(&format!("error: server `{}` could not start", self.session.settings.server));
            log.note(&format!("cause: {cause}"));
            log.note(&format!("hint: {hint}"));
        }
        self.diagnosis = Some(found);
    }

    /// Why it ended, where that was found out.
    pub(crate) fn take_diagnosis(&mut self) -> Option<Diagnosis> {
        self.diagnosis.take().flatten()
    }

    fn is_silent(&self) -> bool {
        self.to_client.is_none() && self.logs.is_none()
    }

    fn answer_the_rest(&mut self, how: String) {
        self.happens(ServerEvent::AnsweringBegins);
        let diagnosis = self.diagnosis.clone().flatten();
        self.to_client = Some(Box::pin(self.session.answer_the_rest(how, diagnosis)));
    }

    /// Stores the era that the session has shown, once.
    pub(crate) fn keep_era(&mut self) {
        if let Some(era) = self.session.era_learned()
            && self.learned.replace(era) != Some(era)
        {
            (self.learn)(era);
        }
    }

    /// Whether nothing is left to do. Answers first what the server left open, if a client waits for that.
    pub(crate) fn is_over(&mut self, client_closed: bool, client_waits: bool) -> bool {
        match self.phase {
            ServerPhase::Serving => false,
            ServerPhase::Replaceable(_) => client_closed && (self.is_silent() || !client_waits),
            ServerPhase::Answering(_) => self.is_silent() || !client_waits,
            ServerPhase::Draining(_) if !self.is_silent() => false,
            ServerPhase::Draining(status) => {
                self.find_diagnosis(status);
                if self.session.pending.of_client.is_empty() || !client_waits {
                    return true;
                }
                self.answer_the_rest(os::describe(status));
                false
            }
        }
    }
}
