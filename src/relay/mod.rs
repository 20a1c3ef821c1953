//! Relays one session between a client and its server, and redacts what comes back.
//!
//! A line is read and framed in `wire/`, becomes a `Turn`, passes the stages of its direction (`order.rs`), and
//! is written (`to_server.rs`, `to_client.rs`). `pending.rs` keeps the open requests of both sides. `life/` decides how the
//! session opens and when it is over. A new check of messages is a stage: a file in `stage/` and a line in `order.rs`.
//!
//! Everything runs on one thread, so a message costs two system calls and no hand-over; only the search of a long one
//! runs on a thread of its own. Shutdown follows the specification (close stdin, TERM, KILL), with times that are shorter
//! than those of every client.

mod endpoints;
mod life;
mod order;
mod pending;
mod pump;
mod report;
mod session;
mod settings;
mod stage;
mod to_client;
mod to_server;
mod turn;
mod violation;
pub mod wire;

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;

use crate::audit::Writer as Findings;
use crate::mcp::Diagnosis;
use crate::redact::Redactor;
use crate::sys::os;
use life::current_server::CurrentServer;
use life::end::End;
use life::leases::SessionLeases;
use pump::{Pump, run};
use report::{FLUSH, FindingsReport};
use session::Session;
use to_server::relay_to_server;
use wire::log::Log;
use wire::record::Recording;

pub use endpoints::{Again, Client, Server};
pub use life::failed_launch;
pub use life::leases::GIVE_BACK;
pub use settings::Settings;

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The client, a signal or a closed stdout ended it.
    Requested,
    /// The server ended by itself.
    ServerEnded {
        /// How.
        status: ExitStatus,
        /// Whether the client had sent anything by then. If not, its first request still needs an answer.
        heard: bool,
        /// Why, where that is known.
        diagnosis: Option<Diagnosis>,
    },
}

impl Outcome {
    /// The outcome of a session whose server ended like this by itself, if it did.
    fn new(status: Option<ExitStatus>, heard: bool, diagnosis: Option<Diagnosis>) -> Self {
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

/// Relays until the session is over and the server's process tree is gone. Records the findings, and the messages too if
/// there is a `recording`.
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
    let report = FindingsReport::new(redactor, &log, findings);
    let session = Session::new(redactor, settings, &log, report, client.writer, recording);
    let mut signals = client.signals;
    let mut input_closed = pin!(client.input.hangup()?);
    let mut to_server: Pump = Some(Box::pin(relay_to_server(&session, client.input)));
    let mut queue: Pump = Some(Box::pin(session.write_queue()));
    let mut hangup = pin!(session.hangup().await?);
    let mut parent_gone = pin!(os::parent_gone());
    let mut end = End::new(settings);
    let mut leases = SessionLeases::new(server.leases, &log);
    let mut running = CurrentServer::new(server, &session);
    os::release_program();
    loop {
        tokio::select! {
            status = running.process.wait(), if running.runs() => {
                running.ended(status);
                end.server_ended();
            }
            () = session.handshake.era_shown() => running.keep_era(),
            () = session.handshake.server_useless() => running.dismiss(),
            () = run(&mut running.to_client) => if running.runs() { end.server_silent() },
            () = run(&mut to_server) => end.client_closed(),
            // Its last lines may wait for a server that does not read. That must not hide that the client has gone.
            () = &mut input_closed, if !end.draining() && !end.terminating() => end.client_leaves(),
            () = run(&mut running.logs) => {}
            () = run(&mut queue) => {}
            () = leases.run() => {}
            () = &mut hangup, if !end.terminating() => end.terminate_now(&running.process),
            () = session.client_gone(), if !end.terminating() => end.terminate_now(&running.process),
            () = signals.recv() => end.terminate_now(&running.process),
            () = &mut parent_gone, if end.draining() && !end.terminating() => end.terminate_now(&running.process),
            () = session.pending.of_client.emptied(), if end.draining() => {}
            () = end.due() => if running.is_mute() && !end.terminating() {
                running.dismiss();
                end.server_lost();
            } else if end.escalate(&running.process, session.progress()) && !running.cut() {
                break;
            },
        }
        if end.terminating() {
            to_server = None;
        }
        if !end.terminating() && running.gives_way() {
            end.server_lost();
        }
        leases.end_if(end.terminating() || running.is_gone());
        if running.is_over(to_server.is_none(), end.client_waits()) {
            break;
        }
        running.renew();
        end.schedule(session.pending.of_client.is_empty());
    }
    leases.finish().await;
    session.sum_up();
    log.flush(FLUSH);
    let status = running.status().filter(|_| !end.by_us());
    Ok(Outcome::new(status, session.heard.get(), running.take_diagnosis()))
}
