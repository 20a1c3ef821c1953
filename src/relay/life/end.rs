//! How a session ends, and when: what was asked for, what was done about it, what is due next.
//!
//! The specification's order is to close stdin, then TERM, then KILL. The times fit inside those of every client, and
//! none of them waits for somebody who may never come: a client that does not read, a server that does not listen, a
//! process that left the group and holds the pipes.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::relay::session::Progress;
use crate::relay::settings::Settings;
use crate::sys::os::Process;

/// From the client's end of file to TERM, with nothing in flight. Clients send TERM themselves after 2 s.
const CLOSE_TO_TERM: Duration = Duration::from_millis(1800);

/// From TERM to KILL when we were told to end, and from the server's end to ours. Clients send KILL 1 to 2 s after TERM.
const TERM_TO_KILL: Duration = Duration::from_millis(800);

/// How long a server that closed its stdout may take to end before it is told to.
const SILENT_TO_TERM: Duration = Duration::from_secs(1);

/// How long the pipes of an ended server may stay silent before they are given up: a process that left the group may
/// hold them open for ever.
const LINGER: Duration = Duration::from_millis(500);

/// How far the end of a session has come.
pub(in crate::relay) struct End<'a> {
    settings: &'a Settings,
    /// The client closed its end; what it sent before may still be on its way.
    closed: Option<Instant>,
    /// The server has all of it, and its stdin is closed.
    delivered: bool,
    /// Since then nothing is in flight.
    idle: Option<Instant>,
    /// The client or a signal ended the session.
    asked: bool,
    /// A signal came, or nobody reads what we write: the client wants no more answers.
    deserted: bool,
    /// The server closed its stdout.
    silent: Option<Instant>,
    /// TERM was sent, or would have been if the server were there; KILL follows after this long.
    told: Option<(Instant, Duration)>,
    killed: bool,
    /// The server ended.
    ended: Option<Instant>,
    seen: Progress,
    due: Option<Instant>,
}

impl<'a> End<'a> {
    pub(in crate::relay) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            closed: None,
            delivered: false,
            idle: None,
            asked: false,
            deserted: false,
            silent: None,
            told: None,
            killed: false,
            ended: None,
            seen: Progress::default(),
            due: None,
        }
    }

    /// Whether the client has closed its end and nothing worse has happened.
    pub(in crate::relay) fn draining(&self) -> bool {
        self.closed.is_some() && self.told.is_none()
    }

    /// Whether TERM has been sent.
    pub(in crate::relay) fn terminating(&self) -> bool {
        self.told.is_some()
    }

    /// Whether we ended the session, because the client or a signal asked for it or because the server had gone silent.
    pub(in crate::relay) fn by_us(&self) -> bool {
        self.asked || self.terminating()
    }

    /// Whether the client may still read answers: one that has only closed its end may, however long it took.
    pub(in crate::relay) fn client_waits(&self) -> bool {
        !self.deserted
    }

    /// The client closed its end.
    pub(in crate::relay) fn client_leaves(&mut self) {
        self.asked = true;
        self.closed.get_or_insert_with(Instant::now);
    }

    /// The client closed its end, and the server has everything it sent.
    pub(in crate::relay) fn client_closed(&mut self) {
        self.client_leaves();
        self.delivered = true;
    }

    pub(in crate::relay) fn server_silent(&mut self) {
        self.silent = Some(Instant::now());
    }

    /// The server has ended, and the session goes on without it.
    pub(in crate::relay) fn server_lost(&mut self) {
        (self.silent, self.ended) = (None, None);
    }

    pub(in crate::relay) fn server_ended(&mut self) {
        self.ended = Some(Instant::now());
    }

    /// Ends the session now: a signal came, or nobody reads our answers. A second signal changes nothing: some clients
    /// send INT and TERM together, and the server still gets its time.
    pub(in crate::relay) fn terminate_now(&mut self, process: &Process) {
        (self.asked, self.deserted) = (true, true);
        if !self.terminating() {
            self.terminate(process, TERM_TO_KILL);
        }
    }

    /// Sets the moment of the next step.
    pub(in crate::relay) fn schedule(&mut self, nothing_in_flight: bool) {
        self.idle = match self.closed {
            Some(_) if nothing_in_flight && self.delivered => {
                self.idle.or_else(|| Some(Instant::now()))
            }
            _ => None,
        };
        let drained = self.closed.or(self.ended).map(|since| since + self.settings.drain);
        let steps = match (self.ended, self.told) {
            (Some(ended), Some((told, _))) => [Some(ended.max(told) + TERM_TO_KILL), None],
            (Some(_), None) => [Some(Instant::now() + LINGER), drained],
            (None, Some(_)) if self.killed => [None, None],
            (None, Some((told, then))) => [Some(told + then), None],
            (None, None) => [
                self.silent.map(|silent| silent + SILENT_TO_TERM),
                self.idle.map(|idle| idle + CLOSE_TO_TERM).into_iter().chain(drained).min(),
            ],
        };
        self.due = steps.into_iter().flatten().min();
    }

    /// Waits for the moment of the next step.
    pub(in crate::relay) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }

    /// Takes the next step; true when there is nothing left to wait for.
    pub(in crate::relay) fn escalate(&mut self, process: &Process, now: Progress) -> bool {
        let moved = std::mem::replace(&mut self.seen, now) != now || now.is_busy();
        if self.ended.is_some() {
            let since = self.closed.or(self.ended);
            let late = since.is_some_and(|since| since.elapsed() >= self.settings.drain);
            return self.terminating() || late || !moved;
        }
        if self.terminating() {
            self.killed = true;
            process.kill();
        } else {
            self.terminate(process, self.settings.grace);
        }
        false
    }

    fn terminate(&mut self, process: &Process, then_kill_after: Duration) {
        process.terminate();
        self.told = Some((Instant::now(), then_kill_after));
    }
}
