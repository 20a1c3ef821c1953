//! What only Linux offers: no debuggers, death signals, a handle on our parent, the children of others. Twin of `other.rs`.

use std::collections::HashSet;
use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};
use std::{ptr, slice};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{Pid, SysconfVar, sysconf};
use tokio::io::Interest;

use super::process::open_descriptors;

/// Closes our memory to debuggers of the same user, and inherited descriptors to our children.
#[expect(unsafe_code, reason = "prctl(2) and close_range(2) have no safe wrapper here")]
pub(super) fn harden() {
    // SAFETY: both calls take integers only and touch no memory of ours. PR_SET_DUMPABLE 0 makes /proc/self/environ and
    // mem unreadable for the same user (it is reset by the server's own exec); CLOEXEC from 3 up leaves every descriptor
    // usable here.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        if libc::syscall(libc::SYS_close_range, 3, c_int::MAX, libc::CLOSE_RANGE_CLOEXEC) != 0 {
            keep_from_children(&open_descriptors());
        }
    }
}

/// Has an exec close these descriptors: what `close_range(2)` does at once since Linux 5.11, where no filter forbids it.
#[expect(unsafe_code, reason = "descriptors by number")]
fn keep_from_children(fds: &[RawFd]) {
    for fd in fds {
        // SAFETY: integers only; whoever owns the descriptor can use it as before.
        unsafe { libc::fcntl(*fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Has the kernel make this process go on when the one that forked it ends, should somebody have stopped it: it has work to
/// do then. Where that is refused, a stopped guard waits until it is made to go on.
pub(super) fn wake_at_parents_end() {
    let _ = nix::sys::prctl::set_pdeathsig(Some(Signal::SIGCONT));
}

/// Ends this process when the thread that forked it does, whatever ended that one. Asked again after the fact, because it
/// may be gone already. For use between fork and exec.
#[expect(unsafe_code, reason = "prctl(2) has no safe wrapper here")]
pub(super) fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: integers only.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
    match u32::try_from(nix::unistd::getppid().as_raw()) {
        Ok(now) if now == parent => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

/// A future that ends when the process that started us is gone; never where the kernel gives no handle on it.
#[expect(unsafe_code, reason = "pidfd_open(2) has no safe wrapper here")]
pub fn parent_gone() -> impl Future<Output = ()> {
    let parent = nix::unistd::getppid().as_raw();
    // SAFETY: integers only; a descriptor that comes back is ours alone.
    let pidfd = unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, parent, 0);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd as RawFd))
    };
    async move {
        let watch = pidfd.and_then(|fd| super::stdio::poll(fd, Interest::READABLE).ok());
        match watch {
            Some(watch) if watch.readable().await.is_ok() => {}
            _ => std::future::pending().await,
        }
    }
}

/// Lets a pipe hold more than the 64 KiB of the kernel's default, so that a big frame changes hands in fewer turns. Where
/// that is not to be had, it goes on as it was.
pub(super) fn widen(pipe: impl AsFd) {
    let holds = fcntl(&pipe, FcntlArg::F_GETPIPE_SZ);
    if holds.is_ok_and(|holds| holds < PIPE) {
        let _ = fcntl(&pipe, FcntlArg::F_SETPIPE_SZ(PIPE));
    }
}

/// What a widened pipe holds, in bytes: a quarter of what the kernel allows everybody. All pipes of one user together
/// may hold 64 MiB by default.
const PIPE: c_int = 256 << 10;

/// Gives back what the launch has read of our own program: code and constants that the relay hardly needs again. What it
/// does need comes back from the page cache at its first touch, in microseconds.
#[expect(unsafe_code, reason = "dl_iterate_phdr(3) has no safe wrapper here")]
pub fn release_program() {
    // SAFETY: the callback is called during this call only, and takes nothing but what it is called with.
    unsafe { libc::dl_iterate_phdr(Some(release_object), ptr::null_mut()) };
}

/// Unmaps the pages of an object that nobody may write: those are as they are in its file. What is read-only only since
/// the linker has relocated it counts as writable here.
#[expect(unsafe_code, reason = "madvise(2) and the program's own headers")]
unsafe extern "C" fn release_object(
    object: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: the linker calls with a valid object, which has so many headers, and nothing unloads it meanwhile.
    let (base, headers) = unsafe {
        let libc::dl_phdr_info { dlpi_addr, dlpi_phdr, dlpi_phnum, .. } = *object;
        (dlpi_addr, slice::from_raw_parts(dlpi_phdr, dlpi_phnum.into()))
    };
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().map_or(4096, c_long::unsigned_abs);
    for part in headers {
        if part.p_type == libc::PT_LOAD && part.p_flags & libc::PF_W == 0 {
            let start = base + part.p_vaddr;
            let before = start % page;
            let length = (part.p_memsz + before) as usize;
            // SAFETY: a private mapping of a file in which no page was ever written: dropping pages changes no byte.
            unsafe {
                libc::madvise((start - before) as *mut c_void, length, libc::MADV_DONTNEED);
            }
        }
    }
    // The first object is the program; libraries are shared with others anyway.
    1
}

/// Makes every process below this one its child when its own parent ends.
#[expect(unsafe_code, reason = "prctl(2) has no safe wrapper here")]
pub(super) fn adopt_orphans() {
    // SAFETY: integers only.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
}

/// Gives this process a name that whoever means every hushpipe (`pkill -9 hushpipe`) does not mean: it has to see the end
/// of ours.
#[expect(unsafe_code, reason = "prctl(2) has no safe wrapper here")]
pub(super) fn name_guard() {
    // SAFETY: a name that ends with NUL.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"mcp-guard".as_ptr()) };
}

/// Ends and collects every child of this process, and what becomes its child by that, to the last; `but` is ended and not
/// collected. Needs [`adopt_orphans`]. What cannot be killed (it changed its user) is given up after [`PATIENCE`].
pub(super) fn end_children(but: Option<Pid>) {
    let mut killed = HashSet::new();
    let mut end = Instant::now() + PATIENCE;
    // Looked for twice: what becomes ours behind the place that a look has come to is not seen by it.
    let mut none = 0;
    while none < 2 && Instant::now() < end {
        let (mut left, mut new) = (false, false);
        for child in children() {
            match child.ended {
                true if Some(child.pid) == but => continue,
                true => drop(waitpid(child.pid, Some(WaitPidFlag::WNOHANG))),
                false => {
                    let _ = kill(child.pid, Signal::SIGKILL);
                    new |= killed.insert(child.pid);
                }
            }
            left = true;
        }
        match (left, new) {
            (false, _) => none += 1,
            // At once: they may be making more of themselves.
            (true, true) => (none, end) = (0, Instant::now() + PATIENCE),
            (true, false) => {
                none = 0;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// How long killed processes may take to go.
const PATIENCE: Duration = Duration::from_secs(2);

/// A child of this process.
struct Child {
    /// Its id, which stays its own until it is collected.
    pid: Pid,
    /// Whether it has ended and only waits to be collected.
    ended: bool,
}

/// The children of this process, as `/proc` shows them.
fn children() -> Vec<Child> {
    // Asking the kernel whether there are any is much quicker than looking for them, and mostly there are none.
    let only_look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    if waitid(Id::All, only_look) == Err(Errno::ECHILD) {
        return Vec::new();
    }
    let own = nix::unistd::getpid();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The program's name stands in brackets and may hold anything, brackets too.
        let behind = &stat[memchr::memrchr(b')', &stat)? + 1..];
        let mut fields = behind.trim_ascii_start().split(|byte| *byte == b' ');
        let ended = matches!(fields.next()?, b"Z" | b"X");
        let parent: i32 = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        (parent == own.as_raw()).then(|| Child { pid: Pid::from_raw(pid), ended })
    })
    .collect()
}

/// Closes every descriptor from 3 up but these.
#[expect(unsafe_code, reason = "close_range(2) has no safe wrapper here")]
pub(super) fn close_all_but(kept: &[RawFd]) {
    let mut kept: Vec<_> = kept.iter().filter_map(|fd| u32::try_from(*fd).ok()).collect();
    kept.sort_unstable();
    let mut from = 3;
    for fd in kept.into_iter().chain([u32::MAX]) {
        // SAFETY: integers only; the caller owns no descriptor but the ones kept.
        if from < fd && unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) } != 0 {
            close_each(&open_descriptors(), from..fd);
        }
        from = fd.saturating_add(1);
    }
}

/// Closes those of these descriptors that are in a range: what `close_range(2)` does at once since Linux 5.9.
#[expect(unsafe_code, reason = "descriptors by number")]
fn close_each(fds: &[RawFd], range: Range<u32>) {
    for fd in fds.iter().filter(|fd| u32::try_from(**fd).is_ok_and(|fd| range.contains(&fd))) {
        // SAFETY: integers only; the caller of `close_all_but` owns no descriptor but the ones kept.
        unsafe { libc::close(*fd) };
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, IntoRawFd};

    use nix::fcntl::FdFlag;

    use super::*;

    fn open() -> std::fs::File {
        let file = tempfile::tempfile().expect("a file");
        fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).expect("open across an exec");
        file
    }

    #[test]
    fn without_close_range_descriptors_are_kept_from_children_one_by_one() {
        let file = open();
        assert!(open_descriptors().contains(&file.as_raw_fd()));
        keep_from_children(&[file.as_raw_fd()]);
        let flags = fcntl(&file, FcntlArg::F_GETFD).expect("its flags");
        assert_eq!(flags, FdFlag::FD_CLOEXEC.bits());
    }

    #[test]
    fn without_close_range_descriptors_are_closed_one_by_one() {
        let (mut read, write) = std::io::pipe().expect("a pipe");
        let closed = write.into_raw_fd();
        let number = u32::try_from(closed).expect("a number");
        close_each(&[closed, read.as_raw_fd()], number..number + 1);
        // The end of the stream: nobody can write any more. And this end is outside of the range.
        assert_eq!(std::io::Read::read(&mut read, &mut [0]).expect("still open"), 0);
    }
}
