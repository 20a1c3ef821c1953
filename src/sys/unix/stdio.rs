//! Our own stdin and stdout as asynchronous ends, whatever kind of descriptor the client gave us.
//!
//! Pipes and sockets (a Node host hands out socketpairs) are polled; files, terminals and `/dev/null` go through a
//! thread. `O_NONBLOCK` belongs to the open file description, which the client may share: it is set only on pipes and
//! sockets of stdin and stdout, never on stderr, and put back when the end is dropped.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll as poll_for};
use nix::sys::stat::{SFlag, fstat};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

/// The client's end that we read from.
pub struct Reader(Source);

enum Source {
    Polled(AsyncFd<NonBlocking>),
    Threaded { chunks: mpsc::Receiver<io::Result<Vec<u8>>>, rest: Vec<u8>, taken: usize },
}

impl Reader {
    /// Takes over standard input.
    ///
    /// # Errors
    /// The descriptor is closed, or cannot be polled although it is a pipe or a socket; or there can be no thread for it.
    pub fn stdin() -> io::Result<Self> {
        match NonBlocking::of(libc::STDIN_FILENO)? {
            Some(fd) => Ok(Self(Source::Polled(poll(fd, Interest::READABLE)?))),
            None => Ok(Self(read_by_thread(duplicate(libc::STDIN_FILENO)?)?)),
        }
    }

    /// Reads some bytes; 0 is the end of the stream.
    ///
    /// # Errors
    /// What `read(2)` says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Polled(fd) => loop {
                let mut guard = fd.readable().await?;
                if let Ok(read) = guard.try_io(|fd| read_once(fd.get_ref(), buffer)) {
                    // A short read emptied the descriptor: saying so here saves the read that would only say EAGAIN.
                    if read.as_ref().is_ok_and(|n| 0 < *n && *n < buffer.len()) {
                        guard.clear_ready();
                    }
                    return read;
                }
            },
            Source::Threaded { chunks, rest, taken } => {
                if *taken == rest.len() {
                    match chunks.recv().await {
                        Some(chunk) => (*rest, *taken) = (chunk?, 0),
                        None => return Ok(0),
                    }
                }
                let n = buffer.len().min(rest.len() - *taken);
                buffer[..n].copy_from_slice(&rest[*taken..*taken + n]);
                *taken += n;
                Ok(n)
            }
        }
    }

    /// A future that ends when the client has closed its end, while what it sent may still wait to be read; never for
    /// files and terminals.
    ///
    /// # Errors
    /// The descriptor could not be watched.
    pub fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        match &self.0 {
            Source::Polled(fd) => hangup(Some(fd.as_fd())),
            Source::Threaded { .. } => hangup(None),
        }
    }
}

fn read_once(fd: &NonBlocking, buffer: &mut [u8]) -> io::Result<usize> {
    nix::unistd::read(fd, buffer).map_err(io::Error::from)
}

fn read_by_thread(mut file: File) -> io::Result<Source> {
    let (sender, chunks) = mpsc::channel(2);
    std::thread::Builder::new().spawn(move || {
        loop {
            let mut chunk = vec![0; 64 * 1024];
            let read = match file.read(&mut chunk) {
                Ok(0) => return,
                Ok(n) => {
                    chunk.truncate(n);
                    Ok(chunk)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            if sender.blocking_send(read).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(Source::Threaded { chunks, rest: Vec::new(), taken: 0 })
}

/// The client's end that we write to.
pub struct Writer(Sink);

enum Sink {
    Polled(AsyncFd<NonBlocking>),
    Blocking(File),
}

impl Writer {
    /// Takes over standard output.
    ///
    /// # Errors
    /// The descriptor is closed, or cannot be polled although it is a pipe or a socket.
    pub fn stdout() -> io::Result<Self> {
        match NonBlocking::of(libc::STDOUT_FILENO)? {
            Some(fd) => Ok(Self(Sink::Polled(poll(fd, Interest::WRITABLE)?))),
            None => Ok(Self(Sink::Blocking(duplicate(libc::STDOUT_FILENO)?))),
        }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// What `write(2)` says; `BrokenPipe` when the client no longer reads.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Sink::Polled(fd) => {
                while !bytes.is_empty() {
                    let mut guard = fd.writable().await?;
                    match guard.try_io(|fd| Ok(nix::unistd::write(fd.get_ref(), bytes)?)) {
                        Ok(Ok(n)) => bytes = &bytes[n..],
                        Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                        Ok(Err(error)) => return Err(error),
                        Err(_would_block) => {}
                    }
                }
                Ok(())
            }
            Sink::Blocking(file) => {
                let mut file = file.try_clone()?;
                let bytes = bytes.to_vec();
                tokio::task::spawn_blocking(move || file.write_all(&bytes))
                    .await
                    .map_err(io::Error::other)?
            }
        }
    }

    /// A future that ends when nobody can read what we write any more; never for files and terminals.
    ///
    /// # Errors
    /// The descriptor could not be watched.
    pub fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        match &self.0 {
            Sink::Polled(fd) => hangup(Some(fd.as_fd())),
            Sink::Blocking(_) => hangup(None),
        }
    }
}

/// A future that ends when the other end of a descriptor is closed; never for what cannot be polled.
fn hangup(fd: Option<BorrowedFd<'_>>) -> io::Result<impl Future<Output = ()> + use<>> {
    // A registration of its own, so that waiting for the other side to go never consumes "readable" or "writable".
    let watch = match fd {
        Some(fd) => Some(poll(fd.try_clone_to_owned()?, HANGUP)?),
        None => None,
    };
    Ok(async move {
        let Some(watch) = watch else { return std::future::pending().await };
        loop {
            let Ok(mut guard) = watch.ready(HANGUP).await else { return };
            let ready = guard.ready();
            if ready.is_error() || ready.is_read_closed() || ready.is_write_closed() {
                return;
            }
            guard.clear_ready();
        }
    })
}

#[cfg(target_os = "linux")]
const HANGUP: Interest = Interest::PRIORITY.add(Interest::ERROR);
#[cfg(not(target_os = "linux"))]
const HANGUP: Interest = Interest::ERROR;

/// Registers a descriptor with the runtime's poller.
#[expect(unsafe_code, reason = "tokio asks for a promise about the descriptor")]
pub(super) fn poll<T: AsFd + AsRawFd>(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: `T` is one of our own two kinds, `OwnedFd` and `NonBlocking`: each names the same open descriptor for its
    // whole life.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.map_err(io::Error::from)
}

/// Standard input or output while it is non-blocking. Never closes it; puts its flags back when dropped.
struct NonBlocking {
    fd: ManuallyDrop<OwnedFd>,
    before: OFlag,
}

impl NonBlocking {
    /// Makes a pipe or a socket non-blocking; `None` for anything else.
    fn of(fd: RawFd) -> io::Result<Option<Self>> {
        let fd = standard(fd);
        let kind = SFlag::from_bits_truncate(fstat(&*fd)?.st_mode) & SFlag::S_IFMT;
        if kind != SFlag::S_IFIFO && kind != SFlag::S_IFSOCK {
            return Ok(None);
        }
        if kind == SFlag::S_IFIFO {
            super::kernel::widen(&*fd);
        }
        let before = flags_before(&fd)?;
        fcntl(&*fd, FcntlArg::F_SETFL(before | OFlag::O_NONBLOCK))?;
        Ok(Some(Self { fd, before }))
    }
}

/// The flags that standard input or output came with. Both are read before either is changed: they may be one socket.
fn flags_before(fd: &OwnedFd) -> io::Result<OFlag> {
    static CAME_WITH: OnceLock<[Option<OFlag>; 2]> = OnceLock::new();
    let flags = |fd: &OwnedFd| fcntl(fd, FcntlArg::F_GETFL).map(OFlag::from_bits_retain);
    let both = CAME_WITH.get_or_init(|| {
        [libc::STDIN_FILENO, libc::STDOUT_FILENO].map(|fd| flags(&standard(fd)).ok())
    });
    let known =
        usize::try_from(fd.as_raw_fd()).ok().and_then(|index| both.get(index)).copied().flatten();
    Ok(known.map_or_else(|| flags(fd), Ok)?)
}

impl AsFd for NonBlocking {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for NonBlocking {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl Drop for NonBlocking {
    fn drop(&mut self) {
        // Nothing can be done about a failure: the descriptor is gone, and so is whoever could mind.
        let _ = fcntl(&*self.fd, FcntlArg::F_SETFL(self.before));
    }
}

#[expect(unsafe_code, reason = "naming a standard descriptor")]
fn standard(fd: RawFd) -> ManuallyDrop<OwnedFd> {
    // SAFETY: descriptors 0 to 2 are open for the life of the process (the standard library opens `/dev/null` for any
    // that was closed at start), and `ManuallyDrop` keeps this handle from closing one.
    ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn duplicate(fd: RawFd) -> io::Result<File> {
    Ok(File::from(standard(fd).as_fd().try_clone_to_owned()?))
}

/// Writes to our stderr, blocking as long as its reader wants: call from a thread of its own.
///
/// # Errors
/// What `write(2)` says.
pub fn write_stderr(mut bytes: &[u8]) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    while !bytes.is_empty() {
        match stderr.write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // It is the same socket as stdout, which we made non-blocking, or somebody else did.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let fd = standard(libc::STDERR_FILENO);
                poll_for(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
