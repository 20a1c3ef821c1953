//! Processes on Linux and macOS: hardening ourselves, helpers that end with us, the signals that end us.

use std::io;
use std::os::fd::{AsFd, RawFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal as handle};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use super::kernel;

/// Keeps what we hold out of core files and away from debuggers of the same user, keeps descriptors that the client left
/// open by mistake out of the server, and undoes what the client has done to signals. Best effort: a refusal changes
/// nothing else.
pub fn harden() {
    take_signals();
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    kernel::harden();
}

/// Starts with signals as we need them, whatever whoever started us has set: an exec keeps both the mask and what is ignored.
#[expect(unsafe_code, reason = "signal dispositions")]
fn take_signals() {
    // A blocked TERM would never be heard.
    let _ = SigSet::empty().thread_set_mask();
    // SAFETY: neither the default nor ignoring runs code of ours, and there is no other thread yet.
    unsafe {
        // Ignored, the kernel collects our children and nobody learns how they ended (wait(2)).
        let _ = handle(Signal::SIGCHLD, SigHandler::SigDfl);
        // A file that reaches `ulimit -f` is a failed write (EFBIG), which is reported, and no end of the session.
        let _ = handle(Signal::SIGXFSZ, SigHandler::SigIgn);
    }
}

/// Sets every signal to its default and blocks none, as a program expects to be started. For use between fork and exec.
#[expect(unsafe_code, reason = "signal dispositions, those without a name in nix included")]
pub(super) fn reset_signals() -> nix::Result<()> {
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: the default runs no code of ours. KILL, STOP and what the C library keeps for itself are refused, and they
        // are as they should be.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    SigSet::empty().thread_set_mask()
}

/// The highest number of a signal: the last real-time one of Linux, and more than other systems have.
const LAST_SIGNAL: libc::c_int = 64;

/// The numbers of our open descriptors from 3 up, as `/proc` shows them (`/dev/fd` on macOS and the BSDs); all that may be
/// open, where neither is there.
#[expect(unsafe_code, reason = "the size of the descriptor table")]
pub(super) fn open_descriptors() -> Vec<RawFd> {
    let listed = ["/proc/self/fd", "/dev/fd"].iter().find_map(|folder| {
        let entries = std::fs::read_dir(folder).ok()?;
        let numbers =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Some(numbers.collect::<Vec<RawFd>>())
    });
    let all = || {
        // SAFETY: no argument at all.
        (3..unsafe { libc::getdtablesize() }.min(65_536)).collect()
    };
    listed.unwrap_or_else(all).into_iter().filter(|fd| *fd > libc::STDERR_FILENO).collect()
}

/// How many descriptors a session cannot do without: the guard's socket, the runtime's poller, six ends of pipes.
const SPARE: usize = 10;

/// Whether there are descriptors enough to begin a session. The runtime panics where there are not.
///
/// # Errors
/// What the system says when it is asked for one too many.
pub fn check_descriptors() -> io::Result<()> {
    let one = || std::fs::File::open("/dev/null");
    let opened = (0..SPARE).map(|_| one()).collect::<io::Result<Vec<_>>>();
    match opened {
        // EMFILE and ENFILE have no kind of their own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Waits until standard input can be read, or has ended; whether it is so within this time.
pub fn input_within(limit: Duration) -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    poll(&mut fds, limit).is_ok_and(|ready| ready > 0)
}

/// Makes a helper's command die with the thread that starts it. It stays in our process group, so that a person's
/// Ctrl-C reaches it as well, unless it gets a session of its own.
#[expect(unsafe_code, reason = "what the child does between fork and exec")]
pub fn end_with_us(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    let parent = std::process::id();
    // SAFETY: the closure runs in the forked child and only makes async-signal-safe calls (signal, sigprocmask, prctl,
    // getppid); it allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(move || {
            reset_signals()?;
            kernel::die_with(parent)
        })
    };
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
        (None, Some(signal)) => format!("was killed by {}", signal.as_str()),
        (None, None) => "ended".to_owned(),
    }
}
