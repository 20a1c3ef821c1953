//! What only Linux offers: no debuggers, death signals, a handle on our parent. Twin of `other.rs`.

use std::ffi::c_int;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use tokio::io::Interest;

/// Closes our memory to debuggers of the same user, and inherited descriptors to our children.
#[expect(unsafe_code, reason = "prctl(2) and close_range(2) have no safe wrapper here")]
pub(super) fn harden() {
    // SAFETY: both calls take integers only and touch no memory of ours. PR_SET_DUMPABLE 0 makes /proc/self/environ and
    // mem unreadable for the same user (it is reset by the server's own exec); CLOEXEC from 3 up leaves every descriptor
    // usable here.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        libc::syscall(libc::SYS_close_range, 3, c_int::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
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
