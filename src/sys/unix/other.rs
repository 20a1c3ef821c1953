//! What other Unix systems offer instead of `linux.rs`: little.

use std::io;
use std::os::fd::{AsFd, RawFd};

use nix::unistd::Pid;

use super::process::open_descriptors;

/// Nothing to do: debuggers need a right of their own here, and the standard library closes its descriptors.
pub(super) fn harden() {}

/// There is no death signal; the server's closed stdin tells it.
pub(super) fn die_with(_parent: u32) -> io::Result<()> {
    Ok(())
}

/// A future that ends when the process that started us is gone. Here it never does: the client's closed pipes tell.
pub fn parent_gone() -> impl Future<Output = ()> {
    std::future::pending()
}

/// Pipes grow by themselves here, or not at all.
pub(super) fn widen(_pipe: impl AsFd) {}

/// Left to the system.
pub fn release_program() {}

/// Orphans go to the first process of the system here, and nothing can be done about it.
pub(super) fn adopt_orphans() {}

/// There is no signal for it here.
pub(super) fn wake_at_parents_end() {}

/// The guard's name here is ours.
pub(super) fn name_guard() {}

/// Nothing to do: only the server is a child of this process, and its group is all that can be found of its tree.
pub(super) fn end_children(_but: Option<Pid>) {}

/// Closes every descriptor from 3 up but these.
#[expect(unsafe_code, reason = "descriptors by number")]
pub(super) fn close_all_but(kept: &[RawFd]) {
    for fd in open_descriptors().into_iter().filter(|fd| !kept.contains(fd)) {
        // SAFETY: an integer only; the caller owns no descriptor but the ones kept.
        unsafe { libc::close(fd) };
    }
}
