//! Processes on Linux and macOS: hardening ourselves, helpers that end with us, the signals that end us.

use std::io;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use super::kernel;

/// Keeps what we hold out of core files and away from debuggers of the same user, and keeps descriptors that the
/// client left open by mistake out of the server. Best effort: a refusal changes nothing else.
pub fn harden() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    kernel::harden();
}

/// Makes a helper's command die with the thread that starts it. It stays in our process group, so that a person's
/// Ctrl-C reaches it as well, unless it gets a session of its own.
#[expect(unsafe_code, reason = "what the child does between fork and exec")]
pub fn end_with_us(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    let parent = std::process::id();
    // SAFETY: the closure runs in the forked child and only makes async-signal-safe calls (prctl, getppid); it allocates
    // nothing and takes no lock.
    unsafe { command.pre_exec(move || kernel::die_with(parent)) };
}

/// Asks one process to end (TERM).
pub fn ask_to_end(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        // ESRCH: it is gone already, which is what was asked.
        let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// The signals by which a client or a person ends us.
pub struct Signals {
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
    hup: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts listening; from here on these signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next of them.
    pub async fn recv(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
            _ = self.hup.recv() => {}
        }
    }
}

/// The exit code that tells how a server ended: its own, or 128 plus the signal.
pub fn exit_code(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// How a server ended, as words: "ended with exit code 1".
pub fn describe(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal().and_then(|signal| Signal::try_from(signal).ok())) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by {}", signal.as_str()),
        (None, None) => "ended".to_owned(),
    }
}
