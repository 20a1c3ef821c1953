//! The server of the moment: its process, the directions that come from it, and another one in its place where the probe
//! shield wants that.

use std::process::ExitStatus;
use std::rc::Rc;

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

/// The server of the moment. Nothing here waits: what has to wait is a [`Pump`], which runs beside the others.
pub(in crate::relay) struct CurrentServer<'s, 'a> {
    session: &'s Session<'a>,
    pub(in crate::relay) process: Process,
    /// Held for the server that reads them.
    _files: SecretFiles,
    /// What goes to the client: what the server says, and at its end what we say in its place.
    pub(in crate::relay) to_client: Pump<'s>,
    pub(in crate::relay) logs: Pump<'s>,
    standing: Standing,
    /// Whether what it left open is answered, or being answered.
    answered: bool,
    again: &'s Again<'s>,
    learn: &'s dyn Fn(Era),
    learned: Option<Era>,
    /// The end of its log.
    tail: Rc<Tail>,
    diagnose: &'s dyn Fn(&str) -> Option<Diagnosis>,
    /// Why it ended, once that was looked for.
    diagnosis: Option<Option<Diagnosis>>,
}

/// What has become of the server.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// It runs, as far as we know.
    Runs,
    /// Its process has ended; what it said may still be on its way.
    Ended(ExitStatus),
    /// It is gone, and the session goes on: another one may be wanted.
    Lost(ExitStatus),
    /// It is gone, and no other one could be started.
    Over(ExitStatus),
}

impl<'s, 'a> CurrentServer<'s, 'a> {
    /// A server that runs.
    pub(in crate::relay) fn new(server: Server<'s>, session: &'s Session<'a>) -> Self {
        let Server { spawned, again, learn, diagnose, .. } = server;
        let (Started { streams, process }, files) = spawned;
        let mut current = Self {
            session,
            process,
            _files: files,
            to_client: None,
            logs: None,
            standing: Standing::Runs,
            answered: false,
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
        self.standing = Standing::Runs;
    }

    /// Whether its process may still have to end.
    pub(in crate::relay) fn runs(&self) -> bool {
        matches!(self.standing, Standing::Runs)
    }

    /// Its process has ended. Whether the session ends with it shows when all that it said has arrived.
    pub(in crate::relay) fn ended(&mut self, status: ExitStatus) {
        self.standing = Standing::Ended(status);
    }

    /// How it ended, if its end is the session's.
    pub(in crate::relay) fn status(&self) -> Option<ExitStatus> {
        match self.standing {
            Standing::Ended(status) | Standing::Over(status) => Some(status),
            Standing::Runs | Standing::Lost(_) => None,
        }
    }

    /// Whether it has ended for good: what it was given is of no use to it any more.
    pub(in crate::relay) fn is_gone(&self) -> bool {
        match self.standing {
            Standing::Runs | Standing::Lost(_) => false,
            Standing::Ended(_) => self.answered || self.is_silent(),
            Standing::Over(_) => true,
        }
    }

    /// Ends it, where the session goes on without it.
    pub(in crate::relay) fn dismiss(&self) {
        if self.runs() && self.session.handshake.may_replace_server() {
            self.process.kill();
        }
    }

    /// Whether it runs on with its stdout closed, and the session can do without it.
    pub(in crate::relay) fn is_mute(&self) -> bool {
        self.runs() && self.to_client.is_none() && self.session.handshake.may_replace_server()
    }

    /// Gives up its pipes, which somebody else holds open, where the session goes on without it; whether that is so. A frame
    /// that is being written is never cut.
    pub(in crate::relay) fn cut(&mut self) -> bool {
        let cut = matches!(self.standing, Standing::Ended(_))
            && self.session.handshake.may_replace_server()
            && !self.session.progress().is_writing();
        if cut {
            (self.to_client, self.logs) = (None, None);
        }
        cut
    }

    /// Leaves the session where that goes on without it: all that it said has arrived, and probes were all it had to answer.
    /// Those get the answer of a server that knows no such method.
    pub(in crate::relay) fn gives_way(&mut self) -> bool {
        let Standing::Ended(status) = self.standing else { return false };
        if !self.is_silent() || !self.session.handshake.server_ended() {
            return false;
        }
        self.standing = Standing::Lost(status);
        self.session.connect(None);
        self.session.forget();
        if !self.session.handshake.is_replacing() {
            self.to_client = Some(Box::pin(self.session.refuse_probes()));
        }
        true
    }

    /// Starts another one in place of one that is lost, if it is wanted by now. If there is none to be had, the session ends.
    pub(in crate::relay) fn renew(&mut self) {
        let Standing::Lost(status) = self.standing else { return };
        if !self.session.handshake.is_replacing() || !self.is_silent() {
            return;
        }
        match (self.again)(&mut self.process) {
            Ok((streams, files)) => {
                self._files = files;
                self.connect(streams);
                self.session.handshake.server_replaced();
            }
            Err(error) => {
                self.session.log.note(&format!("error: {error}"));
                self.standing = Standing::Over(status);
                self.answer_the_rest("could not be started again".to_owned());
            }
        }
    }

    /// Looks once for why it ended by itself before it had said anything, and tells the person.
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
    pub(in crate::relay) fn take_diagnosis(&mut self) -> Option<Diagnosis> {
        self.diagnosis.take().flatten()
    }

    fn is_silent(&self) -> bool {
        self.to_client.is_none() && self.logs.is_none()
    }

    fn answer_the_rest(&mut self, how: String) {
        self.answered = true;
        let diagnosis = self.diagnosis.clone().flatten();
        self.to_client = Some(Box::pin(self.session.answer_the_rest(how, diagnosis)));
    }

    /// Keeps what the session has shown of the server's era, once.
    pub(in crate::relay) fn keep_era(&mut self) {
        if let Some(era) = self.session.era_learned()
            && self.learned.replace(era) != Some(era)
        {
            (self.learn)(era);
        }
    }

    /// Whether nothing is left to do. Has what the server left open answered first, if a client waits for that.
    pub(in crate::relay) fn is_over(&mut self, client_closed: bool, client_waits: bool) -> bool {
        match self.standing {
            Standing::Runs => false,
            Standing::Lost(_) => client_closed && (self.is_silent() || !client_waits),
            Standing::Over(_) => self.is_silent() || !client_waits,
            Standing::Ended(_) if !self.is_silent() => false,
            Standing::Ended(status) => {
                self.find_diagnosis(status);
                if self.answered || self.session.pending.of_client.is_empty() || !client_waits {
                    return true;
                }
                self.answer_the_rest(os::describe(status));
                false
            }
        }
    }
}
