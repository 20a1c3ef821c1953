//! The relay: two directions and the server's log, until one side ends, and then the end itself.
//!
//! Everything runs on one thread, so a message costs two system calls and no hand-over. Each direction is a loop of its
//! own ([`pump`]); this file decides when it is over: the client closed its end, a signal came, nobody reads what we
//! write, or the server ended. What is in flight then is waited for, and what stays unanswered gets an error from us.
//! Shutdown follows the specification (close stdin, TERM, KILL), with times inside every client's own.

mod end;
pub mod frame;
pub mod in_flight;
pub mod pump;
pub mod record;
pub mod refuse;
pub mod stderr;

use std::future::pending;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::time::Duration;

use crate::launch::process::Server;
use crate::redact::Redactor;
use crate::sys::command::Started;
use crate::sys::os::{self, Reader, Signals, Writer};
use end::End;
use pump::Session;
use record::Recording;
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

/// The client's side of the relay, taken over once the server runs: until then a signal may end us as it likes, and a
/// launch that fails has not touched what the client sent.
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
    ServerEnded {
        /// How.
        status: ExitStatus,
        /// Whether the client had said anything by then. If not, it still waits to be told.
        heard: bool,
    },
}

impl Outcome {
    /// The exit code: 0 when we were asked to end, else the server's own, 128+n for a signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Requested => 0,
            Self::ServerEnded { status, .. } => os::exit_code(status),
        }
    }
}

/// How long our stderr's reader is waited for at the end.
const FLUSH: Duration = Duration::from_millis(200);

/// Relays until the session is over and the server's process tree is gone; writes it down where there is a `recording`.
///
/// # Errors
/// The client's stdin or stdout cannot be watched.
pub async fn relay(
    server: Server,
    client: Client,
    redactor: &Redactor,
    settings: &Settings,
    recording: Option<Recording>,
) -> io::Result<Outcome> {
    let Server { started: Started { mut process, stdin, stdout, stderr }, files: _files } = server;
    let log = Log::default();
    let session = Session::new(redactor, settings, &log, client.writer, recording);
    let mut signals = client.signals;
    let mut input_closed = pin!(client.reader.hangup()?);
    let mut to_server: Pump = Some(Box::pin(session.to_server(client.reader, stdin)));
    let mut to_client: Pump = Some(Box::pin(session.to_client(stdout)));
    let mut logs: Pump = Some(Box::pin(stderr::pump(stderr, redactor, &log)));
    let mut hangup = pin!(session.hangup().await?);
    let mut parent_gone = pin!(os::parent_gone());
    let mut end = End::new(settings);
    let mut status = None;
    let mut answered = false;
    loop {
        tokio::select! {
            ended = process.wait(), if status.is_none() => {
                status = Some(ended);
                end.server_ended();
            }
            () = run(&mut to_client) => end.server_silent(),
            () = run(&mut to_server) => end.client_closed(),
            // What it sent before may wait for a server that does not read: that must not hide that it has gone.
            () = &mut input_closed, if !end.draining() && !end.told() => end.client_leaves(),
            () = run(&mut logs) => {}
            () = &mut hangup, if !end.told() => end.tell(&process),
            () = session.client_gone(), if !end.told() => end.tell(&process),
            () = signals.recv() => end.tell(&process),
            () = &mut parent_gone, if end.draining() && !end.told() => end.tell(&process),
            () = session.in_flight.emptied(), if end.draining() => {}
            () = end.due() => if end.escalate(&process, session.progress()) { break },
        }
        end.schedule(session.in_flight.is_empty());
        if end.told() {
            to_server = None;
        }
        if let Some(status) = status
            && to_client.is_none()
            && logs.is_none()
        {
            if answered || session.in_flight.is_empty() || !end.client_waits() {
                break;
            }
            answered = true;
            to_client = Some(Box::pin(session.answer_the_rest(os::describe(status))));
        }
    }
    log.flush(FLUSH);
    Ok(match status {
        Some(status) if !end.by_us() => Outcome::ServerEnded { status, heard: session.heard() },
        _ => Outcome::Requested,
    })
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
