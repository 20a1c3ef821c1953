//! No memory outlives a process here, so values are kept in encrypted files. Twin of `memory.rs`.

use std::time::Duration;

use zeroize::Zeroizing;

/// Nothing is taken.
pub(super) fn put(_name: &str, _bytes: &[u8], _lasts: Duration) -> bool {
    false
}

/// Nothing is kept.
pub(super) fn get(_name: &str) -> Option<Zeroizing<Vec<u8>>> {
    None
}

/// There was nothing.
pub(super) fn remove(_name: &str) -> bool {
    false
}

/// There are none.
pub(super) fn names(_start: &str) -> Vec<String> {
    Vec::new()
}
