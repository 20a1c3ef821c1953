//! What the guard does: starts the server, waits for its end or for ours, ends what is left; then again, if it is told to.
//!
//! It is one thread that sleeps in `poll(2)`.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, killpg, sigaction};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, Pid, chdir, execve, fork, setpgid, setsid};

use super::order::{self, Parts, Received};
use super::{Command, Word};
use crate::sys::unix::kernel;
use crate::sys::unix::process::reset_signals;

/// From TERM to KILL when we have gone without a word. The server's stdin has closed by then as well.
const TERM_TO_KILL: Duration = Duration::from_millis(800);

/// Signals by which somebody may mean us and reach the guard: it ends with the server, not before it.
const NOT_FOR_US: [Signal; 6] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// The guard's whole life.
pub(super) fn watch(control: UnixStream) {
    // Whatever fails here closes the socket, which tells those who wait.
    let _ = guard(&control);
}

fn guard(control: &UnixStream) -> io::Result<()> {
    let _ = setsid();
    let (wake, waker) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    waker.set_nonblocking(true)?;
    WAKER.store(waker.as_raw_fd(), Ordering::Relaxed);
    listen()?;
    let_go_of_the_clients(&[control.as_raw_fd(), wake.as_raw_fd(), waker.as_raw_fd()])?;
    kernel::adopt_orphans();
    kernel::name_guard();
    kernel::wake_at_parents_end();
    loop {
        control.set_nonblocking(false)?;
        let Some(order) = order::receive(control)? else { return Ok(()) };
        let say = |word: Word| (&mut &*control).write_all(&word.bytes());
        let server = match start(order) {
            Ok(server) => server,
            Err(errno) => {
                say(Word::Refused(errno as i32))?;
                continue;
            }
        };
        // A failure means that we are gone already: that is for the watch to see, the server runs.
        let _ = say(Word::Started);
        kernel::release_program();
        control.set_nonblocking(true)?;
        Watch { control, wake: &wake, server }.until_it_ends()?;
        end_tree(server);
        say(Word::Ended(status_of(server)?))?;
    }
}

/// Closes every descriptor but these, and takes `/dev/null` for the standard ones: the client must see its pipes close
/// when we end, not when the guard does.
fn let_go_of_the_clients(but: &[RawFd]) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    drop(null);
    kernel::close_all_but(but);
    Ok(())
}

/// Starts the server as our child; the number of the error where its program cannot be loaded.
#[expect(unsafe_code, reason = "a fork")]
fn start(order: Received) -> Result<Pid, Errno> {
    let parts = order.parts().ok_or(Errno::EINVAL)?;
    let wanted: Vec<RawFd> = (0..3).chain(parts.keep.iter().copied()).collect();
    let free = wanted.iter().max().map_or(0, |most| most + 1);
    let (mut refusal, refused) = io::pipe().map_err(errno_of)?;
    let mut refused = aside(refused.into(), free)?;
    let guard = std::process::id();
    // SAFETY: the guard has one thread, so the child may do what any process may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let become_it = || {
                place(&order.fds, &wanted, free)?;
                become_server(&parts, guard)
            };
            let Err(errno) = become_it();
            let _ = refused.write_all(&(errno as i32).to_ne_bytes());
            // SAFETY: ends the process at once; nothing of ours is to run in it.
            unsafe { libc::_exit(127) }
        }
        ForkResult::Parent { child } => {
            drop(refused);
            drop(parts);
            drop(order);
            let mut errno = [0; 4];
            // The descriptor closes with the exec: nothing to read means that the program is loaded.
            match refusal.read_exact(&mut errno) {
                Err(_) => Ok(child),
                Ok(()) => Err(Errno::from_raw(i32::from_ne_bytes(errno))),
            }
        }
    }
}

fn errno_of(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// Turns the forked child into the server; returns only what kept it from that.
fn become_server(parts: &Parts<'_>, guard: u32) -> Result<Infallible, Errno> {
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    reset_signals()?;
    kernel::die_with(guard).map_err(|_| Errno::ESRCH)?;
    chdir(parts.cwd)?;
    execve(parts.program, &parts.args, &parts.env)
}

/// The same descriptor under a number of at least `free`, closed by an exec.
#[expect(unsafe_code, reason = "taking over a descriptor")]
fn aside(fd: OwnedFd, free: RawFd) -> Result<File, Errno> {
    let copy = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(free))?;
    // SAFETY: fcntl has just made it for us.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(copy) }))
}

/// Gives descriptors the numbers that the server expects, all below `free`, open across the exec.
#[expect(unsafe_code, reason = "descriptors by number")]
fn place(fds: &[OwnedFd], wanted: &[RawFd], free: RawFd) -> Result<(), Errno> {
    if fds.len() != wanted.len() {
        return Err(Errno::EINVAL);
    }
    // First out of the way of every wanted number, then to their own: one may stand where another must go.
    let copies = fds.iter().map(|fd| fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(free)));
    let copies = copies.collect::<Result<Vec<RawFd>, _>>()?;
    for (from, to) in copies.iter().zip(wanted) {
        // SAFETY: integers only. What stood at the wanted number is a descriptor of this forked child, which is about to
        // become another program and uses none of them.
        Errno::result(unsafe { libc::dup2(*from, *to) })?;
    }
    Ok(())
}

/// The guard while the server runs.
struct Watch<'a> {
    control: &'a UnixStream,
    wake: &'a UnixStream,
    server: Pid,
}

impl Watch<'_> {
    /// Waits for the server's end, and leaves its status to be collected: until then its id, which is its group's too, can
    /// be nobody else's.
    fn until_it_ends(&self) -> io::Result<()> {
        let mut alone: Option<Instant> = None;
        while !has_ended(self.server)? {
            let left = alone.map(|since| TERM_TO_KILL.saturating_sub(since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                end_tree(self.server);
                alone = Some(Instant::now());
                continue;
            }
            let mut fds = vec![PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
            if alone.is_none() {
                fds.push(PollFd::new(self.control.as_fd(), PollFlags::POLLIN));
            }
            let limit = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
            });
            match poll(&mut fds, limit) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            // Emptied, not counted: every child that ended is collected above.
            let _ = (&mut &*self.wake).read(&mut [0; 64]);
            if alone.is_none() && self.is_alone() {
                terminate(self.server);
                alone = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// Does what we were told to, and says whether nobody will tell us more.
    fn is_alone(&self) -> bool {
        let mut commands = [0; 16];
        match (&mut &*self.control).read(&mut commands) {
            Ok(0) => true,
            Ok(n) => {
                for command in &commands[..n] {
                    match *command {
                        c if c == Command::Terminate as u8 => terminate(self.server),
                        c if c == Command::Kill as u8 => end_tree(self.server),
                        _ => {}
                    }
                }
                false
            }
            Err(error) => {
                !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
            }
        }
    }
}

/// Whether the server has ended. Other children that have are collected.
#[expect(unsafe_code, reason = "waitid(2) as it is: nix has no name for some signals")]
fn has_ended(server: Pid) -> io::Result<bool> {
    let only_look = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    loop {
        // SAFETY: all zeros is a siginfo_t; waitid fills in the process's id, or leaves 0 when none has ended.
        let ended = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            Errno::result(libc::waitid(libc::P_ALL, 0, &raw mut info, only_look))?;
            Pid::from_raw(info.si_pid())
        };
        match ended.as_raw() {
            0 => return Ok(false),
            _ if ended == server => return Ok(true),
            _ => drop(waitpid(ended, Some(WaitPidFlag::WNOHANG))),
        }
    }
}

/// Collects the server, which has ended: its wait status.
#[expect(unsafe_code, reason = "waitpid(2) as it is: nix has no name for some signals")]
fn status_of(server: Pid) -> io::Result<i32> {
    let mut status = 0;
    // SAFETY: `status` is a live integer.
    Errno::result(unsafe { libc::waitpid(server.as_raw(), &raw mut status, 0) })?;
    Ok(status)
}

fn terminate(server: Pid) {
    // ESRCH: they are gone already, which is what was asked.
    let _ = killpg(server, Signal::SIGTERM);
}

/// Ends the server's group, and on Linux every process that it left behind wherever that went: each is our child as soon
/// as its parent is gone. The server itself is left for [`status_of`] to collect.
fn end_tree(server: Pid) {
    let _ = killpg(server, Signal::SIGKILL);
    kernel::end_children(Some(server));
}

/// The descriptor that the handler of SIGCHLD writes to.
static WAKER: AtomicI32 = AtomicI32::new(-1);

/// Makes the end of a child wake the guard, and other signals pass by. What our own parent had set to be ignored stays so
/// here, and not in the server ([`reset_signals`]).
#[expect(unsafe_code, reason = "signal handlers")]
fn listen() -> nix::Result<()> {
    extern "C" fn wake(_: libc::c_int) {
        let errno = Errno::last_raw();
        // SAFETY: write(2) is async-signal-safe; the byte is static, and a full or closed descriptor is an error only.
        unsafe { libc::write(WAKER.load(Ordering::Relaxed), c"!".as_ptr().cast(), 1) };
        Errno::set_raw(errno);
    }
    extern "C" fn pass(_: libc::c_int) {}
    let action = |handler| {
        SigAction::new(SigHandler::Handler(handler), SaFlags::SA_RESTART, SigSet::empty())
    };
    // SAFETY: both handlers make async-signal-safe calls only.
    unsafe { sigaction(Signal::SIGCHLD, &action(wake)) }?;
    for signal in NOT_FOR_US {
        // SAFETY: as above; the second call puts back what was there.
        unsafe {
            let before = sigaction(signal, &action(pass))?;
            if matches!(before.handler(), SigHandler::SigIgn) {
                sigaction(signal, &before)?;
            }
        }
    }
    SigSet::empty().thread_set_mask()
}
