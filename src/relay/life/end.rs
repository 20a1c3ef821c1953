//! Ends a session step by step: stdin closed, then TERM, then KILL, in the specification's order.
//!
//! The times are shorter than those of every client. No step waits for a peer that may never act: a client that does not
//! read, a server that ignores signals, a process that left the group and holds the pipes open.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::relay::session::Progress;
use crate::relay::settings::Settings;
use crate::sys::os::Process;

/// From the client's end of file to TERM, with nothing in flight. Clients send TERM themselves after 2 s.
const CLOSE_TO_TERM: Duration = Duration::from_millis(1800);

/// From TERM to KILL when we were asked to end, and from the server's end to ours. Clients send KILL 1 to 2 s after TERM.
const TERM_TO_KILL: Duration = Duration::from_millis(800);

/// From the end of the server's stdout to TERM.
const SILENT_TO_TERM: Duration = Duration::from_secs(1);

/// How long the pipes of an ended server may stay silent before they are given up: a process that left the group may
/// hold them open for ever.
const LINGER: Duration = Duration::from_millis(500);

/// How far the client's input has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientInput {
    Open,
    /// The client closed its end at this time. What it sent before may still be on its way.
    Closed(Instant),
    /// The same, and the server has all of it; its stdin is closed.
    Delivered(Instant),
}

/// How far the server's output has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerOutput {
    Open,
    /// The server closed its stdout at this time, and runs on.
    Closed(Instant),
    /// The server ended at this time.
    Ended(Instant),
}

/// What was done to end the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    Nothing,
    /// TERM was sent at this time, or would have been if the server were there; KILL follows after this long.
    Term(Instant, Duration),
    /// KILL was sent; TERM at this time.
    Kill(Instant),
}

/// How far the end of a session has come.
pub(crate) struct End<'a> {
    settings: &'a Settings,
    input: ClientInput,
    output: ServerOutput,
    stop: Shutdown,
    /// Since when all input is delivered and nothing is in flight.
    idle: Option<Instant>,
    /// A signal came, or nobody reads our output: the client wants no more answers.
    deserted: bool,
    seen: Progress,
    due: Option<Instant>,
}

impl<'a> End<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            input: ClientInput::Open,
            output: ServerOutput::Open,
            stop: Shutdown::Nothing,
            idle: None,
            deserted: false,
            seen: Progress::default(),
            due: None,
        }
    }

    /// Whether the client has closed its end, and TERM has not been sent.
    pub(crate) fn draining(&self) -> bool {
        self.closed().is_some() && !self.terminating()
    }

    /// Whether TERM has been sent.
    pub(crate) fn terminating(&self) -> bool {
        self.stop != Shutdown::Nothing
    }

    /// Whether we ended the session, because the client or a signal asked for it, or because the server closed its stdout.
    pub(crate) fn by_us(&self) -> bool {
        self.closed().is_some() || self.terminating()
    }

    /// Whether the client may still read answers: one that has only closed its end may, however long ago.
    pub(crate) fn client_waits(&self) -> bool {
        !self.deserted
    }

    /// When the client closed its end.
    fn closed(&self) -> Option<Instant> {
        match self.input {
            ClientInput::Open => None,
            ClientInput::Closed(at) | ClientInput::Delivered(at) => Some(at),
        }
    }

    /// When the server ended.
    fn ended(&self) -> Option<Instant> {
        match self.output {
            ServerOutput::Open | ServerOutput::Closed(_) => None,
            ServerOutput::Ended(at) => Some(at),
        }
    }

    /// The client closed its end.
    pub(crate) fn client_leaves(&mut self) {
        if self.input == ClientInput::Open {
            self.input = ClientInput::Closed(Instant::now());
        }
    }

    /// The client closed its end, and the server has everything it sent.
    pub(crate) fn client_closed(&mut self) {
        self.input = ClientInput::Delivered(self.closed().unwrap_or_else(Instant::now));
    }

    pub(crate) fn server_silent(&mut self) {
        self.output = ServerOutput::Closed(Instant::now());
    }

    /// The server has ended, and the session goes on without it.
    pub(crate) fn server_lost(&mut self) {
        self.output = ServerOutput::Open;
    }

    pub(crate) fn server_ended(&mut self) {
        self.output = ServerOutput::Ended(Instant::now());
    }

    /// Ends the session now: a signal came, or nobody reads our output. A second signal changes nothing, because some clients
    /// send INT and TERM together, and the server still gets its time.
    pub(crate) fn terminate_now(&mut self, process: &Process) {
        self.deserted = true;
        if !self.terminating() {
            self.terminate(process, TERM_TO_KILL);
        }
    }

    /// Sets the moment of the next step.
    pub(crate) fn schedule(&mut self, nothing_in_flight: bool) {
        let now = Instant::now();
        self.idle = match self.input {
            ClientInput::Delivered(_) if nothing_in_flight => self.idle.or(Some(now)),
            _ => None,
        };
        self.due = self.next_step(now);
    }

    /// The moment of the next step, if one is due.
    fn next_step(&self, now: Instant) -> Option<Instant> {
        let drained = self.closed().or(self.ended()).map(|since| since + self.settings.drain);
        match (self.output, self.stop) {
            (ServerOutput::Ended(ended), Shutdown::Term(at, _) | Shutdown::Kill(at)) => {
                Some(ended.max(at) + TERM_TO_KILL)
            }
            (ServerOutput::Ended(_), Shutdown::Nothing) => earliest([Some(now + LINGER), drained]),
            (_, Shutdown::Kill(_)) => None,
            (_, Shutdown::Term(at, then)) => Some(at + then),
            (output, Shutdown::Nothing) => {
                let silent = match output {
                    ServerOutput::Closed(at) => Some(at + SILENT_TO_TERM),
                    ServerOutput::Open | ServerOutput::Ended(_) => None,
                };
                earliest([silent, self.idle.map(|idle| idle + CLOSE_TO_TERM), drained])
            }
        }
    }

    /// Waits for the moment of the next step.
    pub(crate) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }

    /// Takes the next step; true when there is nothing left to wait for.
    pub(crate) fn escalate(&mut self, process: &Process, now: Progress) -> bool {
        let moved = std::mem::replace(&mut self.seen, now) != now || now.is_busy();
        if let Some(ended) = self.ended() {
            let late = self.closed().unwrap_or(ended).elapsed() >= self.settings.drain;
            return self.terminating() || late || !moved;
        }
        match self.stop {
            Shutdown::Nothing => self.terminate(process, self.settings.grace),
            Shutdown::Term(at, _) | Shutdown::Kill(at) => {
                self.stop = Shutdown::Kill(at);
                process.kill();
            }
        }
        false
    }

    fn terminate(&mut self, process: &Process, then_kill_after: Duration) {
        process.terminate();
        self.stop = Shutdown::Term(Instant::now(), then_kill_after);
    }
}

fn earliest<const N: usize>(moments: [Option<Instant>; N]) -> Option<Instant> {
    moments.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact;

    const DRAIN: Duration = Duration::from_secs(30);

    #[test]
    fn the_next_step_of_every_phase_of_the_end_is_as_in_the_table() {
        let settings = Settings {
            server: "x".into(),
            frame_limit: 1,
            drain: DRAIN,
            grace: Duration::from_secs(2),
            era: None,
            redact: redact::settings::Settings::default(),
        };
        let now = Instant::now();
        let step = |input, output, stop, idle: Option<Instant>| {
            let end = End { input, output, stop, idle, ..End::new(&settings) };
            end.next_step(now).map(|due| due - now)
        };
        let (term, kill) = (Shutdown::Term(now, Duration::from_secs(2)), Shutdown::Kill(now));
        for (input, idle, left) in [
            (ClientInput::Open, None, None),
            (ClientInput::Closed(now), None, Some(DRAIN)),
            (ClientInput::Delivered(now), None, Some(DRAIN)),
            (ClientInput::Delivered(now), Some(now), Some(CLOSE_TO_TERM)),
        ] {
            let silent = left.map_or(SILENT_TO_TERM, |left| left.min(SILENT_TO_TERM));
            for (output, stop, expected) in [
                (ServerOutput::Open, Shutdown::Nothing, left),
                (ServerOutput::Closed(now), Shutdown::Nothing, Some(silent)),
                (ServerOutput::Ended(now), Shutdown::Nothing, Some(LINGER)),
                (ServerOutput::Open, term, Some(Duration::from_secs(2))),
                (ServerOutput::Closed(now), term, Some(Duration::from_secs(2))),
                (ServerOutput::Ended(now), term, Some(TERM_TO_KILL)),
                (ServerOutput::Open, kill, None),
                (ServerOutput::Closed(now), kill, None),
                (ServerOutput::Ended(now), kill, Some(TERM_TO_KILL)),
            ] {
                assert_eq!(
                    step(input, output, stop, idle),
                    expected,
                    "{input:?} {output:?} {stop:?}"
                );
            }
        }
    }
}
