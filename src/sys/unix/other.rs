//! What other Unix systems offer instead of `linux.rs`: little.

use std::io;

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
