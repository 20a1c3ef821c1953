//! The relay: two directions and the server's log, until one side ends, and then the end itself.
//!
//! Everything runs on one thread, so a message costs two system calls and no hand-over; only the search of a long one
//! runs beside it (`aside`). Each direction is a loop of its
//! own (`to_server`, `to_client`); this file decides when it is over: the client closed its end, a signal came, nobody reads what we
//! write, or the server ended. What is in flight then is waited for, and what stays unanswered gets an error from us.
//! Shutdown follows the specification (close stdin, TERM, KILL), with times inside every client's own.

mod aside;
mod backend;
mod calls;
mod end;
pub mod frame;
mod in_flight;
pub mod input;
mod oddity;
pub mod record;
pub mod refuse;
mod remark;
mod screen;
mod session;
mod shield;
pub mod stderr;
mod tenure;
mod to_client;
mod to_server;
mod told;
mod withhold;

use std::future::pending;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::Writer as Findings;
use crate::error;
use crate::launch::file::SecretFiles;
use crate::mcp::{Diagnosis, Era};
use crate::provider::Leases;
use crate::redact::{self, Redactor};
use crate::sys::command::{Started, Streams};
use crate::sys::os::{self, Process, Signals, Writer};
use backend::Backend;
use end::End;
use input::Input;
use record::Recording;
use session::Session;
use stderr::Log;
use tenure::Tenure;
use told::Told;

pub use tenure::GIVE_BACK;

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
    /// The server's era, where an earlier session has shown it.
    pub era: Option<Era>,
    /// What is redacted, and what is done with calls.
    pub redact: redact::settings::Settings,
}

/// The client's side of the relay.
pub struct Client {
    input: Input,
    writer: Writer,
    signals: Signals,
}

impl Client {
    /// Takes over stdout.
    ///
    /// # Errors
    /// The descriptor cannot be used.
    pub fn take_over(input: Input, signals: Signals) -> io::Result<Self> {
        Ok(Self { input, writer: Writer::stdout()?, signals })
    }
}

/// The server's side of the relay.
pub struct Server<'a> {
    /// The running server, and the files that carry secrets to it; they live as long as it does.
    pub spawned: (Started, SecretFiles),
    /// Starts another one when this one has ended: the same, as it was at its start.
    pub again: &'a Again<'a>,
    /// Keeps what the session has shown of the server's era.
    pub learn: &'a dyn Fn(Era),
    /// Says why it ended before it had said anything, by the end of its log.
    pub diagnose: &'a dyn Fn(&str) -> Option<Diagnosis>,
    /// What its secrets were given for a time with.
    pub leases: &'a Leases,
}

/// Starts another server in place of one that has ended.
pub type Again<'a> = dyn Fn(&mut Process) -> error::Result<(Streams, SecretFiles)> + 'a;

/// How a session ended, as an exit code tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The client, a signal or a closed stdout ended it.
    Requested,
    /// The server ended by itself.
    ServerEnded {
        /// How.
        status: ExitStatus,
        /// Whether the client had said anything by then. If not, it still waits to be told.
        heard: bool,
        /// Why, where that is known.
        diagnosis: Option<Diagnosis>,
    },
}

impl Outcome {
    /// The outcome of a session whose server ended like this by itself, if it did.
    fn of(status: Option<ExitStatus>, heard: bool, diagnosis: Option<Diagnosis>) -> Self {
        status.map_or(Self::Requested, |status| Self::ServerEnded { status, heard, diagnosis })
    }

    /// The exit code: 0 when we were asked to end, else the server's own, 128+n for a signal.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Requested => 0,
            Self::ServerEnded { status, .. } => os::exit_code(*status),
        }
    }
}

/// How long our stderr's reader is waited for at the end.
const FLUSH: Duration = Duration::from_millis(200);

/// Relays until the session is over and the server's process tree is gone; writes it down where there is a `recording`,
/// and what was found in any case.
///
/// # Errors
/// The client's stdin or stdout cannot be watched.
pub async fn relay(
    server: Server<'_>,
    client: Client,
    redactor: &Arc<Redactor>,
    settings: &Settings,
    recording: Option<Recording>,
    findings: Findings,
) -> io::Result<Outcome> {
    let log = Log::default();
    let told = Told::new(redactor, &log, findings);
    let session = Session::new(redactor, settings, &log, told, client.writer, recording);
    let mut signals = client.signals;
    let mut input_closed = pin!(client.input.hangup()?);
    let mut to_server: Pump = Some(Box::pin(session.to_server(client.input)));
    let mut errands: Pump = Some(Box::pin(session.run_errands()));
    let mut hangup = pin!(session.hangup().await?);
    let mut parent_gone = pin!(os::parent_gone());
    let mut end = End::new(settings);
    let mut tenure = Tenure::new(server.leases, &log);
    let mut backend = Backend::of(server, &session);
    os::release_program();
    loop {
        tokio::select! {
            status = backend.process.wait(), if backend.runs() => {
                backend.ended(status);
                end.server_ended();
            }
            () = session.shield.shown() => backend.keep_era(),
            () = session.shield.done() => backend.dismiss(),
            () = run(&mut backend.to_client) => if backend.runs() { end.server_silent() },
            () = run(&mut to_server) => end.client_closed(),
            // What it sent before may wait for a server that does not read: that must not hide that it has gone.
            () = &mut input_closed, if !end.draining() && !end.told() => end.client_leaves(),
            () = run(&mut backend.logs) => {}
            () = run(&mut errands) => {}
            () = tenure.run() => {}
            () = &mut hangup, if !end.told() => end.tell(&backend.process),
            () = session.client_gone(), if !end.told() => end.tell(&backend.process),
            () = signals.recv() => end.tell(&backend.process),
            () = &mut parent_gone, if end.draining() && !end.told() => end.tell(&backend.process),
            () = session.in_flight.emptied(), if end.draining() => {}
            () = end.due() => if backend.is_mute() && !end.told() {
                backend.dismiss();
                end.server_lost();
            } else if end.escalate(&backend.process, session.progress()) && !backend.cut() {
                break;
            },
        }
        if end.told() {
            to_server = None;
        }
        if !end.told() && backend.gives_way() {
            end.server_lost();
        }
        tenure.end_if(end.told() || backend.is_gone());
        if backend.is_over(to_server.is_none(), end.client_waits()) {
            break;
        }
        backend.renew();
        end.schedule(session.in_flight.is_empty());
    }
    tenure.finish().await;
    session.oddities.sum_up(&log);
    session.told.sum_up();
    log.flush(FLUSH);
    let status = backend.status().filter(|_| !end.by_us());
    Ok(Outcome::of(status, session.heard.get(), backend.take_diagnosis()))
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
