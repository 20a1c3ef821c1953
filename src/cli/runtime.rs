//! The one runtime: a thread that waits for everything at once.
//!
//! A verb that waits for processes, descriptors or providers runs here to its end; no work is handed to other threads
//! but what blocks (`sys`, `provider/detached.rs`).

use std::io;

use crate::error::{Fault, Kind};

/// Runs some work to its end.
///
/// # Errors
/// The operating system refused what the runtime waits with.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, RuntimeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(RuntimeError)?.block_on(work))
}

/// The runtime could not be made.
#[derive(Debug, thiserror::Error)]
#[error("hushpipe could not start its async runtime")]
pub(super) struct RuntimeError(#[source] io::Error);

impl Fault for RuntimeError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }
}
