//! The guard: a small process between us and the server that outlives us just long enough to end the server's tree.
//!
//! Nothing that runs in a process can act after its SIGKILL, and a death signal reaches one child only. So [`Guard::start`]
//! forks a second process before the first thread exists, in a session of its own, where no signal to our group finds
//! it. It starts the server on our order and is its parent; on Linux every process that the server leaves behind, in
//! whatever session, becomes its child as well (`PR_SET_CHILD_SUBREAPER`). When the server has ended, or the socket to us
//! has closed, however we ended, it ends what is left of the tree and then itself ([`watch`]).
//!
//! Should somebody have stopped it, the kernel makes it go on at our end (`PR_SET_PDEATHSIG`, on Linux).
//!
//! It holds no descriptor of the client's, runs nothing but this, and knows the secrets only while it hands them on.

mod order;
mod watch;

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use tokio::io::Interest;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use crate::sys::command::{Order, Started, Streams};
use crate::sys::unix::kernel;

/// A guard that waits for its order. Dropped, it ends.
#[derive(Debug)]
pub struct Guard {
    // First, so that it closes before the guard is waited for.
    control: UnixStream,
    its: Collected,
}

impl Guard {
    /// Starts a guard. Call while the process has no thread but this one.
    ///
    /// # Errors
    /// The system has no more processes or descriptors to give.
    #[expect(unsafe_code, reason = "a fork")]
    pub fn start() -> io::Result<Self> {
        let (ours, its) = UnixStream::pair()?;
        // SAFETY: the caller vouches that this is the only thread, so the child may do what any process may.
        match unsafe { fork() }? {
            ForkResult::Parent { child: pid } => {
                // Should somebody kill the guard, the server's tree is ours to end.
                kernel::adopt_orphans();
                Ok(Self { control: ours, its: Collected(pid) })
            }
            ForkResult::Child => {
                drop(ours);
                watch::watch(its);
                // SAFETY: ends the process without what ours has registered to run at its own end.
                unsafe { libc::_exit(0) }
            }
        }
    }

    /// Has the guard start the server. Takes as long as that takes: until the program is loaded, or refused.
    ///
    /// # Errors
    /// What `execve(2)` says; `BrokenPipe` or `UnexpectedEof` when the guard is gone; an argument or a variable holds a
    /// NUL byte.
    pub fn spawn(self, order: &Order<'_>) -> io::Result<Started> {
        let streams = start(&self.control, &self.its, order)?;
        self.control.set_nonblocking(true)?;
        let control = tokio::net::UnixStream::from_std(self.control)?;
        let process = Process { control, its: self.its, word: [0; Word::LENGTH], heard: 0 };
        Ok(Started { streams, process })
    }
}

/// Has the guard at the other end start a server.
fn start(control: &UnixStream, guard: &Collected, order: &Order<'_>) -> io::Result<Streams> {
    let (server_stdin, stdin) = io::pipe()?;
    let (stdout, server_stdout) = io::pipe()?;
    let (stderr, server_stderr) = io::pipe()?;
    kernel::widen(&stdin);
    kernel::widen(&stdout);
    let stdio = [server_stdin.into(), server_stdout.into(), server_stderr.into()];
    guard.go_on();
    order::send(control, order, &stdio)?;
    drop(stdio);
    match Word::read(control, guard)? {
        Word::Started => {}
        Word::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
        Word::Ended(_) => return Err(io::ErrorKind::InvalidData.into()),
    }
    Ok(Streams {
        stdin: ChildStdin::from_std(OwnedFd::from(stdin).into())?,
        stdout: ChildStdout::from_std(OwnedFd::from(stdout).into())?,
        stderr: ChildStderr::from_std(OwnedFd::from(stderr).into())?,
    })
}

/// Waits until there is something to read, or the other end is gone, but not for long; whether it is so.
fn readable(control: &UnixStream) -> io::Result<bool> {
    let mut fds = [PollFd::new(control.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, SOON_MS) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// How long the guard's answer may take before it is told to go on, in milliseconds.
const SOON_MS: u8 = 100;

/// The guard as a child of ours. Collected when this is dropped, because that may be nobody else's work: where we were
/// started in a container, the first process may know nothing of it.
#[derive(Debug)]
struct Collected(Pid);

impl Collected {
    /// Makes the guard go on should somebody have stopped it: it has something to do for us.
    fn go_on(&self) {
        // Once it is collected its id may be another's.
        if self.lives() {
            let _ = kill(self.0, Signal::SIGCONT);
        }
    }

    fn lives(&self) -> bool {
        matches!(waitpid(self.0, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::StillAlive))
    }
}

impl Drop for Collected {
    fn drop(&mut self) {
        // It has seen the end of its socket and ends what it started. Not waited for without end: we are to end ourselves.
        let end = Instant::now() + PATIENCE;
        while self.lives() && Instant::now() < end {
            self.go_on();
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

/// How long the guard may take to end when its socket has closed: longer than it gives the server.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running server. Dropped, its whole tree ends: TERM, and KILL soon after.
#[derive(Debug)]
pub struct Process {
    // First, so that it closes before the guard is waited for.
    control: tokio::net::UnixStream,
    its: Collected,
    /// As much of the guard's last word as has come.
    word: [u8; Word::LENGTH],
    heard: usize,
}

impl Process {
    /// Waits until the server has ended and nothing of its tree is left. May be dropped and called again.
    pub async fn wait(&mut self) -> ExitStatus {
        while self.heard < self.word.len() {
            let readable = self.control.ready(Interest::READABLE).await;
            match readable.and_then(|_| self.control.try_read(&mut self.word[self.heard..])) {
                Ok(0) => break,
                Ok(n) => self.heard += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        match Word::of(self.word) {
            Word::Ended(status) if self.heard == self.word.len() => ExitStatus::from_raw(status),
            // Somebody killed the guard, and with it the server. What that left behind came to us.
            _ => {
                let _ = waitpid(self.its.0, None);
                kernel::end_children(None);
                ExitStatus::from_raw(libc::SIGKILL)
            }
        }
    }

    /// Starts another server in place of this one, which has ended: [`wait`](Self::wait) has said so.
    ///
    /// # Errors
    /// As [`Guard::spawn`].
    pub fn spawn_again(&mut self, order: &Order<'_>) -> io::Result<Streams> {
        let control = UnixStream::from(self.control.as_fd().try_clone_to_owned()?);
        control.set_nonblocking(false)?;
        let streams = start(&control, &self.its, order);
        control.set_nonblocking(true)?;
        self.heard = 0;
        streams
    }

    /// Asks every process of the server's group to end (TERM). A package runner may not pass a signal on, so the group is
    /// told.
    pub fn terminate(&self) {
        self.tell(Command::Terminate);
    }

    /// Ends every process of the server's tree (KILL).
    pub fn kill(&self) {
        self.tell(Command::Kill);
    }

    fn tell(&self, command: Command) {
        // Not by tokio, which writes nothing before its first look at the descriptor. A guard that is gone has ended the tree
        // already, which is what was asked.
        let fd = self.control.as_fd().as_raw_fd();
        if send(fd, &[command as u8], MsgFlags::MSG_DONTWAIT).is_ok() {
            self.its.go_on();
        }
    }
}

/// What we tell the guard once the server runs.
#[derive(Clone, Copy)]
enum Command {
    Terminate = b'T' as isize,
    Kill = b'K' as isize,
}

/// What the guard tells us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The server's program is loaded.
    Started,
    /// It could not be: the number of the error.
    Refused(i32),
    /// The server ended with this wait status, and its tree is gone.
    Ended(i32),
}

impl Word {
    const LENGTH: usize = 5;

    fn bytes(self) -> [u8; Self::LENGTH] {
        let (tag, number) = match self {
            Self::Started => (b'S', 0),
            Self::Refused(errno) => (b'R', errno),
            Self::Ended(status) => (b'E', status),
        };
        let [a, b, c, d] = number.to_le_bytes();
        [tag, a, b, c, d]
    }

    fn of([tag, a, b, c, d]: [u8; Self::LENGTH]) -> Self {
        let number = i32::from_le_bytes([a, b, c, d]);
        match tag {
            b'S' => Self::Started,
            b'R' => Self::Refused(number),
            _ => Self::Ended(number),
        }
    }

    /// Waits for a word. Whoever stops the guard meanwhile, even behind the order and before its answer, does not stop
    /// us.
    fn read(mut control: &UnixStream, guard: &Collected) -> io::Result<Self> {
        let mut word = [0; Self::LENGTH];
        while !readable(control)? {
            guard.go_on();
        }
        // Written in one piece.
        io::Read::read_exact(&mut control, &mut word)?;
        Ok(Self::of(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_was_said() {
        for word in [Word::Started, Word::Refused(libc::ENOENT), Word::Ended(-7)] {
            assert_eq!(Word::of(word.bytes()), word);
        }
    }
}
