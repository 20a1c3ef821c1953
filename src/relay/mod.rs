//! The relay: two directions and the server's log, until one side ends, and then the end itself.
//!
//! Everything runs on one thread, so a message costs two system calls and no hand-over. Each direction is a loop of its
//! own ([`pump`]); this file decides when it is over: the client closed its end, a signal came, nobody reads what we
//! write, or the server ended. What is in flight then is waited for, and what stays unanswered gets an error from us.
//! Shutdown follows the specification (close stdin, TERM, KILL), with times inside every client's own.

pub mod frame;
pub mod in_flight;
pub mod pump;
pub mod refuse;
pub mod stderr;

use std::future::pending;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::launch::process::Server;
use crate::redact::Redactor;
use crate::sys::os::{self, Group, Reader, Signals, Writer};
use pump::Session;
use stderr::Log;

/// What the manifest says of one server's relay.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name, for messages.
    pub server: String,
    /// The largest frame relayed, in bytes.
    pub frame_limit: usize,
    /// How long answers in flight are waited for after the client closed its end.
    pub drain: Duration,
    /// From TERM to KILL when the server is asked to stop with nothing in flight.
    pub grace: Duration,
}

/// The client's side of the relay, taken over before the server starts so that no signal finds the default action.
pub struct Client {
    reader: Reader,
    writer: Writer,
    signals: Signals,
}

impl Client {
    /// Takes over stdin, stdout and the signals that end us.
    ///
    /// # Errors
    /// A standard descriptor cannot be used.
    pub fn take_over() -> io::Result<Self> {
        Ok(Self {
            reader: Reader::stdin()?,
            writer: Writer::stdout()?,
            signals: Signals::listen()?,
        })
    }
}

/// How a session ended, as an exit code tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The client, a signal or a closed stdout ended it.
    Requested,
    /// The server ended by itself.
    ServerEnded(ExitStatus),
}

impl Outcome {
    /// The exit code: 0 when we were asked to end, else the server's own, 128+n for a signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Requested => 0,
            Self::ServerEnded(status) => os::exit_code(status),
        }
    }
}

/// From the client's end of file to TERM, with nothing in flight. Clients send TERM themselves after 2 s.
const CLOSE_TO_TERM: Duration = Duration::from_millis(1800);

/// From TERM to KILL when we were told to end. Clients send KILL 1 to 2 s after TERM.
const TERM_TO_KILL: Duration = Duration::from_millis(800);

/// How long a server that closed its stdout may take to end before it is told to.
const SILENT_TO_TERM: Duration = Duration::from_secs(1);

/// How long the pipes of an ended server may stay silent before they are given up: a process that left the group may
/// hold them open for ever.
const LINGER: Duration = Duration::from_millis(500);

/// How long our stderr's reader is waited for at the end.
const FLUSH: Duration = Duration::from_millis(200);

/// Relays until the session is over and the server's process group is gone.
///
/// # Errors
/// The client's stdout cannot be watched, or the server cannot be waited for.
pub async fn relay(
    server: Server,
    client: Client,
    redactor: &Redactor,
    settings: &Settings,
) -> io::Result<Outcome> {
    let Server { mut child, group, stdin, stdout, stderr, files: _files } = server;
    let log = Log::default();
    let session = Session::new(redactor, settings, &log, client.writer);
    let mut signals = client.signals;
    let mut to_server: Pump = Some(Box::pin(session.to_server(client.reader, stdin)));
    let mut to_client: Pump = Some(Box::pin(session.to_client(stdout)));
    let mut logs: Pump = Some(Box::pin(stderr::pump(stderr, redactor, &log)));
    let mut hangup = pin!(session.hangup().await?);
    let mut parent_gone = pin!(os::parent_gone());
    let mut end = End::new(group.as_ref(), settings);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = run(&mut to_client) => end.server_silent(),
            () = run(&mut to_server) => end.client_closed(),
            () = run(&mut logs) => {}
            () = &mut hangup, if !end.told() => end.tell(),
            () = session.client_gone(), if !end.told() => end.tell(),
            () = signals.recv() => end.tell(),
            () = &mut parent_gone, if end.draining() && !end.told() => end.tell(),
            () = session.in_flight.emptied(), if end.draining() => {}
            () = end.due() => end.escalate(),
        }
        end.schedule(session.in_flight.is_empty());
        if end.told() {
            to_server = None;
        }
    };
    // What the server leaves behind in its group goes with it.
    if let Some(group) = &group {
        group.kill();
    }
    session.drain(&mut to_client, &mut logs).await;
    if end.client_waits() {
        session.answer_the_rest(&os::describe(status)).await;
    }
    log.flush(FLUSH);
    Ok(if end.by_us() { Outcome::Requested } else { Outcome::ServerEnded(status) })
}

/// One direction, until it ends.
type Pump<'a> = Option<Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// Runs a direction to its end, once; a direction that has ended never ends again.
async fn run(pump: &mut Pump<'_>) {
    match pump {
        Some(running) => {
            running.await;
            *pump = None;
        }
        None => pending().await,
    }
}

/// How far the end of a session has come.
struct End<'a> {
    group: Option<&'a Group>,
    settings: &'a Settings,
    stage: Stage,
    due: Option<Instant>,
    asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Both sides are there.
    Serving,
    /// The client closed its end at this moment; what is in flight is waited for.
    Draining { closed: Instant, idle: Option<Instant> },
    /// The server closed its stdout and should end by itself.
    Silent,
    /// TERM was sent.
    Terminating,
    /// KILL was sent.
    Killed,
}

impl<'a> End<'a> {
    fn new(group: Option<&'a Group>, settings: &'a Settings) -> Self {
        Self { group, settings, stage: Stage::Serving, due: None, asked: false }
    }

    /// Whether we ended the session, because the client or a signal asked for it or because the server had gone silent.
    fn by_us(&self) -> bool {
        self.asked || self.told()
    }

    /// Whether the client may still read answers.
    fn client_waits(&self) -> bool {
        !self.asked || self.draining()
    }

    fn draining(&self) -> bool {
        matches!(self.stage, Stage::Draining { .. })
    }

    /// Whether TERM is out already.
    fn told(&self) -> bool {
        matches!(self.stage, Stage::Terminating | Stage::Killed)
    }

    fn client_closed(&mut self) {
        self.asked = true;
        if self.stage == Stage::Serving {
            self.stage = Stage::Draining { closed: Instant::now(), idle: None };
        }
    }

    fn server_silent(&mut self) {
        if self.stage == Stage::Serving {
            self.stage = Stage::Silent;
            self.due = Some(Instant::now() + SILENT_TO_TERM);
        }
    }

    /// Ends the session now: a signal came, or nobody reads our answers. A second signal changes nothing: some clients
    /// send INT and TERM together, and the server still gets its time.
    fn tell(&mut self) {
        self.asked = true;
        if !self.told() {
            self.terminate(TERM_TO_KILL);
        }
    }

    /// Sets the next step of a draining session: soon when nothing is in flight, else at the drain limit.
    fn schedule(&mut self, empty: bool) {
        let Stage::Draining { closed, idle } = &mut self.stage else { return };
        *idle = if empty { idle.or(Some(Instant::now())) } else { None };
        let at_most = *closed + self.settings.drain;
        self.due = Some(idle.map_or(at_most, |idle| (idle + CLOSE_TO_TERM).min(at_most)));
    }

    async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }

    fn escalate(&mut self) {
        match self.stage {
            Stage::Terminating => self.kill(),
            _ => self.terminate(self.settings.grace),
        }
    }

    fn terminate(&mut self, then_kill_after: Duration) {
        if let Some(group) = self.group {
            group.terminate();
        }
        self.stage = Stage::Terminating;
        self.due = Some(Instant::now() + then_kill_after);
    }

    fn kill(&mut self) {
        if let Some(group) = self.group {
            group.kill();
        }
        self.stage = Stage::Killed;
        self.due = None;
    }
}

impl Session<'_> {
    /// Relays what an ended server left in its pipes, as long as something still moves.
    async fn drain(&self, to_client: &mut Pump<'_>, logs: &mut Pump<'_>) {
        while to_client.is_some() || logs.is_some() {
            let moved = self.moved();
            tokio::select! {
                () = run(to_client) => {}
                () = run(logs) => {}
                () = self.client_gone() => return,
                () = sleep(LINGER) => if moved == self.moved() && !self.writing() { return },
            }
        }
    }
}
