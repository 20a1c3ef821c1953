//! The server of the moment: its process, the directions that come from it, and another one in its place where the probe
//! shield wants that.

use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::timeout;

use super::session::Session;
use super::{Again, Pump, Server, run, stderr};
use crate::launch::file::SecretFiles;
use crate::mcp::era::PROBE;
use crate::mcp::{Era, Refusal};
use crate::sys::command::{Started, Streams};
use crate::sys::os::{self, Process};

/// How long the log of a server that has ended is read before another one starts.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The server of the moment.
pub(super) struct Backend<'s, 'a> {
    session: &'s Session<'a>,
    pub(super) process: Process,
    /// Held for the server that reads them.
    _files: SecretFiles,
    pub(super) to_client: Pump<'s>,
    pub(super) logs: Pump<'s>,
    /// How it ended, when its end is the session's.
    pub(super) status: Option<ExitStatus>,
    /// Whether it has ended and its end is not the session's.
    lost: bool,
    /// Whether what it left open is answered, or being answered.
    answered: bool,
    again: &'s Again<'s>,
    learn: &'s dyn Fn(Era),
    learned: Option<Era>,
}

impl<'s, 'a> Backend<'s, 'a> {
    /// A server that runs.
    pub(super) async fn of(server: Server<'s>, session: &'s Session<'a>) -> Self {
        let Server { spawned: (Started { streams, process }, files), again, learn } = server;
        let mut backend = Self {
            session,
            process,
            _files: files,
            to_client: None,
            logs: None,
            status: None,
            lost: false,
            answered: false,
            again,
            learn,
            learned: None,
        };
        backend.connect(streams).await;
        backend
    }

    async fn connect(&mut self, Streams { stdin, stdout, stderr }: Streams) {
        let session = self.session;
        session.connect(Some(stdin)).await;
        self.to_client = Some(Box::pin(session.to_client(stdout)));
        self.logs = Some(Box::pin(stderr::pump(stderr, session.redactor, session.log)));
        self.lost = false;
    }

    /// Whether its process may still have to end.
    pub(super) fn runs(&self) -> bool {
        self.status.is_none() && !self.lost
    }

    /// Its process has ended; whether the session ends with it.
    pub(super) async fn ended(&mut self, status: ExitStatus) -> bool {
        let Some(probe) = self.session.shield.survives() else {
            self.status = Some(status);
            return true;
        };
        self.give_up().await;
        if let Some(probe) = probe {
            self.session
                .refuse(std::slice::from_ref(&probe), &Refusal::no_such_method(PROBE))
                .await;
            self.session.in_flight.settle(&probe);
        }
        false
    }

    /// Nothing that it said after the probe on stdout is worth anything.
    async fn give_up(&mut self) {
        self.to_client = None;
        let _ = timeout(LAST_WORDS, run(&mut self.logs)).await;
        self.logs = None;
        self.session.connect(None).await;
        self.lost = true;
    }

    /// Puts a fresh server in its place; whether there was one to be had. If not, the session ends.
    pub(super) async fn renew(&mut self) -> bool {
        if !self.lost {
            self.process.kill();
        }
        let status = self.process.wait().await;
        self.give_up().await;
        match (self.again)(&mut self.process) {
            Ok((streams, files)) => {
                self._files = files;
                self.connect(streams).await;
            }
            Err(error) => {
                self.session.log.note(&format!("error: {error}"));
                (self.status, self.lost) = (Some(status), false);
            }
        }
        self.session.shield.renew();
        self.status.is_none()
    }

    /// Keeps what the session has shown of the server's era, once.
    pub(super) fn keep_era(&mut self) {
        if let Some(era) = self.session.era_learned()
            && self.learned.replace(era) != Some(era)
        {
            (self.learn)(era);
        }
    }

    /// Whether nothing is left to do. Has what the server left open answered first, if a client waits for that.
    pub(super) fn is_over(&mut self, client_closed: bool, client_waits: bool) -> bool {
        if self.lost {
            return client_closed;
        }
        let drained = self.to_client.is_none() && self.logs.is_none();
        let Some(status) = self.status.filter(|_| drained) else { return false };
        if self.answered || self.session.in_flight.is_empty() || !client_waits {
            return true;
        }
        self.answered = true;
        self.to_client = Some(Box::pin(self.session.answer_the_rest(os::describe(status))));
        false
    }
}
